"""An index is a Python set of numbers, whatever the numbers."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialer.dnc.index import ListIdentity, NumberIndex, SetKind
from dialer.dnc.numbers import Numbers
from dialer.dnc.working_set import NumberSet
from dialer.model.errors import OperatorError
from dialer.model.instant import Instant

IDENTITY = ListIdentity("anything", SetKind.STATE, Instant(5), "FL", Instant(4), "ab" * 32)

# Crowded on purpose: few area codes, few words, their first and last bits, and what lies beyond.
_NANP = st.builds(
    lambda area, rest: 10_000_000_000 + area * 10_000_000 + rest,
    st.sampled_from([200, 201, 212, 598, 999]),
    st.one_of(
        st.integers(0, 200), st.integers(4_000, 4_200), st.integers(9_999_900, 9_999_999),
        st.integers(0, 9_999_999),
    ),
)  # fmt: skip
_OTHER = st.one_of(
    st.sampled_from([0, 1, 11_999_999_999, 20_000_000_000, 442079460123, 999_999_999_999_999]),
    st.integers(442079460000, 442079460099),
)
NUMBERS = st.one_of(_NANP, _NANP, _NANP, _OTHER)


def array(numbers: Iterable[int]) -> Numbers:
    return np.array(list(numbers), dtype=np.uint64)


def with_index(numbers: NumberSet, look: Callable[[NumberIndex], None]) -> None:
    # Nobody pulls the plug between writing and reading here, and waiting for the disk is slow.
    with tempfile.TemporaryDirectory() as folder, mock.patch("os.fsync"):
        path = Path(folder) / "numbers.idx"
        numbers.finish().write(path, IDENTITY)
        look(NumberIndex.open(path))


@settings(max_examples=60)
@given(st.lists(st.lists(NUMBERS)), st.lists(NUMBERS), st.sampled_from([0, 5, 1_000]))
def test_the_index_is_the_set(parts: list[list[int]], asked: list[int], kept_plain: int) -> None:
    growing = NumberSet(kept_plain)
    for part in parts:
        growing.add(array(part))
    truth = {number for part in parts for number in part}
    asked = [*asked, *truth, *(number + 1 for number in truth)]

    def look(index: NumberIndex) -> None:
        assert len(index) == len(truth)
        assert [f"+{number}" in index for number in asked] == [n in truth for n in asked]
        assert index.contains_many(array(asked)).tolist() == [n in truth for n in asked]
        listed = [int(number) for part in index.numbers() for number in part]
        assert set(listed) == truth
        assert len(listed) == len(truth)
        assert index.identity == IDENTITY

    with_index(growing, look)


@given(
    st.sets(NUMBERS), st.sets(NUMBERS), st.sets(NUMBERS), st.sampled_from([0, 1_000])
)  # fmt: skip
def test_changes_are_set_arithmetic(
    base: set[int], adds: set[int], deletes: set[int], kept_plain: int
) -> None:
    def look(index: NumberIndex) -> None:
        changed = NumberSet(kept_plain)
        changed.add_index(index)
        changed.discard(array(deletes))
        changed.add(array(adds))
        finished = changed.finish()
        truth = base - deletes | adds
        assert finished.count == len(truth)
        assert finished.missing_from(index) == len(truth - base)
        again = NumberSet(kept_plain)
        again.add(array(truth))
        assert again.finish().missing_from(index) == len(truth - base)

    first = NumberSet()
    first.add(array(base))
    with_index(first, look)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    numbers = NumberSet()
    numbers.add(array([12125550100, 12125550199, 13055550123, 442079460123]))
    path = tmp_path_factory.mktemp("whole") / "numbers.idx"
    numbers.finish().write(path, IDENTITY)
    return path.read_bytes()


@given(data=st.data())
def test_a_damaged_index_is_refused_or_answers_as_before(whole: bytes, data: st.DataObject) -> None:
    """Cut anywhere, or any byte changed: only unused space between the parts may go unnoticed."""
    damaged = bytearray(whole)
    place = data.draw(st.integers(0, len(whole) - 1))
    if data.draw(st.booleans()):
        damaged[place] ^= data.draw(st.integers(1, 255))
    else:
        del damaged[place:]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "numbers.idx"
        path.write_bytes(damaged)
        try:
            index = NumberIndex.open(path)
        except OperatorError:
            return
        assert len(damaged) == len(whole)
        assert [int(number) for part in index.numbers() for number in part] == [
            12125550100, 12125550199, 13055550123, 442079460123,
        ]  # fmt: skip
        assert index.identity == IDENTITY
