"""The journal's hash chain: pure functions, the same for every store and for a handed-over bundle.

The recipe, so that anybody can check a journal without this program:

1. Entries are numbered from 1 without gaps (`seq`). The entry before the first has the hash
   `GENESIS` (64 zeros).
2. An entry's canonical text is the JSON object with the members `agent, at, attempt_id, campaign,
   clock_shift_ms, data, kind, lead_id, number_key, personal, prev_hash, seq`. Canonical means: keys
   sorted at every depth, no spaces, characters outside ASCII written as themselves, numbers as
   Python's `json` writes them, no NaN or infinity, encoded in UTF-8.
3. `hash` is the SHA-256 of that text in lower-case hex; it is the next entry's `prev_hash`.
4. Beside the entries the store keeps the head: how many there are and the last hash.

No personal data is in the text: `number_key` and the values of `personal` are keyed hashes (see
`personal`).

A store keeps the text in columns, `data` and `personal` as their canonical JSON. `text_of` puts the
stored pieces together again; it does not parse `data`, it hashes the stored characters, so checking
is fast and still proves every column to the last character: texts are quoted, whole numbers must be
ints, `personal` must be a flat map of names to hashes, and so no two different rows have one text.

What the chain finds: any change of any column, a deletion, an insertion, two entries swapped, and a
tail cut off by somebody who did not also rewrite the head. Somebody with write access who cuts the
tail and sets the head back, or recomputes everything from the changed entry on, is found by a
checkpoint kept where they cannot write (see `checkpoints`).
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from json.encoder import encode_basestring as _quoted
from typing import Any, NamedTuple

from dialer.audit.personal import PersonalKey, PersonalValue
from dialer.model.calls import AttemptId
from dialer.model.instant import Instant
from dialer.model.journal import EntryKind, JournalEntry, JsonValue, StoredEntry, Verification

GENESIS = "0" * 64
"""`prev_hash` of the first entry."""

NUMBER_MARK = "(the number)"
"""What stands in texts of `data` where the entry's own number stood."""

_HIDDEN = re.compile(r'\{("[^"\\]+":"[0-9a-f]{64}"(,"[^"\\]+":"[0-9a-f]{64}")*)?\}')
_SHARED_DIGITS = 10
"""A number is found in a text by its last ten digits, with or without its country code."""
_SHORTEST = 8
"""What is shorter is no E.164 number and might be any text."""


@dataclass(frozen=True, slots=True)
class Head:
    """How many entries a journal has, and the hash of the last one."""

    entries: int = 0
    hash: str = GENESIS


class ChainedRow(NamedTuple):
    """An entry as it is stored; the columns of the table `journal`, in their order."""

    seq: int
    kind: str
    at: int
    campaign: str
    lead_id: int | None
    attempt_id: int | None
    number_key: str
    agent: str
    data_json: str
    personal_json: str
    clock_shift_ms: int
    prev_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A row of the journal that does not even hold an entry any more, and why."""

    seq: int
    why: str


def canonical_json(value: JsonValue | Mapping[str, JsonValue]) -> str:
    """The one spelling of a JSON value that is hashed and stored.

    Raises TypeError or ValueError for what JSON cannot say (see `writable`).
    """
    return _ENCODER.encode(value)


_ENCODER = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
)


def writable(entry: JournalEntry) -> JournalEntry:
    """The entry as it can be written and read back the same.

    Text that UTF-8 cannot hold (half a surrogate pair, as a browser may send) gets U+FFFD in its
    place; NaN and infinities become the texts "nan", "inf", "-inf"; tuples become lists; empty
    texts of `personal` are left out. Raises TypeError for anything else JSON does not know: that is
    a bug of whoever made the entry, and better met there than in the store's thread.
    """
    return JournalEntry(
        entry.kind,
        entry.at,
        _text(entry.campaign),
        entry.lead_id,
        entry.attempt_id,
        _text(entry.number),
        _text(entry.agent),
        {_text(key): _json(value) for key, value in entry.data.items()},
        {name: _text(value) for name, value in entry.personal.items() if value},
    )


def chain(
    head: Head, entry: JournalEntry, clock_shift_ms: int, key: PersonalKey
) -> tuple[ChainedRow, tuple[PersonalValue, ...]]:
    """The entry that follows `head`, as it is stored, and the personal values it hides."""
    data_json = canonical_json(entry.data)
    number_key, hidden = "", {}
    values: tuple[PersonalValue, ...] = ()
    if entry.number:
        number = key.number(entry.number)
        number_key, values = number.key, (number,)
        if len(entry.number) >= _SHORTEST and entry.number[-_SHARED_DIGITS:] in data_json:
            data_json = canonical_json(_without(entry.number, entry.data))
    if entry.personal:
        texts = [key.text(name, number_key, text) for name, text in entry.personal.items()]
        hidden = {text.name: text.key for text in texts}
        values += tuple(texts)
    said = (
        head.entries + 1,
        str(entry.kind),
        entry.at,
        entry.campaign,
        entry.lead_id,
        entry.attempt_id,
        number_key,
        entry.agent,
        data_json,
        canonical_json(hidden) if hidden else "{}",
        clock_shift_ms,
        head.hash,
    )
    digest = _sha256(text_of((*said, "")).encode()).hexdigest()
    return ChainedRow(*said, digest), values


_sha256 = hashlib.sha256


def text_of(row: tuple[Any, ...]) -> str:
    """The canonical text of a row with the columns of `ChainedRow`.

    Raises TypeError or ValueError for a row that holds what no entry can.
    """
    (
        seq,
        kind,
        at,
        campaign,
        lead_id,
        attempt_id,
        number_key,
        agent,
        data,
        personal,
        shift,
        prev_hash,
        _,
    ) = row
    if not (type(seq) is type(at) is type(shift) is int):
        raise TypeError("a whole number is spelled otherwise")
    if lead_id is None:
        lead_id = "null"
    elif type(lead_id) is not int:
        raise TypeError("lead_id is no whole number")
    if attempt_id is None:
        attempt_id = "null"
    elif type(attempt_id) is not int:
        raise TypeError("attempt_id is no whole number")
    if type(data) is not str:
        raise TypeError("data is no text")
    if personal != "{}" and not _HIDDEN.fullmatch(personal):
        raise ValueError("personal is no map of names to keys")
    return (
        f'{{"agent":{_quoted(agent)},"at":{at},"attempt_id":{attempt_id},'
        f'"campaign":{_quoted(campaign)},"clock_shift_ms":{shift},"data":{data},'
        f'"kind":{_quoted(kind)},"lead_id":{lead_id},"number_key":{_quoted(number_key)},'
        f'"personal":{personal},"prev_hash":{_quoted(prev_hash)},"seq":{seq}}}'
    )


def verify(rows: Iterable[tuple[Any, ...] | Unreadable], head: Head | None = None) -> Verification:
    """Recompute the chain over rows in the order of their `seq`, and compare with the head.

    `head` None checks a journal that was handed over without one. Stops at the first bad entry.
    """
    return verify_from(Head(), rows, head)


def verify_from(
    start: Head, rows: Iterable[tuple[Any, ...] | Unreadable], head: Head | None = None
) -> Verification:
    """`verify` for rows that should follow `start`."""
    seq, last = start.entries, start.hash
    sha256, spell = _sha256, text_of
    for row in rows:
        if isinstance(row, Unreadable):
            return _bad(seq, row.seq, _out_of_place(seq, row.seq) or row.why)
        try:
            fits = (
                row[0] == seq + 1
                and row[11] == last
                and sha256(spell(row).encode()).hexdigest() == row[12]
            )
        except (TypeError, ValueError):
            fits = False
        if not fits:
            return _bad(seq, row[0], fault(row, Head(seq, last)))
        seq += 1
        last = row[12]
    so_far = Head(seq, last)
    if head is None or head == so_far:
        return Verification(True, seq)
    if head.entries > seq:
        why = f"the journal ends after entry {seq}, its head says {head.entries}"
        return Verification(False, seq, seq + 1, why)
    why = f"the head (entry {head.entries}, hash {head.hash}) is not the last entry's"
    return Verification(False, seq, seq or None, why)


def fault(row: tuple[Any, ...], before: Head) -> str:
    """What is wrong with a row that should follow `before`, or ""."""
    seq, prev_hash, own = row[0], row[11], row[12]
    misplaced = _out_of_place(before.entries, seq)
    if misplaced:
        return misplaced
    if prev_hash != before.hash:
        return f"entry {seq} is not chained to the entry before it"
    try:
        again = _sha256(text_of(row).encode()).hexdigest()
    except (TypeError, ValueError) as error:
        return f"entry {seq} was changed: it holds what a journal cannot hold: {error}"
    if again != own:
        return f"entry {seq} was changed: its hash does not fit what it says"
    return ""


def stored_entry(row: tuple[Any, ...], values: Mapping[str, str]) -> StoredEntry | Unreadable:
    """A row as people read it. `values`: the personal values still there, by their key; an erased
    one is missing from `entry.number` and `entry.personal`, and its key is not."""
    columns = ChainedRow._make(row)
    try:
        data = json.loads(columns.data_json)
        hidden = json.loads(columns.personal_json)
        if not isinstance(data, dict) or not isinstance(hidden, dict):
            return Unreadable(columns.seq, f"entry {columns.seq} was changed: it holds no object")
        attempt_id = columns.attempt_id
        entry = JournalEntry(
            EntryKind(columns.kind),
            Instant(columns.at),
            columns.campaign,
            columns.lead_id,
            None if attempt_id is None else AttemptId(attempt_id),
            values.get(columns.number_key, ""),
            columns.agent,
            data,
            {name: values[key] for name, key in hidden.items() if key in values},
        )
    except (TypeError, ValueError) as error:
        return Unreadable(columns.seq, f"entry {columns.seq} was changed: {error}")
    return StoredEntry(
        columns.seq,
        entry,
        columns.clock_shift_ms,
        columns.prev_hash,
        columns.hash,
        columns.number_key,
        hidden,
    )


def keys_of(row: tuple[Any, ...]) -> list[str]:
    """The keys of the personal values a row hides, as far as it can be read."""
    keys = [row[6]] if row[6] else []
    if row[9] != "{}" and isinstance(row[9], str) and _HIDDEN.fullmatch(row[9]):
        keys.extend(json.loads(row[9]).values())
    return keys


def _out_of_place(entries: int, seq: int) -> str:
    if seq == entries + 1:
        return ""
    return f"entry {entries + 1} is missing: entry {seq} stands in its place"


def _bad(entries: int, seq: object, why: str) -> Verification:
    # Where entries are missing, the first bad one is the first that is missing.
    bad = min(seq, entries + 1) if isinstance(seq, int) else entries + 1
    return Verification(False, entries, bad, why)


def _without(number: str, data: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """The data with the number masked in every text."""
    tail = number[-_SHARED_DIGITS:]

    def masked(value: JsonValue) -> JsonValue:
        if isinstance(value, str):
            return value.replace(number, NUMBER_MARK).replace(tail, NUMBER_MARK)
        if isinstance(value, list):
            return [masked(item) for item in value]
        if isinstance(value, dict):
            return {key: masked(item) for key, item in value.items()}
        return value

    return {key: masked(value) for key, value in data.items()}


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
