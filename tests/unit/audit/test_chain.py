"""The chain finds every change of a journal, and lets every entry through that can be written."""

from __future__ import annotations

import hashlib
import hmac
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.audit.chain import (
    GENESIS,
    NUMBER_MARK,
    ChainedRow,
    Head,
    Unreadable,
    canonical_json,
    chain,
    keys_of,
    stored_entry,
    text_of,
    verify,
    verify_from,
    writable,
)
from dialer.audit.personal import PersonalKey, PersonalValue
from dialer.model.calls import AttemptId
from dialer.model.instant import Instant
from dialer.model.journal import EntryKind, JournalEntry, JsonValue, StoredEntry

KEY = PersonalKey(b"an invented secret, 32 bytes long")

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
numbers = st.integers(-(2**53), 2**53)
values: st.SearchStrategy[JsonValue] = st.recursive(
    st.none() | st.booleans() | numbers | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
entries = st.builds(
    JournalEntry,
    kind=st.sampled_from(EntryKind),
    at=numbers.map(Instant),
    campaign=texts,
    lead_id=st.none() | numbers,
    attempt_id=st.none() | numbers.map(AttemptId),
    number=texts,
    agent=texts,
    data=st.dictionaries(texts, values, max_size=4),
    personal=st.dictionaries(st.sampled_from(["notes", "asked_by"]), texts, max_size=2),
)
journals = st.lists(st.tuples(entries, numbers), min_size=1, max_size=8)


def chained(written: list[tuple[JournalEntry, int]]) -> list[ChainedRow]:
    rows: list[ChainedRow] = []
    head = Head()
    for entry, shift in written:
        rows.append(chain(head, entry, shift, KEY)[0])
        head = Head(len(rows), rows[-1].hash)
    return rows


def head_of(rows: list[ChainedRow]) -> Head:
    return Head(len(rows), rows[-1].hash)


def test_the_recipe_can_be_followed_by_hand() -> None:
    entry = JournalEntry(
        EntryKind.ALARM,
        Instant(5),
        number="+12125550100",
        agent="zoë",
        data={"text": "a", "n": 1},
        personal={"notes": "after tea"},
    )
    secret = b"an invented secret, 32 bytes long"
    said = b'["number","","+12125550100"]'
    number_key = hmac.new(secret, said, "sha256").hexdigest()
    said = f'["notes","{number_key}","after tea"]'.encode()
    notes_key = hmac.new(secret, said, "sha256").hexdigest()
    text = (
        '{"agent":"zoë","at":5,"attempt_id":null,"campaign":"","clock_shift_ms":60,'
        '"data":{"n":1,"text":"a"},"kind":"ALARM","lead_id":null,'
        f'"number_key":"{number_key}","personal":{{"notes":"{notes_key}"}},'
        f'"prev_hash":"{"0" * 64}","seq":1}}'
    )
    row, values = chain(Head(), entry, 60, KEY)
    assert (row.hash, row.prev_hash) == (hashlib.sha256(text.encode()).hexdigest(), GENESIS)
    assert text == json.dumps(
        json.loads(text), sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    assert values == (
        PersonalValue(number_key, "", "number", "+12125550100"),
        PersonalValue(notes_key, number_key, "notes", "after tea"),
    )
    assert keys_of(row) == [number_key, notes_key]


@given(journals)
def test_an_untouched_journal_verifies(written: list[tuple[JournalEntry, int]]) -> None:
    stored = chained(written)
    verification = verify(stored, head_of(stored))
    assert (verification.verified, verification.entries) == (True, len(stored))
    assert verify(stored).verified


@given(journals, st.data())
def test_a_part_verifies_from_the_entry_before_it(
    written: list[tuple[JournalEntry, int]], data: st.DataObject
) -> None:
    stored = chained(written)
    first = data.draw(st.integers(0, len(stored)))
    before = Head(first, stored[first - 1].hash) if first else Head()
    assert verify_from(before, stored[first:], head_of(stored)) == verify(stored, head_of(stored))


@given(entries)
def test_the_text_is_canonical_json(entry: JournalEntry) -> None:
    row, _ = chain(Head(), entry, 0, KEY)
    text = text_of(row)
    assert canonical_json(json.loads(text)) == text


@given(entries)
def test_an_entry_is_read_as_it_was_written(entry: JournalEntry) -> None:
    row, values = chain(Head(), writable(entry), 7, KEY)
    stored = stored_entry(row, {value.key: value.value for value in values})
    assert isinstance(stored, StoredEntry)
    assert (stored.entry, stored.erased) == (writable(entry), ())
    forgotten = stored_entry(row, {})
    assert isinstance(forgotten, StoredEntry)
    assert (forgotten.entry.number, forgotten.entry.personal) == ("", {})
    assert len(forgotten.erased) == len(values)


@given(entries)
def test_an_entry_survives_its_spelling(entry: JournalEntry) -> None:
    text = canonical_json(entry.data)
    assert json.loads(text) == entry.data
    assert canonical_json(json.loads(text)) == text
    text.encode()


@pytest.mark.parametrize("said", ["+12125550100", "12125550100", "2125550100"])
def test_the_entrys_number_is_nowhere_in_its_text(said: str) -> None:
    data: dict[str, JsonValue] = {"reason": f"{said} is busy", "deep": [{"by": said}], "n": 1}
    entry = JournalEntry(EntryKind.ALARM, Instant(5), number="+12125550100", data=data)
    row, _ = chain(Head(), entry, 0, KEY)
    assert "2125550100" not in text_of(row)
    assert json.loads(row.data_json)["n"] == 1
    assert NUMBER_MARK in row.data_json


def test_a_time_that_looks_like_the_number_stays() -> None:
    data: dict[str, JsonValue] = {"at": 2_125_550_100}
    entry = JournalEntry(EntryKind.ALARM, Instant(5), number="+12125550100", data=data)
    assert chain(Head(), entry, 0, KEY)[0].data_json == '{"at":2125550100}'


COLUMNS = st.one_of(
    st.tuples(st.just("kind"), st.sampled_from(EntryKind).map(str) | texts),
    st.tuples(
        st.sampled_from(["at", "lead_id", "attempt_id", "seq", "clock_shift_ms"]),
        st.none() | numbers | st.booleans() | st.floats() | texts | st.binary(max_size=3),
    ),
    st.tuples(
        st.sampled_from(["campaign", "number_key", "agent", "data_json", "personal_json"]),
        st.none() | texts | numbers | st.binary(max_size=3),
    ),
    st.tuples(
        st.sampled_from(["data_json", "personal_json"]),
        st.dictionaries(texts, values, max_size=4).map(canonical_json),
    ),
    st.tuples(
        st.sampled_from(["hash", "prev_hash", "number_key"]),
        st.text("0123456789abcdefABCDEF", min_size=64, max_size=64),
    ),
)


@given(journals, st.data(), COLUMNS)
def test_any_change_of_any_column_is_found(
    written: list[tuple[JournalEntry, int]], data: st.DataObject, change: tuple[str, object]
) -> None:
    stored = chained(written)
    head = head_of(stored)
    index = data.draw(st.integers(0, len(stored) - 1))
    name, value = change
    changed = ChainedRow(**{**stored[index]._asdict(), name: value})
    if spelling(changed) == spelling(stored[index]):
        return
    stored[index] = changed
    verification = verify(stored, head)
    assert not verification.verified
    assert verification.first_bad_seq is not None
    assert verification.first_bad_seq <= index + 2, "found at the entry, or at the one after it"


def spelling(row: ChainedRow) -> str:
    """1, 1.0 and True are equal to Python and not to a journal."""
    return repr(row)


def test_text_may_not_wander_from_one_column_into_another() -> None:
    """`data` may hold members that read like what follows it: the columns are still told apart."""
    data: dict[str, JsonValue] = {"a": 1, "kind": "X", "lead_id": None, "number_key": ""}
    data |= {"personal": {}, "z": {"prev_hash": GENESIS, "seq": 1}}
    row, _ = chain(Head(), JournalEntry(EntryKind.ALARM, Instant(5), data=data), 0, KEY)
    cut = row.data_json.index(',"kind"')
    rest = row.data_json[row.data_json.index('"personal":') + 11 :]
    tail = f'{rest},"kind":"ALARM","lead_id":null,"number_key":"","personal":{{}}'
    moved = row._replace(data_json=row.data_json[:cut], kind="X", personal_json=tail)
    assert not verify([moved]).verified


@given(journals, st.data())
def test_a_deletion_is_found(written: list[tuple[JournalEntry, int]], data: st.DataObject) -> None:
    stored = chained(written)
    head = head_of(stored)
    index = data.draw(st.integers(0, len(stored) - 1))
    del stored[index]
    verification = verify(stored, head)
    assert not verification.verified
    assert verification.first_bad_seq == index + 1


@given(journals, st.data())
def test_a_cut_tail_is_found(written: list[tuple[JournalEntry, int]], data: st.DataObject) -> None:
    stored = chained(written)
    kept = data.draw(st.integers(0, len(stored) - 1))
    verification = verify(stored[:kept], head_of(stored))
    assert not verification.verified
    assert verification.first_bad_seq == kept + 1
    assert verify(stored[:kept]).verified, "without the head a cut tail cannot be seen"


@given(journals, st.data())
def test_a_swap_is_found(written: list[tuple[JournalEntry, int]], data: st.DataObject) -> None:
    stored = chained([*written, *written])
    head = head_of(stored)
    first, second = data.draw(
        st.lists(st.integers(0, len(stored) - 1), min_size=2, max_size=2, unique=True).map(sorted)
    )
    stored[first], stored[second] = stored[second], stored[first]
    assert not verify(stored, head).verified
    # Nor does it help to number them anew.
    numbered = [row._replace(seq=seq) for seq, row in enumerate(stored, 1)]
    assert not verify(numbered, head).verified


@given(journals, entries, st.data())
def test_an_insertion_is_found(
    written: list[tuple[JournalEntry, int]], forged: JournalEntry, data: st.DataObject
) -> None:
    stored = chained(written)
    head = head_of(stored)
    index = data.draw(st.integers(0, len(stored)))
    before = Head(index, stored[index - 1].hash if index else GENESIS)
    stored.insert(index, chain(before, forged, 0, KEY)[0])
    verification = verify(stored, head)
    assert not verification.verified
    numbered = [row._replace(seq=seq) for seq, row in enumerate(stored, 1)]
    assert not verify(numbered, head).verified


def test_a_row_that_holds_no_entry_is_bad() -> None:
    stored: list[ChainedRow | Unreadable] = [*chained([(entry_of("a"), 0), (entry_of("b"), 0)])]
    stored[1] = Unreadable(2, "entry 2 was changed: nonsense")
    verification = verify(stored)
    assert (verification.first_bad_seq, verification.why) == (2, "entry 2 was changed: nonsense")


def test_an_empty_journal_with_a_head_was_cut() -> None:
    assert verify([], Head()).verified
    assert verify([], Head(3, "ab")).first_bad_seq == 1


def entry_of(text: JsonValue) -> JournalEntry:
    return JournalEntry(EntryKind.ALARM, Instant(1), data={"text": text})


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(st.dictionaries(st.text(max_size=5), anything, max_size=3), st.text(max_size=5))
def test_whatever_comes_can_be_written(data: dict[str, JsonValue], agent: str) -> None:
    said = {"notes": agent}
    entry = writable(
        JournalEntry(EntryKind.ALARM, Instant(1), agent=agent, data=data, personal=said)
    )
    assert json.loads(canonical_json(entry.data).encode()) == entry.data
    entry.agent.encode()
    assert writable(entry) == entry


@pytest.mark.parametrize("value", [object(), b"bytes", {1, 2}])
def test_what_is_no_json_is_a_bug_of_its_maker(value: object) -> None:
    with pytest.raises(TypeError, match="a journal cannot hold a"):
        writable(entry_of([value]))  # type: ignore[list-item]  # that is the point
