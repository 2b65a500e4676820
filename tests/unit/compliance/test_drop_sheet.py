"""A month's drops: counted where the drop account would, late messages and short ringing found."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.compliance.drop_sheet import drop_sheet, month_bounds, needed_outcomes, sheet_rules
from dialer.compliance.law_files import load_law
from dialer.model.calls import AttemptId
from dialer.model.drop_reports import AttemptOutcome, DropSheet
from dialer.model.instant import DAY_MS, HOUR_MS, Instant, rfc3339

START, END = month_bounds("2026-12")
NOON = Instant(START + 9 * DAY_MS + 12 * HOUR_MS)


def outcome(
    attempt: int,
    at: int = NOON,
    *,
    answered: bool = True,
    dropped: bool = False,
    rang_ms: int = 20_000,
    ringing: bool = True,
    cause: str = "AGENT_HUNG_UP",
    status: int | None = 200,
    message_after_ms: int | None = None,
    greeting_ms: int | None = 1_000,
    placed: bool = True,
    bridged: bool = False,
) -> AttemptOutcome:
    """An attempt answered at `at`, or rung out then."""
    answered_at = Instant(at) if answered else None
    return AttemptOutcome(
        attempt_id=AttemptId(attempt),
        dialled_at=Instant(at - rang_ms - (1_000 if ringing else 0)),
        ringing_at=Instant(at - rang_ms) if ringing else None,
        answered_at=answered_at,
        greeting_ended_at=Instant(at + greeting_ms) if answered and greeting_ms else None,
        verdict_at=Instant(at + 1_300) if answered else None,
        bridged_at=Instant(at + 4_000) if bridged else None,
        message_at=None if message_after_ms is None else Instant(at + message_after_ms),
        ended_at=Instant(at + 9_000) if answered else Instant(at),
        live=answered,
        dropped=dropped,
        placed=placed,
        cause=cause,
        status=status,
    )


def sheet(*outcomes: AttemptOutcome, first_dial: int | None = START, now: int = END) -> DropSheet:
    return drop_sheet(
        "windows",
        "2026-12",
        outcomes,
        ceiling=0.03,
        ring_minimum_ms=15_000,
        first_dial=None if first_dial is None else Instant(first_dial),
        now=Instant(now),
    )


@pytest.mark.parametrize(
    "wrong", ["2026-13", "2026-00", "2026", "26-12", "2026-12-01", "9999-12", ""]
)
def test_what_is_no_month_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="2026-12"):
        month_bounds(wrong)


def test_a_month_ends_where_the_next_begins() -> None:
    assert rfc3339(month_bounds("2026-02")[0]) == "2026-02-01T00:00:00.000Z"
    assert rfc3339(month_bounds("2026-12")[1]) == "2027-01-01T00:00:00.000Z"


def test_answers_count_in_the_month_of_their_instant() -> None:
    found = sheet(
        outcome(1, START - 1),
        outcome(2, START, dropped=True),
        outcome(3, END - 1),
        outcome(4, END, dropped=True),
        outcome(5, NOON, answered=False, cause="NO_ANSWER", status=480),
    )
    assert (found.figure.live, found.figure.dropped, found.figure.rate) == (2, 1, 0.5)
    assert [(day.since, day.live) for day in found.days] == [(START, 1), (END - DAY_MS, 1)]
    assert [drop.attempt_id for drop in found.drops] == [2]
    assert found.complete
    assert not sheet(now=END - 1).complete


def test_the_worst_thirty_days_reach_back_before_the_month() -> None:
    before = [outcome(n, START - HOUR_MS, dropped=n < 2) for n in range(4)]
    found = sheet(*before, outcome(9, NOON))
    assert found.figure.rate == 0
    assert found.rolling is not None
    assert (found.rolling.live, found.rolling.dropped) == (4, 2)
    assert found.day_worst is not None
    assert found.day_worst.rate == 0.5
    assert found.day_worst.until == START + 1


def test_a_month_without_answers_has_no_worst() -> None:
    found = sheet(first_dial=None)
    assert (found.rolling, found.day_worst, found.fixed, found.days) == (None, None, (), ())
    assert found.figure.rate == 0


def test_fixed_periods_are_counted_from_the_first_dial() -> None:
    first = START - 40 * DAY_MS + HOUR_MS
    found = sheet(outcome(1, START - 5 * DAY_MS, dropped=True), outcome(2, NOON), first_dial=first)
    starts = [(figure.since - START) // DAY_MS for figure in found.fixed]
    assert starts == [-10, 20]
    assert [(figure.live, figure.dropped) for figure in found.fixed] == [(2, 1), (0, 0)]


@pytest.mark.parametrize(
    ("message_after_ms", "late_ms"), [(2_900, 0), (3_000, 0), (3_250, 250), (None, None)]
)
def test_a_message_is_due_two_seconds_after_the_greeting(
    message_after_ms: int | None, late_ms: int | None
) -> None:
    found = sheet(outcome(1, dropped=True, message_after_ms=message_after_ms))
    assert [drop.message_late_ms for drop in found.drops] == [late_ms]
    assert found.messages_in_time == (late_ms == 0)


def test_without_a_greeting_it_is_due_two_seconds_after_the_verdict() -> None:
    on_time = outcome(1, dropped=True, greeting_ms=None, message_after_ms=3_300)
    assert sheet(on_time).messages_in_time == 1


def test_an_agent_who_came_too_late_is_told() -> None:
    found = sheet(outcome(1, dropped=True, bridged=True))
    assert found.drops[0].connected


@pytest.mark.parametrize(
    ("breach", "attempt"),
    [
        (True, outcome(1, answered=False, cause="CANCELLED", rang_ms=9_000)),
        (True, outcome(1, answered=False, cause="SUPPRESSED", rang_ms=14_999)),
        (True, outcome(1, answered=False, cause="NO_ANSWER", status=487, rang_ms=14_000)),
        (True, outcome(1, answered=False, cause="CANCELLED", rang_ms=9_000, ringing=False)),
        (False, outcome(1, answered=False, cause="CANCELLED", rang_ms=15_000)),
        (False, outcome(1, answered=False, cause="NO_ANSWER", status=480, rang_ms=5_000)),
        (False, outcome(1, answered=False, cause="BUSY", status=486, rang_ms=900)),
        (False, outcome(1, answered=False, cause="CANCELLED", rang_ms=900, placed=False)),
        (False, outcome(1, rang_ms=900)),
        (False, outcome(1, END + DAY_MS, answered=False, cause="CANCELLED", rang_ms=900)),
    ],
)
def test_what_we_gave_up_before_it_rang_long_enough(breach: bool, attempt: AttemptOutcome) -> None:
    found = sheet(attempt)
    assert bool(found.ring_breaches) == breach
    if breach:
        assert found.ring_breaches[0].rang_ms < 15_000


def test_what_is_not_known_of_the_detector_is_said() -> None:
    assert "not measured" in sheet().false_positives


def test_the_rules_are_the_strictest_of_the_countries_enabled() -> None:
    law = load_law()
    assert sheet_rules(law, {"US"}, NOON) == (0.03, 15_000)
    assert sheet_rules(law, {"US", "GB", "CA"}, NOON) == (0.03, 15_000)
    assert sheet_rules(law, {"CA"}, NOON)[0] == 0.05
    assert sheet_rules(law, {"ZZ"}, NOON) == (None, 0)


def test_attempts_needed_reach_thirty_days_to_either_side() -> None:
    since, until = needed_outcomes("2026-12")
    assert since < START - 30 * DAY_MS
    assert until == END + 30 * DAY_MS


@given(st.lists(st.tuples(st.integers(-40 * DAY_MS, 31 * DAY_MS - 1), st.booleans()), max_size=40))
def test_the_worst_is_the_highest_share_of_any_thirty_days(answers: list[tuple[int, bool]]) -> None:
    """Looked at wherever an answer comes or leaves, (at - 30 days, at] as in the drop account."""
    window = 30 * DAY_MS
    outcomes = [outcome(n, START + at, dropped=d) for n, (at, d) in enumerate(answers)]
    found = sheet(*outcomes).rolling
    shares = []
    for at in {0, *(at for at, _ in answers), *(at + window for at, _ in answers)}:
        if 0 <= at < END - START:
            counted = [dropped for each, dropped in answers if at - window < each <= at]
            shares += [Fraction(sum(counted), len(counted))] if counted else []
    assert (found is None) == (not shares)
    if found is not None:
        assert Fraction(found.dropped, found.live) == max(shares)
