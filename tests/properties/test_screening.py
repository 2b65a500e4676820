"""The gate: never open for a suppressed or out-of-hours number, and exact about when it opens."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib import resources
from zoneinfo import ZoneInfo

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dialer.compliance.ruleset import load_ruleset
from dialer.compliance.screening import Facts, decide
from dialer.model.campaigns import CallingHours
from dialer.model.instant import DAY_MS, HOUR_MS, MINUTE_MS, Instant, instant_of, utc
from dialer.model.numbers import PhoneNumber
from dialer.model.screening import Allowed, ReasonCode, Refused
from dialer.model.suppression import Suppression, SuppressionSource

RULESET = load_ruleset()
CALLER_ID = "+12025550199"
ZONES = (
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Phoenix",
    "America/Los_Angeles",
    "America/Anchorage",
    "America/Adak",
    "America/Puerto_Rico",
    "Pacific/Honolulu",
    "Pacific/Guam",
)
SUPPRESSED = Suppression("+12125550123", SuppressionSource.REQUEST, "request", Instant(0))
ALL_DAY = CallingHours(((0, 24 * 60),) * 7)
NOON = instant_of(datetime(2026, 7, 1, 16, tzinfo=UTC))


def facts(
    *,
    zones: tuple[str, ...] = ("America/New_York",),
    hours: CallingHours = ALL_DAY,
    dials: tuple[Instant, ...] = (),
    guard_ms: int = 0,
) -> Facts:
    return Facts(
        number=PhoneNumber("+12125550123", "US", zones),
        seller="Clearview Sample Windows",
        hours=hours,
        suppressions=(),
        recent_dials=dials,
        attempts_per_day=3,
        min_gap_ms=HOUR_MS,
        caller_id=CALLER_ID,
        caller_ids=(CALLER_ID,),
        end_guard_ms=guard_ms,
    )


@st.composite
def instants(draw: st.DrawFn) -> Instant:
    """Around both changes of the clocks, and anywhere in three years."""
    changes = [datetime(2026, 11, 1, 6, tzinfo=UTC), datetime(2027, 3, 14, 7, tzinfo=UTC)]
    near = st.builds(
        lambda change, minutes, ms: change + timedelta(minutes=minutes, milliseconds=ms),
        st.sampled_from(changes),
        st.integers(-3_000, 3_000),
        st.sampled_from([0, 0, 1, 999]),
    )
    anywhere = st.integers(0, 3 * 365 * DAY_MS).map(
        lambda ms: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
    )
    return instant_of(draw(st.one_of(near, anywhere)))


@st.composite
def windows(draw: st.DrawFn) -> tuple[int, int] | None:
    if draw(st.integers(0, 5)) == 0:
        return None
    start = draw(st.integers(0, 22 * 4)) * 15
    return start, min(24 * 60, start + draw(st.integers(2, 50)) * 15)


@st.composite
def cases(draw: st.DrawFn) -> tuple[Facts, Instant]:
    now = draw(instants())
    back = draw(st.lists(st.integers(0, 30 * 60), max_size=5))
    return (
        facts(
            zones=tuple(sorted(draw(st.sets(st.sampled_from(ZONES), min_size=1, max_size=3)))),
            hours=CallingHours(draw(st.tuples(*[windows()] * 7))),
            dials=tuple(Instant(now - minutes * MINUTE_MS) for minutes in back),
            guard_ms=draw(st.sampled_from([0, 1, 22_000, 60_000])),
        ),
        now,
    )


def zone(name: str) -> ZoneInfo:
    """A second reading of the pinned data, independent of the code under test."""
    with resources.files("tzdata.zoneinfo").joinpath(name).open("rb") as stream:
        return ZoneInfo.from_file(stream)


CLOCKS = {name: zone(name) for name in ZONES}


def lawful(given_facts: Facts, at: Instant) -> bool:
    """The rules said again, by looking at clocks: no interval arithmetic."""
    for name in given_facts.number.zones:
        for moment in (at, at + given_facts.end_guard_ms):
            local = utc(Instant(moment)).astimezone(CLOCKS[name])
            own = given_facts.hours.days[local.weekday()]
            minute = local.hour * 60 + local.minute
            if own is None or not max(own[0], 8 * 60) <= minute < min(own[1], 21 * 60):
                return False
    counted = [dial for dial in given_facts.recent_dials if dial > at - DAY_MS]
    apart = all(at - dial >= given_facts.min_gap_ms for dial in given_facts.recent_dials)
    return len(counted) < given_facts.attempts_per_day and apart


@given(cases())
def test_allowed_exactly_when_clocks_and_counts_say_so(case: tuple[Facts, Instant]) -> None:
    given_facts, now = case
    assert isinstance(decide(given_facts, RULESET, now), Allowed) is lawful(given_facts, now)


@settings(max_examples=60)
@given(cases(), st.data())
def test_next_allowed_is_allowed_and_nothing_before_it_is(
    case: tuple[Facts, Instant], data: st.DataObject
) -> None:
    given_facts, now = case
    answer = decide(given_facts, RULESET, now)
    assume(isinstance(answer, Refused))
    assert isinstance(answer, Refused)
    then = answer.next_allowed_at
    if then is None:
        samples = st.integers(now, now + 366 * DAY_MS)
        for _ in range(20):
            assert not lawful(given_facts, Instant(data.draw(samples)))
        return
    assert then > now
    assert isinstance(decide(given_facts, RULESET, then), Allowed)
    assert not lawful(given_facts, Instant(then - 1))
    for at in range(now, min(then, now + 3 * DAY_MS), 7 * MINUTE_MS):
        assert not lawful(given_facts, Instant(at))
    for at in range(max(now, then - 3 * HOUR_MS), then, MINUTE_MS):
        assert not lawful(given_facts, Instant(at))


@given(cases(), st.sampled_from(SuppressionSource))
def test_a_suppressed_number_is_never_allowed(
    case: tuple[Facts, Instant], source: SuppressionSource
) -> None:
    given_facts, now = case
    suppressed = replace(given_facts, suppressions=(replace(SUPPRESSED, source=source),))
    answer = decide(suppressed, RULESET, now)
    assert isinstance(answer, Refused)
    assert answer.next_allowed_at is None
    national = source is SuppressionSource.NATIONAL
    assert answer.primary is (ReasonCode.NATIONAL_DNC if national else ReasonCode.INTERNAL_DNC)


@given(cases())
def test_codes_stand_in_their_order_each_once(case: tuple[Facts, Instant]) -> None:
    given_facts, now = case
    broken = replace(
        given_facts,
        suppressions=(SUPPRESSED, replace(SUPPRESSED, source=SuppressionSource.NATIONAL)) * 2,
        caller_id="+12025550100",
        seller=" ",
    )
    answer = decide(broken, RULESET, now)
    assert isinstance(answer, Refused)
    order = list(ReasonCode)
    assert sorted(set(answer.codes), key=order.index) == list(answer.codes)
    assert {
        ReasonCode.INTERNAL_DNC,
        ReasonCode.NATIONAL_DNC,
        ReasonCode.CALLER_ID_NOT_AUTHORISED,
        ReasonCode.DATA_MISSING,
    } <= set(answer.codes)
    timely = decide(given_facts, RULESET, now)
    if isinstance(timely, Refused):
        assert set(timely.codes) < set(answer.codes)


@contextmanager
def system_zone(name: str) -> Iterator[None]:
    before = os.environ.get("TZ")
    os.environ["TZ"] = name
    time.tzset()
    try:
        yield
    finally:
        if before is None:
            del os.environ["TZ"]
        else:
            os.environ["TZ"] = before
        time.tzset()


@settings(max_examples=25)
@given(cases())
def test_the_machines_own_zone_makes_no_difference(case: tuple[Facts, Instant]) -> None:
    given_facts, now = case
    answers = []
    for name in ("UTC", "Pacific/Kiritimati", "America/New_York", "Nowhere"):
        with system_zone(name):
            answers.append(decide(given_facts, RULESET, now))
    assert all(answer == answers[0] for answer in answers)


def test_an_allowed_call_says_why() -> None:
    answer = decide(facts(), RULESET, NOON)
    assert isinstance(answer, Allowed)
    assert answer.ruleset == RULESET.label
    assert "Wed 2026-07-01 12:00 in America/New_York" in answer.explain
    assert "47 CFR 64.1200(c)(1)" in answer.explain


def test_a_refusal_says_the_local_time_the_law_and_when() -> None:
    answer = decide(facts(), RULESET, Instant(NOON + 12 * HOUR_MS))
    assert isinstance(answer, Refused)
    assert answer.codes == (ReasonCode.OUTSIDE_HOURS,)
    assert answer.next_allowed_at == NOON + 20 * HOUR_MS
    for part in ("Thu 2026-07-02 00:00", "08:00-21:00", "47 CFR 64.1200(c)(1)", "07-02 08:00"):
        assert part in answer.explain


def test_unknown_zones_are_never_open() -> None:
    for zones in ((), ("Etc/Nowhere",), ("America/New_York", "Mars/Olympus")):
        answer = decide(facts(zones=zones), RULESET, NOON)
        assert isinstance(answer, Refused)
        assert answer.primary is ReasonCode.TZ_UNKNOWN
        assert answer.next_allowed_at is None


def test_numbers_the_rules_are_not_made_for() -> None:
    canadian = replace(facts(), number=PhoneNumber("+14165550123", "CA", ("America/Toronto",)))
    answer = decide(canadian, RULESET, NOON)
    assert isinstance(answer, Refused)
    assert answer.codes == (ReasonCode.JURISDICTION_NOT_ENABLED,)
    british = replace(facts(), number=PhoneNumber("+442079460123", "GB", ("Europe/London",)))
    answer = decide(british, RULESET, NOON)
    assert isinstance(answer, Refused)
    assert answer.primary is ReasonCode.INVALID_NUMBER


def test_no_attempt_at_all_allowed_is_no_matter_of_time() -> None:
    answer = decide(replace(facts(), attempts_per_day=0), RULESET, NOON)
    assert isinstance(answer, Refused)
    assert (answer.primary, answer.next_allowed_at) == (ReasonCode.FREQ_CAP, None)


def test_a_ruleset_not_yet_in_force_allows_nothing_until_it_is() -> None:
    before = Instant(RULESET.effective_from - HOUR_MS)
    answer = decide(facts(), RULESET, before)
    assert isinstance(answer, Refused)
    assert ReasonCode.DATA_MISSING in answer.codes
    assert answer.next_allowed_at is not None
    assert answer.next_allowed_at >= RULESET.effective_from
    assert isinstance(decide(facts(), RULESET, answer.next_allowed_at), Allowed)
