"""The rolling cap and the gap."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.compliance.attempt_limits import dials_counted, next_dial_allowed
from dialer.model.instant import DAY_MS, HOUR_MS, Instant

NOW = Instant(100 * DAY_MS)


def test_nobody_dialled_yet() -> None:
    assert next_dial_allowed((), 3, HOUR_MS, NOW) == NOW


def test_the_gap_counts_from_the_last_dial() -> None:
    dials = (Instant(NOW - 10), Instant(NOW - HOUR_MS))
    assert next_dial_allowed(dials, 3, HOUR_MS, NOW) == NOW - 10 + HOUR_MS


def test_the_cap_frees_when_the_oldest_of_the_last_three_is_24_hours_old() -> None:
    dials = tuple(Instant(NOW - hours * HOUR_MS) for hours in (2, 30, 5, 9))
    assert dials_counted(dials, NOW) == 3
    assert next_dial_allowed(dials, 3, HOUR_MS, NOW) == NOW - 9 * HOUR_MS + DAY_MS


def test_a_dial_of_exactly_24_hours_ago_no_longer_counts() -> None:
    assert dials_counted((Instant(NOW - DAY_MS),), NOW) == 0
    assert next_dial_allowed((Instant(NOW - DAY_MS),), 1, 0, NOW) == NOW


def test_a_cap_of_none_allows_none() -> None:
    assert next_dial_allowed((), 0, 0, NOW) is None


def test_a_clock_set_back_frees_nobody() -> None:
    ahead = Instant(NOW + HOUR_MS)
    assert dials_counted((ahead,), NOW) == 1
    assert next_dial_allowed((ahead,), 1, 0, NOW) == ahead + DAY_MS


@given(
    st.lists(st.integers(0, 60), max_size=8),
    st.integers(1, 4),
    st.integers(0, 20),
    st.integers(0, 60),
)
def test_the_answer_is_the_first_lawful_hour(
    hours: list[int], cap: int, gap: int, now: int
) -> None:
    """Against plain counting, hour by hour."""
    dials = [Instant(hour * HOUR_MS) for hour in hours]

    def lawful(hour: int) -> bool:
        counted = sum(hour - 24 < dialled for dialled in hours)
        return counted < cap and all(dialled + gap <= hour for dialled in hours)

    first = next(hour for hour in range(now, now + 200) if lawful(hour))
    answer = next_dial_allowed(dials, cap, gap * HOUR_MS, Instant(now * HOUR_MS))
    assert answer == first * HOUR_MS


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 1, 2)])
def test_order_does_not_matter(order: tuple[int, ...]) -> None:
    dials = tuple(Instant(NOW - hours * HOUR_MS) for hours in order)
    assert next_dial_allowed(dials, 2, 0, NOW) == NOW - 2 * HOUR_MS + DAY_MS
