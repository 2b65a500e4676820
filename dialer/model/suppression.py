"""Numbers we may not call."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from dialer.model.instant import Instant
from dialer.model.records import RequestChannel


class SuppressionSource(StrEnum):
    """NATIONAL: a registry's list. INTERNAL: our own files. REQUEST: a person asked us."""

    NATIONAL = "NATIONAL"
    INTERNAL = "INTERNAL"
    REQUEST = "REQUEST"


@dataclass(frozen=True, slots=True)
class Suppression:
    """A number we may not call, where that comes from, since when; `seller` "" means everyone.

    A person's request carries more. `affiliates`: it binds every seller that calls from here and
    not the one asked alone (47 CFR 64.1200(d)(5)). `received_at`: when the person asked, None where
    nobody noted it; `since` is when it was entered, and in force. `deadline_at`: by when the law
    would have it honoured at the latest. `asked_by` and `evidence` (who asked; where the proof is,
    or their words) are personal data: in the journal they stand where they can be erased. `by`: who
    entered it.
    """

    e164: str
    source: SuppressionSource
    list_name: str
    since: Instant
    seller: str = ""
    affiliates: bool = False
    channel: RequestChannel | None = None
    received_at: Instant | None = None
    deadline_at: Instant | None = None
    asked_by: str = ""
    evidence: str = ""
    by: str = ""

    def binds(self, seller: str) -> bool:
        """Whether this seller may not call the number. Names are compared without regard to case
        and spacing: a slip of the pen must not lift a request."""
        return self.affiliates or plain_name(self.seller) in ("", plain_name(seller))


@dataclass(frozen=True, slots=True)
class InForce:
    """The answer to a change: `what` (a number in E.164, a state) it is about, since when it is in
    force, and the legal deadline it kept, if there was one.

    Not `durable`: the journal cannot be written now. What forbids calls is in force here all the
    same; what allows them again is not before it is written."""

    what: str
    since: Instant
    durable: bool
    deadline_at: Instant | None = None


@lru_cache(maxsize=4096)
def plain_name(name: str) -> str:
    """A seller's or subject's name without case and double spaces: a slip of the pen must not lift
    a request."""
    return " ".join(name.split()).casefold()
