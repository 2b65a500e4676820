"""The chain finds every change of a journal, and lets every entry through that can be written."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.model.calls import AttemptId
from dialer.model.instant import Instant
from dialer.model.journal import EntryKind, JournalEntry, JsonValue, StoredEntry
from dialer.store.journal import (
    GENESIS,
    Head,
    Unreadable,
    canonical_json,
    chain,
    verify,
    writable,
)

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
)
journals = st.lists(st.tuples(entries, numbers), min_size=1, max_size=8)


def chained(written: list[tuple[JournalEntry, int]]) -> list[StoredEntry]:
    stored: list[StoredEntry] = []
    before = GENESIS
    for seq, (entry, shift) in enumerate(written, 1):
        stored.append(chain(before, seq, entry, shift))
        before = stored[-1].hash
    return stored


def head_of(stored: list[StoredEntry]) -> Head:
    return Head(len(stored), stored[-1].hash)


def test_the_recipe_can_be_followed_by_hand() -> None:
    entry = JournalEntry(EntryKind.ALARM, Instant(5), agent="zoë", data={"text": "a", "n": 1})
    text = (
        '{"clock_shift_ms":60,"entry":{"agent":"zoë","at":5,"attempt_id":null,"campaign":"",'
        '"data":{"n":1,"text":"a"},"kind":"ALARM","lead_id":null,"number":""},'
        f'"prev_hash":"{"0" * 64}","seq":1}}'
    )
    stored = chain(GENESIS, 1, entry, 60)
    assert stored.hash == hashlib.sha256(text.encode()).hexdigest()


@given(journals)
def test_an_untouched_journal_verifies(written: list[tuple[JournalEntry, int]]) -> None:
    stored = chained(written)
    verification = verify(stored, head_of(stored))
    assert (verification.verified, verification.entries) == (True, len(stored))
    assert verify(stored).verified


@given(entries)
def test_an_entry_survives_its_spelling(entry: JournalEntry) -> None:
    text = canonical_json(entry.data)
    assert json.loads(text) == entry.data
    assert canonical_json(json.loads(text)) == text
    text.encode()


changes: st.SearchStrategy[tuple[str, object]] = st.one_of(
    st.tuples(st.just("kind"), st.sampled_from(EntryKind)),
    st.tuples(st.sampled_from(["at", "lead_id", "attempt_id"]), st.none() | numbers),
    st.tuples(st.sampled_from(["campaign", "number", "agent"]), texts),
    st.tuples(st.just("data"), st.dictionaries(texts, values, max_size=4)),
    st.tuples(st.sampled_from(["seq", "clock_shift_ms"]), numbers),
    st.tuples(st.sampled_from(["hash", "prev_hash"]), st.text("0123456789abcdef", min_size=64)),
)


@given(journals, st.data(), changes)
def test_any_change_of_any_field_is_found(
    written: list[tuple[JournalEntry, int]], data: st.DataObject, change: tuple[str, object]
) -> None:
    stored = chained(written)
    head = head_of(stored)
    index = data.draw(st.integers(0, len(stored) - 1))
    name, value = change
    there = stored[index]
    if name in ("seq", "clock_shift_ms", "hash", "prev_hash"):
        changed = replace(there, **{name: value})  # type: ignore[arg-type]  # any field, any value
    else:
        entry = replace(there.entry, **{name: value})  # type: ignore[arg-type]  # likewise
        changed = replace(there, entry=entry)
    if spelling(changed) == spelling(there):
        return
    stored[index] = changed
    verification = verify(stored, head)
    assert not verification.verified
    assert verification.first_bad_seq is not None
    assert verification.first_bad_seq <= index + 2, "found at the entry, or at the one after it"


def spelling(stored: StoredEntry) -> str:
    """1, 1.0 and True are equal to Python and not to a journal."""
    return repr(stored)


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
    numbered = [replace(entry, seq=seq) for seq, entry in enumerate(stored, 1)]
    assert not verify(numbered, head).verified


@given(journals, entries, st.data())
def test_an_insertion_is_found(
    written: list[tuple[JournalEntry, int]], forged: JournalEntry, data: st.DataObject
) -> None:
    stored = chained(written)
    head = head_of(stored)
    index = data.draw(st.integers(0, len(stored)))
    before = stored[index - 1].hash if index else GENESIS
    stored.insert(index, chain(before, index + 1, forged, 0))
    verification = verify(stored, head)
    assert not verification.verified
    numbered = [replace(entry, seq=seq) for seq, entry in enumerate(stored, 1)]
    assert not verify(numbered, head).verified


def test_a_row_that_holds_no_entry_is_bad() -> None:
    stored: list[StoredEntry | Unreadable] = [*chained([(entry_of("a"), 0), (entry_of("b"), 0)])]
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
    entry = writable(JournalEntry(EntryKind.ALARM, Instant(1), agent=agent, data=data))
    assert json.loads(canonical_json(entry.data).encode()) == entry.data
    entry.agent.encode()
    assert writable(entry) == entry


@pytest.mark.parametrize("value", [object(), b"bytes", {1, 2}])
def test_what_is_no_json_is_a_bug_of_its_maker(value: object) -> None:
    with pytest.raises(TypeError, match="a journal cannot hold a"):
        writable(entry_of([value]))  # type: ignore[list-item]  # that is the point
