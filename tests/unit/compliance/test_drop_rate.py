"""The drop account and the two seconds."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dialer.compliance.drop_rate import (
    BRIDGE_GRACE_MS,
    DROP_WINDOW_MS,
    DropAccount,
    connect_deadline,
    connected_in_time,
)
from dialer.model.instant import DAY_MS, Instant

ANSWERED = Instant(1_000_000)


def later(ms: int) -> Instant:
    return Instant(ANSWERED + ms)


def test_two_seconds_from_the_end_of_the_greeting() -> None:
    assert connect_deadline(ANSWERED, later(900), later(1_500)) == later(2_900)


def test_two_seconds_from_the_verdict_where_nobody_spoke() -> None:
    assert connect_deadline(ANSWERED, None, later(3_500)) == later(5_500)


def test_speech_before_the_answer_is_no_greeting() -> None:
    assert connect_deadline(ANSWERED, later(-400), later(800)) == later(2_000)


def test_a_late_verdict_leaves_a_moment_to_join_an_agent_but_no_innocence() -> None:
    deadline = connect_deadline(ANSWERED, later(500), later(4_000))
    assert deadline == later(4_000 + BRIDGE_GRACE_MS)
    assert not connected_in_time(ANSWERED, later(500), later(4_000), later(4_010))


def test_connected_in_time_to_the_millisecond() -> None:
    assert connected_in_time(ANSWERED, later(900), later(1_500), later(2_900))
    assert not connected_in_time(ANSWERED, later(900), later(1_500), later(2_901))


def test_rate_of_nothing() -> None:
    assert DropAccount().rate(ANSWERED) == 0


def test_answers_leave_after_thirty_days() -> None:
    account = DropAccount()
    account.answered(ANSWERED, dropped=True)
    account.answered(later(DAY_MS), dropped=False)
    assert account.rate(later(DAY_MS)) == 0.5
    assert account.live(later(DROP_WINDOW_MS - 1)) == 2
    assert (account.live(later(DROP_WINDOW_MS)), account.dropped(later(DROP_WINDOW_MS))) == (1, 0)


@given(
    st.lists(st.tuples(st.integers(0, 200), st.integers(0, 5), st.booleans()), max_size=80),
    st.integers(1, 40),
)
def test_the_account_equals_counting_afresh(
    steps: list[tuple[int, int, bool]], window_days: int
) -> None:
    """Days go by; answers are told late by up to five days; now and then somebody looks."""
    account = DropAccount(window_days * DAY_MS)
    told: list[tuple[int, bool]] = []
    now = 1_000 * DAY_MS
    for forward_tenths, late_days, dropped in steps:
        now += forward_tenths * DAY_MS // 10
        at = Instant(now - late_days * DAY_MS)
        account.answered(at, dropped)
        told.append((at, dropped))
        inside = [was for when, was in told if now - window_days * DAY_MS < when <= now]
        assert account.live(Instant(now)) == len(inside)
        assert account.dropped(Instant(now)) == sum(inside)
        assert account.rate(Instant(now)) == (sum(inside) / len(inside) if inside else 0)


def test_memory_stays_bounded() -> None:
    account = DropAccount(window_ms=1_000)
    for second in range(0, 10 * DAY_MS // 1_000, 60):
        account.answered(Instant(second * 1_000), dropped=second % 7 == 0)
    assert len(account._live_at) < 2 * DAY_MS // 60_000 + 10
