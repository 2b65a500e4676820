"""Personal data stays out of the journal: the chain holds keyed hashes, and a table beside it holds
the values, each of which can be erased without breaking the chain.

A key is HMAC-SHA256, under a secret of the installation, of the JSON array `[name, subject, value]`
in hex. For a telephone number `name` is "number" and `subject` is empty; for other values `subject`
is the key of the number the entry is about, so two people's equal words have different keys and all
of a person's values can be found and erased by the number.

What erasing gives: with the row gone, nobody who has the journal, a bundle of it, or both can read
the value. Telephone numbers are few (some 10 billion): whoever holds the secret can try them all,
as they can for any keyed hash. So the secret stays on the machine, in no bundle and in no backup of
the database alone; it is what still lets "has this number asked not to be called" be answered.
"""

from __future__ import annotations

import hmac
from json.encoder import encode_basestring as _quoted
from typing import NamedTuple

NUMBER = "number"
"""The name under which an entry's telephone number is hidden."""

EVIDENCE = frozenset({"asked_by", "evidence", "because"})
"""Names of values that prove a request not to be called, or why one was taken back. They are kept
as long as the law wants the proof, also where a person wants to be forgotten."""


class PersonalValue(NamedTuple):
    """A value the journal knows only by `key`; the columns of the table `personal`, in their order.

    `subject`: key of the number it is about, "" for a number itself. `name`: what it is."""

    key: str
    subject: str
    name: str
    value: str


class PersonalKey:
    """The installation's secret, and what it makes of values."""

    def __init__(self, secret: bytes) -> None:
        """Raises ValueError for a secret of less than 32 bytes."""
        if len(secret) < 32:
            raise ValueError("the secret of personal data has less than 32 bytes")
        self._secret = secret

    def number(self, e164: str) -> PersonalValue:
        """A telephone number, hidden."""
        return self.text(NUMBER, "", e164)

    def text(self, name: str, subject: str, value: str) -> PersonalValue:
        """Another value about `subject`, hidden."""
        return PersonalValue(self._key_of(name, subject, value), subject, name, value)

    def fits(self, value: PersonalValue) -> bool:
        """Whether a row of the table is as it was written: its key fits what it says."""
        try:
            return self._key_of(value.name, value.subject, value.value) == value.key
        except TypeError:
            return False

    def _key_of(self, name: str, subject: str, value: str) -> str:
        said = f"[{_quoted(name)},{_quoted(subject)},{_quoted(value)}]"
        return hmac.digest(self._secret, said.encode(), "sha256").hex()
