"""The next lawful instant where several rules about hours are closed at once, found by looking at
every quarter of an hour."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from dialer.compliance.facts import Facts
from dialer.compliance.law_files import load_law
from dialer.compliance.location import locate_raw
from dialer.compliance.screening import decide
from dialer.model.campaigns import CallingHours
from dialer.model.instant import MINUTE_MS, Instant, instant_of
from dialer.model.screening import Allowed, CallMode, Purpose, Refused
from dialer.simulator.lists import empty_lists

LAW = load_law()
QUARTER_MS = 15 * MINUTE_MS

FRIDAYS = CallingHours((None, None, None, None, (600, 1020), None, None))
EVENINGS = CallingHours(tuple((1140, 1260) for _ in range(7)))
SUNDAYS = CallingHours((None, None, None, None, None, None, (600, 1200)))


def facts(phone: str, hours: CallingHours, now: Instant) -> Facts:
    return Facts(
        place=locate_raw(phone),
        seller="Sample Seller",
        mode=CallMode.PREVIEW,
        purpose=Purpose.SALES,
        hours=hours,
        end_guard_ms=22_000,
        lists=tuple(each.version for each in empty_lists(LAW, now)),
    )


def at(text: str) -> Instant:
    return instant_of(datetime.fromisoformat(text).replace(tzinfo=UTC))


@pytest.mark.parametrize(
    ("phone", "hours", "now", "days"),
    [
        # Louisiana bans holidays, and two Fridays in a row are: more than a fortnight is skipped.
        ("+15045550123", FRIDAYS, "2026-12-19T03:00", 22),
        ("+15045550123", EVENINGS, "2026-12-24T03:00", 6),
        ("+18505550123", EVENINGS, "2026-12-03T04:00", 1),
        ("+18085550142", FRIDAYS, "2026-12-06T08:00", 8),
        ("+12055550142", SUNDAYS, "2026-12-05T04:00", 9),
    ],
)
def test_it_is_the_first_quarter_hour_that_is_allowed(
    phone: str, hours: CallingHours, now: str, days: int
) -> None:
    asked = at(now)
    refused = decide(facts(phone, hours, asked), LAW, asked)
    assert isinstance(refused, Refused)
    every = range(asked, asked + days * 96 * QUARTER_MS, QUARTER_MS)
    known = facts(phone, hours, asked)
    first = next(
        (when for when in every if isinstance(decide(known, LAW, Instant(when)), Allowed)), None
    )
    if first is None:
        assert refused.next_allowed_at is None or refused.next_allowed_at >= every[-1]
    else:
        assert refused.next_allowed_at == first
