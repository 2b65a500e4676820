"""Checkpoints: signed statements of how the journal stood, kept where its keepers cannot write.

A checkpoint is a signed note, in the form transparency logs use (C2SP `tlog-checkpoint` and
`signed-note`), so that other programs can check it too:

    dialer/0123456789abcdef              origin: whose journal
    1000                                 how many entries
    <base64>                             root of the Merkle tree over their hashes (see `merkle`)
    head <hex>                           hash of the last entry
    at 2026-11-22T08:00:00.000Z          when this was said

    — dialer/0123456789abcdef <base64>   4 bytes of key id, 64 bytes of Ed25519 signature

The signature covers the lines before the empty one. The key id is the beginning of
SHA-256(origin || LF || 0x01 || public key). An origin without a name given is "dialer/" and the
beginning of the SHA-256 of the public key.

A checkpoint kept elsewhere closes the gap every chain has: an insider who cuts the journal's tail,
or writes the whole of it anew, cannot make it fit a statement that is out of reach.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from dialer.audit.chain import Head
from dialer.audit.merkle import HASH_BYTES
from dialer.model.instant import Instant, instant_of, rfc3339

_ED25519 = b"\x01"
_DASH = "— "
_BODY = re.compile(
    r"(?P<origin>[^\s+]+)\n(?P<size>0|[1-9]\d{0,17})\n(?P<root>[A-Za-z0-9+/]{43}=)\n"
    r"head (?P<head>[0-9a-f]{64})\nat (?P<at>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)\n"
)


class NoCheckpoint(ValueError):
    """A text that should be a checkpoint is none, or nobody we trust signed it; says why."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How the journal `origin` stood at `at`: `size` entries, the Merkle `root` over them, and the
    hash of the last one (`head`)."""

    origin: str
    size: int
    root: bytes
    head: str
    at: Instant

    @property
    def body(self) -> str:
        """What is signed."""
        return (
            f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"
            f"head {self.head}\nat {rfc3339(self.at)}\n"
        )

    @property
    def end(self) -> Head:
        """The journal's head as it was."""
        return Head(self.size, self.head)


class Signer:
    """Signs checkpoints of one journal."""

    def __init__(self, seed: bytes) -> None:
        """`seed`: 32 secret bytes."""
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        public = self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.witness = Witness(f"dialer/{hashlib.sha256(public).hexdigest()[:16]}", public)

    def sign(self, body: str) -> str:
        """The signed note over a body."""
        signature = self._key.sign(body.encode())
        return f"{body}\n{self.witness.signature_line(signature)}\n"

    def checkpoint(self, size: int, root: bytes, head: str, at: Instant) -> str:
        """A checkpoint, signed."""
        return self.sign(Checkpoint(self.witness.origin, size, root, head, at).body)


class Witness:
    """Checks signatures with the public key."""

    def __init__(self, origin: str, public: bytes) -> None:
        self.origin = origin
        self._public = public
        said = f"{origin}\n".encode() + _ED25519 + public
        self._key_id = hashlib.sha256(said).digest()[:4]

    @classmethod
    def parse(cls, text: str) -> Witness:
        """From the text of `str`. Raises NoCheckpoint for anything else."""
        origin, _, rest = text.strip().partition("+")
        key_id, _, key = rest.partition("+")
        try:
            raw = base64.b64decode(key, validate=True)
        except ValueError:
            raw = b""
        if not origin or raw[:1] != _ED25519 or len(raw) != 33:
            raise NoCheckpoint("this is no public key of a journal: name+id+key is expected")
        witness = cls(origin, raw[1:])
        if witness._key_id.hex() != key_id:
            raise NoCheckpoint("the public key does not fit its own id: it was changed")
        return witness

    def __str__(self) -> str:
        """The public key as one line (`signed-note`'s verifier key): name, id and key."""
        key = base64.b64encode(_ED25519 + self._public).decode()
        return f"{self.origin}+{self._key_id.hex()}+{key}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Witness) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))

    def signature_line(self, signature: bytes) -> str:
        """The line under a note."""
        return f"{_DASH}{self.origin} {base64.b64encode(self._key_id + signature).decode()}"

    def body_of(self, note: str) -> str:
        """The body of a note we signed. Raises NoCheckpoint where it is not whole or not ours."""
        body, gap, lines = note.rpartition("\n\n")
        if not gap or not lines.endswith("\n"):
            raise NoCheckpoint("it has no whole signature")
        for line in lines.split("\n"):
            name, _, coded = line.removeprefix(_DASH).partition(" ")
            if not line.startswith(_DASH) or name != self.origin:
                continue
            try:
                signed = base64.b64decode(coded, validate=True)
            except ValueError:
                continue
            # One spelling only: base64 has several for its last bits.
            if signed[:4] != self._key_id or self.signature_line(signed[4:]) != line:
                continue
            try:
                key = Ed25519PublicKey.from_public_bytes(self._public)
                key.verify(signed[4:], f"{body}\n".encode())
            except InvalidSignature as error:
                raise NoCheckpoint("its signature is not the journal's") from error
            return f"{body}\n"
        raise NoCheckpoint(f"it is not signed by {self.origin}")

    def checkpoint(self, note: str) -> Checkpoint:
        """The checkpoint a note holds. Raises NoCheckpoint where it is not whole or not ours."""
        checkpoint = read_body(self.body_of(note))
        if checkpoint.origin != self.origin:
            raise NoCheckpoint(f"it is about {checkpoint.origin}, not about {self.origin}")
        return checkpoint


def read_body(body: str) -> Checkpoint:
    """A checkpoint's body. Raises NoCheckpoint where it is none."""
    found = _BODY.fullmatch(body)
    if not found:
        raise NoCheckpoint("it does not read like a checkpoint")
    root = base64.b64decode(found["root"])
    try:
        at = instant_of(datetime.fromisoformat(found["at"]))
    except ValueError as error:
        raise NoCheckpoint(f"its time is no time: {error}") from error
    checkpoint = Checkpoint(found["origin"], int(found["size"]), root, found["head"], at)
    if len(root) != HASH_BYTES or checkpoint.body != body:
        raise NoCheckpoint("it is not spelled as checkpoints are")
    return checkpoint


def notes_in(text: str) -> Iterator[str]:
    """The notes in a text that collected them: one after the other as they are, or each within a
    JSON object `{"checkpoint": note}` somewhere in a line, as a system log holds them. What is
    neither is passed over."""
    block: list[str] = []
    for line in text.split("\n"):
        brace = line.find('{"checkpoint":')
        if brace >= 0:
            block = []
            try:
                note = json.loads(line[brace:])["checkpoint"]
            except (ValueError, KeyError, TypeError):
                continue
            if isinstance(note, str):
                yield note
        elif line.startswith(_DASH) and block and not block[-1]:
            start = max((i + 1 for i, each in enumerate(block[:-1]) if not each), default=0)
            yield "\n".join([*block[start:], line]) + "\n"
            block = []
        else:
            block.append(line)
