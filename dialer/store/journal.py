"""The journal's hash chain: pure functions, the same for every store.

The recipe, so that anybody can check a journal without this program:

1. Entries are numbered from 1 without gaps (`seq`). The entry before the first has the hash
   `GENESIS` (64 zeros).
2. An entry's canonical text is the JSON object
   `{"clock_shift_ms", "entry", "prev_hash", "seq"}`, where `entry` is the object
   `{"agent", "at", "attempt_id", "campaign", "data", "kind", "lead_id", "number"}`. Canonical
   means: keys sorted at every depth, no spaces, characters outside ASCII written as themselves,
   numbers as Python's `json` writes them, no NaN or infinity, encoded in UTF-8.
3. `hash` is the SHA-256 of that text in lower-case hex; it is the next entry's `prev_hash`.
4. Beside the entries the store keeps the head: how many there are and the last hash.

What this finds: any change of any field, a deletion, an insertion, two entries swapped, and a tail
cut off by somebody who did not also rewrite the head. What it cannot find: somebody with write
access who cuts the tail and sets the head back to match, or recomputes everything from the changed
entry on. Only a copy of the head kept where they cannot write (printed, mailed, on another machine)
finds that.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from dialer.model.journal import JournalEntry, JsonValue, StoredEntry, Verification

GENESIS = "0" * 64
"""`prev_hash` of the first entry."""


@dataclass(frozen=True, slots=True)
class Head:
    """How many entries a journal has, and the hash of the last one."""

    entries: int = 0
    hash: str = GENESIS


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A row of the journal that does not even hold an entry any more, and why."""

    seq: int
    why: str


def canonical_json(value: JsonValue | Mapping[str, JsonValue]) -> str:
    """The one spelling of a JSON value that is hashed and stored.

    Raises TypeError or ValueError for what JSON cannot say (see `writable`).
    """
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def writable(entry: JournalEntry) -> JournalEntry:
    """The entry as it can be written and read back the same.

    Text that UTF-8 cannot hold (half a surrogate pair, as a browser may send) gets U+FFFD in its
    place; NaN and infinities become the texts "nan", "inf", "-inf"; tuples become lists. Raises
    TypeError for anything else JSON does not know: that is a bug of whoever made the entry, and
    better met there than in the store's thread.
    """
    return replace(
        entry,
        campaign=_text(entry.campaign),
        number=_text(entry.number),
        agent=_text(entry.agent),
        data={_text(key): _json(value) for key, value in entry.data.items()},
    )


def chain(prev_hash: str, seq: int, entry: JournalEntry, clock_shift_ms: int) -> StoredEntry:
    """Entry number `seq`, chained to the one before it."""
    text = canonical_json(
        {
            "clock_shift_ms": clock_shift_ms,
            "entry": {
                "agent": entry.agent,
                "at": entry.at,
                "attempt_id": entry.attempt_id,
                "campaign": entry.campaign,
                "data": dict(entry.data),
                "kind": entry.kind,
                "lead_id": entry.lead_id,
                "number": entry.number,
            },
            "prev_hash": prev_hash,
            "seq": seq,
        }
    )
    digest = hashlib.sha256(text.encode()).hexdigest()
    return StoredEntry(seq, entry, clock_shift_ms, prev_hash, digest)


def verify(entries: Iterable[StoredEntry | Unreadable], head: Head | None = None) -> Verification:
    """Recompute the chain over entries in the order of their `seq`, and compare with the head.

    `head` None checks a journal that was handed over without one. Stops at the first bad entry.
    """
    so_far = Head()
    for stored in entries:
        why = _fault(stored, so_far)
        if why:
            # Where entries are missing, the first bad one is the first that is missing.
            bad = min(stored.seq, so_far.entries + 1)
            return Verification(False, so_far.entries, bad, why)
        assert isinstance(stored, StoredEntry)
        so_far = Head(stored.seq, stored.hash)
    if head is None or head == so_far:
        return Verification(True, so_far.entries)
    if head.entries > so_far.entries:
        why = f"the journal ends after entry {so_far.entries}, its head says {head.entries}"
        return Verification(False, so_far.entries, so_far.entries + 1, why)
    why = f"the head (entry {head.entries}, hash {head.hash}) is not the last entry's"
    return Verification(False, so_far.entries, so_far.entries or None, why)


def _fault(stored: StoredEntry | Unreadable, before: Head) -> str:
    """What is wrong with an entry that should follow `before`, or ""."""
    expected = before.entries + 1
    if stored.seq != expected:
        return f"entry {expected} is missing: entry {stored.seq} stands in its place"
    if isinstance(stored, Unreadable):
        return stored.why
    if stored.prev_hash != before.hash:
        return f"entry {stored.seq} is not chained to the entry before it"
    try:
        again = chain(stored.prev_hash, stored.seq, stored.entry, stored.clock_shift_ms)
    except (TypeError, ValueError) as error:
        return f"entry {stored.seq} holds what a journal cannot hold: {error}"
    if again.hash != stored.hash:
        return f"entry {stored.seq} was changed: its hash does not fit what it says"
    return ""


def _text(text: str) -> str:
    if text.isascii():
        return str(text)
    return "".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in text)


def _json(value: object) -> JsonValue:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else str(float(value))
    if isinstance(value, Mapping):
        return {_text(key): _json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_json(item) for item in value]
    raise TypeError(f"a journal cannot hold a {type(value).__name__}: {value!r}")
