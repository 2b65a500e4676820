"""Calls per second, exactly."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dialer.floor.state import TrunkUse
from dialer.model.instant import SECOND_MS, Instant
from dialer.model.trunks import Trunk


def use(cps: float) -> TrunkUse:
    return TrunkUse(Trunk("loop", "127.0.0.1:5060", 100, cps))


def test_a_fresh_trunk_takes_a_seconds_worth_at_once() -> None:
    assert use(7.5).room(Instant(0)) == 7
    assert use(0.2).room(Instant(0)) == 1


def test_calls_about_to_be_dialled_count() -> None:
    trunk = use(3)
    trunk.planned = 2
    assert trunk.room(Instant(0)) == 1


def test_a_trunk_of_less_than_a_call_a_second_waits_longer() -> None:
    trunk = use(0.5)
    trunk.dialled.append(Instant(10_000))
    assert trunk.room(Instant(11_999)) == 0
    assert trunk.room(Instant(12_000)) == 1


@given(
    cps=st.floats(0.1, 20),
    pauses=st.lists(st.integers(0, 1_500), max_size=60),
)
def test_no_second_has_more_calls_than_the_rate_however_it_is_asked(
    cps: float, pauses: list[int]
) -> None:
    trunk, now, dialled = use(cps), Instant(0), list[Instant]()
    for pause in pauses:
        now = Instant(now + pause)
        for _ in range(trunk.room(now)):
            trunk.dialled.append(now)
            dialled.append(now)
    for start in dialled:
        within = [at for at in dialled if start <= at < start + SECOND_MS]
        assert len(within) <= max(1.0, cps)
