"""Refusals watched: what is a jump, what is not, and how often it is told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.compliance.refusal_watch import FEWEST, MENDED_BY_TIME, RefusalWatch, z_of
from dialer.model.instant import DAY_MS, HOUR_MS, MINUTE_MS, Instant
from dialer.model.screening import ReasonCode

START = Instant(1_796_144_400_000)
NOW = Instant(START + 20 * HOUR_MS)


def screened(
    watch: RefusalWatch, at: int, refused: int, allowed: int, code: str = "NATIONAL_DNC"
) -> None:
    for _ in range(refused):
        watch.screened("windows", code, Instant(at))
    for _ in range(allowed):
        watch.screened("windows", None, Instant(at))


def an_even_day() -> RefusalWatch:
    """A tenth refused, all day long."""
    watch = RefusalWatch()
    for hour in range(20):
        screened(watch, START + hour * HOUR_MS, 10, 90)
    return watch


def test_a_share_that_stays_is_no_jump() -> None:
    watch = an_even_day()
    screened(watch, NOW, 12, 88)
    assert watch.jumps("windows", NOW) == ()


@pytest.mark.parametrize(("refused", "way"), [(60, "risen"), (0, "fallen")])
def test_a_jump_is_told_with_both_shares(refused: int, way: str) -> None:
    watch = RefusalWatch()
    for hour in range(20):
        screened(watch, START + hour * HOUR_MS, 30, 70)
    screened(watch, NOW, refused, 100 - refused)
    (jump,) = watch.jumps("windows", NOW)
    assert (jump.code, jump.recent, jump.before) == ("NATIONAL_DNC", refused / 100, 0.3)
    assert way in jump.words()
    assert "windows" in jump.words()


def test_a_new_code_is_a_jump_too() -> None:
    watch = an_even_day()
    screened(watch, NOW, 90, 10, "DATA_MISSING")
    assert [jump.code for jump in watch.jumps("windows", NOW)] == ["DATA_MISSING"]


def test_a_jump_is_told_once_an_hour_and_looked_for_once_a_minute() -> None:
    watch = an_even_day()
    screened(watch, NOW, 60, 40)
    assert watch.jumps("windows", NOW)
    assert not watch.jumps("windows", Instant(NOW + MINUTE_MS))
    later = Instant(NOW + HOUR_MS)
    screened(watch, later, 90, 10)
    assert watch.jumps("windows", later)
    screened(watch, later + MINUTE_MS, 200, 0, "LITIGATOR")
    assert not watch.jumps("windows", Instant(later + MINUTE_MS - 1))
    assert watch.jumps("windows", Instant(later + MINUTE_MS))


@pytest.mark.parametrize(("before", "recent"), [(FEWEST - 1, 200), (2_000, FEWEST - 1)])
def test_few_screenings_prove_nothing(before: int, recent: int) -> None:
    watch = RefusalWatch()
    screened(watch, START, 0, before)
    screened(watch, NOW, recent, 0)
    assert watch.jumps("windows", NOW) == ()


def test_a_small_change_of_many_is_no_jump() -> None:
    """Two points are certain, with so many, and yet no reason to wake somebody."""
    watch = RefusalWatch()
    screened(watch, START, 2_000, 18_000)
    screened(watch, NOW, 1_440, 10_560)
    assert z_of(1_440, 12_000, 2_000, 20_000) > 5
    assert watch.jumps("windows", NOW) == ()


@pytest.mark.parametrize("code", sorted(MENDED_BY_TIME))
def test_what_time_brings_and_mends_is_not_watched(code: ReasonCode) -> None:
    watch = an_even_day()
    screened(watch, NOW, 5_000, 100, code)
    screened(watch, NOW, 12, 0)
    assert watch.jumps("windows", NOW) == ()


def test_what_is_older_than_a_day_is_forgotten() -> None:
    watch = RefusalWatch()
    screened(watch, START, 100, 0)
    late = Instant(START + DAY_MS + HOUR_MS)
    screened(watch, late, 0, 100)
    assert watch.jumps("windows", late) == ()


def test_campaigns_are_watched_apart() -> None:
    watch = an_even_day()
    for _ in range(100):
        watch.screened("roofs", "NATIONAL_DNC", NOW)
    assert watch.jumps("roofs", NOW) == ()
    assert watch.jumps("windows", NOW) == ()


@given(
    recent=st.integers(0, 500),
    of_recent=st.integers(1, 500),
    before=st.integers(0, 500),
    of_before=st.integers(1, 500),
)
def test_z_is_zero_where_the_shares_are_equal_and_signed_otherwise(
    recent: int, of_recent: int, before: int, of_before: int
) -> None:
    recent, before = min(recent, of_recent), min(before, of_before)
    z = z_of(recent, of_recent, before, of_before)
    difference = recent * of_before - before * of_recent
    assert (z > 0) == (difference > 0)
    assert (z < 0) == (difference < 0)
    assert z_of(before, of_before, recent, of_recent) == pytest.approx(-z)
