"""A campaign's month of dropped calls, computed from its ended attempts.

Kept to show compliance (16 CFR 310.4(b)(4)(iv); 47 CFR 64.1200(a)(7)(iii)). Days, months and
30-day periods are UTC. An answer counts at the instant of the answer, as in the drop account.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime

from dialer.compliance.drop_rate import DROP_WINDOW_MS, lawful_until
from dialer.compliance.law import DropRule, RingRule, Ruleset
from dialer.model.calls import Cause
from dialer.model.drop_reports import AttemptOutcome, DropFigure, DropLine, DropSheet, RingBreach
from dialer.model.instant import DAY_MS, HOUR_MS, Instant, instant_of, utc

LONGEST_TO_ANSWER_MS = HOUR_MS
"""An attempt is answered, or not, within less than that of its dial."""

FALSE_POSITIVES = (
    "How many people the detector takes for machines is not measured in service yet, so no "
    "estimate is added to the drops; regulators who ask for one (Ofcom) need it beside this sheet."
)

_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")
_OURS = (0, 487)
"""Statuses of an unanswered call that we took back: none was waited for, or the INVITE's final one
(RFC 3261 section 15.1.2)."""


def month_bounds(month: str) -> tuple[Instant, Instant]:
    """The first instant of a month such as `2026-12`, and of the next. Raises ValueError."""
    match = _MONTH.fullmatch(month)
    if match is None or int(match[1]) < 1970:
        raise ValueError("a month is written 2026-12")
    year, number = int(match[1]), int(match[2])
    following = (year + 1, 1) if number == 12 else (year, number + 1)
    if following[0] > 9999:
        raise ValueError("a month is written 2026-12")
    return (
        instant_of(datetime(year, number, 1, tzinfo=UTC)),
        instant_of(datetime(*following, 1, tzinfo=UTC)),
    )


def needed_outcomes(month: str) -> tuple[Instant, Instant]:
    """Between which instants the attempts were dialled that `drop_sheet` has to be given."""
    start, end = month_bounds(month)
    return (
        Instant(start - DROP_WINDOW_MS - LONGEST_TO_ANSWER_MS),
        Instant(end + DROP_WINDOW_MS),
    )


def sheet_rules(
    ruleset: Ruleset, enabled: Collection[str], at: Instant
) -> tuple[float | None, int]:
    """The lowest ceiling of drops (None: no rule sets one) and the longest least ringing, of the
    enabled countries' rules in force at `at`."""
    codes = {code for code in enabled if code in ruleset.jurisdictions}
    codes |= {also for code in codes for also in ruleset.jurisdictions[code].also}
    rows = [
        rule
        for code in codes
        for rule in ruleset.jurisdictions[code].rules
        if rule.effective_from <= utc(at).date()
        and (rule.effective_to is None or utc(at).date() < rule.effective_to)
    ]
    ceilings = [rule.ceiling for rule in rows if isinstance(rule, DropRule)]
    rings = [rule.minimum_ms for rule in rows if isinstance(rule, RingRule)]
    return min(ceilings, default=None), max(rings, default=0)


def drop_sheet(
    campaign: str,
    month: str,
    outcomes: Sequence[AttemptOutcome],
    *,
    ceiling: float,
    ring_minimum_ms: int,
    first_dial: Instant | None,
    now: Instant,
) -> DropSheet:
    """The sheet of a month. Raises ValueError for what is no month."""
    start, end = month_bounds(month)
    answers = _Answers(outcomes)
    ours = [each for each in outcomes if start <= each.dialled_at < end]
    drops = sorted(
        (each for each in outcomes if each.dropped and start <= _counted_at(each) < end),
        key=_counted_at,
    )
    return DropSheet(
        campaign=campaign,
        month=month,
        ceiling=ceiling,
        complete=now >= end,
        figure=answers.between(start, end),
        days=tuple(
            figure
            for day in range(start, end, DAY_MS)
            if (figure := answers.between(day, day + DAY_MS)).live
        ),
        rolling=answers.worst(start, end, DROP_WINDOW_MS),
        day_worst=answers.worst(start, end, DAY_MS),
        fixed=tuple(_fixed(answers, first_dial, start, end)),
        drops=tuple(map(_drop_line, drops)),
        ring_minimum_ms=ring_minimum_ms,
        ring_breaches=tuple(_ring_breaches(ours, ring_minimum_ms)),
        false_positives=FALSE_POSITIVES,
    )


def _counted_at(outcome: AttemptOutcome) -> Instant:
    return outcome.answered_at if outcome.answered_at is not None else outcome.ended_at


class _Answers:
    """Live answers in order, with those dropped among them."""

    def __init__(self, outcomes: Sequence[AttemptOutcome]) -> None:
        live = [each for each in outcomes if each.live]
        self._live = sorted(_counted_at(each) for each in live)
        self._dropped = sorted(_counted_at(each) for each in live if each.dropped)

    def between(self, since: int, until: int) -> DropFigure:
        """Answers at `since` or later and before `until`."""
        return DropFigure(
            Instant(since),
            Instant(until),
            bisect_left(self._live, until) - bisect_left(self._live, since),
            bisect_left(self._dropped, until) - bisect_left(self._dropped, since),
        )

    def worst(self, start: Instant, end: Instant, window_ms: int) -> DropFigure | None:
        """The highest rate of any `window_ms` that ends within [start, end), the first of equals;
        None without a live answer in them all. The rate changes only where an answer comes or
        leaves the window, so only there it is looked at."""
        instants = {start}
        instants.update(at for at in self._live if start <= at < end)
        instants.update(
            Instant(at + window_ms) for at in self._live if start <= at + window_ms < end
        )
        worst: DropFigure | None = None
        for at in sorted(instants):
            # (at - window, at]: as the drop account counts.
            figure = self.between(at - window_ms + 1, at + 1)
            if figure.live and (worst is None or figure.rate > worst.rate):
                worst = figure
        return worst


def _fixed(
    answers: _Answers, first_dial: Instant | None, start: Instant, end: Instant
) -> Iterator[DropFigure]:
    if first_dial is None:
        return
    origin = first_dial - first_dial % DAY_MS
    since = origin + max(0, (start - origin) // DROP_WINDOW_MS) * DROP_WINDOW_MS
    for at in range(since, end, DROP_WINDOW_MS):
        yield answers.between(at, at + DROP_WINDOW_MS)


def _drop_line(outcome: AttemptOutcome) -> DropLine:
    at = _counted_at(outcome)
    late: int | None = None
    if outcome.message_at is not None:
        verdict_at = outcome.verdict_at if outcome.verdict_at is not None else at
        lawful = lawful_until(at, outcome.greeting_ended_at, verdict_at)
        late = max(0, outcome.message_at - lawful)
    return DropLine(outcome.attempt_id, at, late, outcome.bridged_at is not None)


def _ring_breaches(outcomes: Sequence[AttemptOutcome], minimum_ms: int) -> Iterator[RingBreach]:
    """Unanswered calls we gave up early, whoever asked for that. Where the trunk never said that it
    rings, the time since the dial stands for it: it cannot have rung longer."""
    for each in outcomes:
        ours = each.cause in (Cause.CANCELLED, Cause.SUPPRESSED) or (
            each.cause == Cause.NO_ANSWER and each.status in _OURS
        )
        if not ours or not each.placed or each.answered_at is not None:
            continue
        began = each.ringing_at if each.ringing_at is not None else each.dialled_at
        rang_ms = max(0, each.ended_at - began)
        if rang_ms < minimum_ms:
            yield RingBreach(each.attempt_id, each.dialled_at, rang_ms, each.cause)
