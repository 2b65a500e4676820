"""The one gate: may this number be called, under these rules, at this instant?

`decide` is a function of its arguments alone, so a stored decision can be made again and must come
out the same. Every rule is looked at, so that a refusal names all that stands in the way.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dialer.compliance.attempt_limits import dials_counted, next_dial_allowed
from dialer.compliance.calling_window import (
    TZDATA_VERSION,
    ZoneUnknown,
    local_time,
    minutes_as_text,
    next_open,
    window_open,
)
from dialer.compliance.ruleset import Ruleset
from dialer.compliance.suppression import Suppressions
from dialer.model.campaigns import CallingHours, Campaign
from dialer.model.instant import MINUTE_MS, Instant, rfc3339
from dialer.model.numbers import PhoneNumber
from dialer.model.screening import Allowed, ReasonCode, Refused, Screening
from dialer.model.suppression import Suppression, SuppressionSource

_E164_US = re.compile(r"\+1[2-9][0-9]{2}[2-9][0-9]{6}")
_ORDER = {code: place for place, code in enumerate(ReasonCode)}


@dataclass(frozen=True, slots=True)
class Facts:
    """All a decision reads about one number and one campaign.

    `suppressions`: those that bind this seller (`Suppressions.find`). `recent_dials`: instants of
    dials of this number by anyone, at least of the last 24 hours and of the gap. `caller_id`: what
    would be shown; `caller_ids`: what the campaign owns. `end_guard_ms`: how long before the end of
    the hours the last call may start.
    """

    number: PhoneNumber
    seller: str
    hours: CallingHours
    suppressions: tuple[Suppression, ...]
    recent_dials: tuple[Instant, ...]
    attempts_per_day: int
    min_gap_ms: int
    caller_id: str
    caller_ids: tuple[str, ...]
    end_guard_ms: int

    @classmethod
    def of(
        cls,
        campaign: Campaign,
        number: PhoneNumber,
        suppressions: Suppressions,
        recent_dials: Sequence[Instant],
        caller_id: str,
    ) -> Facts:
        """The facts about a number in a campaign that would show `caller_id`."""
        return cls(
            number=number,
            seller=campaign.seller,
            hours=campaign.hours,
            suppressions=suppressions.find(number.e164, campaign.seller),
            recent_dials=tuple(recent_dials),
            attempts_per_day=campaign.attempts_per_day,
            min_gap_ms=campaign.min_gap_ms,
            caller_id=caller_id,
            caller_ids=tuple(caller.e164 for caller in campaign.caller_ids),
            end_guard_ms=campaign.ring_timeout_ms,
        )


@dataclass(frozen=True, slots=True)
class _Failure:
    """A rule that says no. `passes_with_time`: waiting mends it."""

    code: ReasonCode
    explain: str
    passes_with_time: bool = False


def decide(facts: Facts, ruleset: Ruleset, now: Instant) -> Screening:
    """Allowed, or refused with every failing rule; the primary one comes first in ReasonCode.

    `next_allowed_at` of a refusal is the earliest instant from `now` on at which the same facts are
    allowed, None if no passing of time mends a failing rule.
    """
    failures = sorted(_failures(facts, ruleset, now), key=lambda failure: _ORDER[failure.code])
    if not failures:
        return Allowed(ruleset.label, TZDATA_VERSION, _why_allowed(facts, ruleset, now))
    next_allowed_at = None
    if all(failure.passes_with_time for failure in failures):
        next_allowed_at = _next_allowed(facts, ruleset, now)
    sentences = [failure.explain for failure in failures]
    if next_allowed_at is not None:
        sentences.append(f"Next allowed {_clocks(facts.number.zones, next_allowed_at)}.")
    return Refused(
        codes=tuple(dict.fromkeys(failure.code for failure in failures)),
        explain=" ".join(sentences),
        next_allowed_at=next_allowed_at,
        ruleset=ruleset.label,
        tzdata=TZDATA_VERSION,
    )


def _failures(facts: Facts, ruleset: Ruleset, now: Instant) -> Iterator[_Failure]:
    yield from _number_failures(facts.number, ruleset)
    yield from (_suppressed(suppression, ruleset) for suppression in facts.suppressions)
    yield from _hours_failures(facts, ruleset, now)
    yield from _limit_failures(facts, now)
    yield from _showing_failures(facts, ruleset)
    if now < ruleset.effective_from:
        yield _Failure(
            ReasonCode.DATA_MISSING,
            f"Ruleset {ruleset.id} is in force only from {rfc3339(ruleset.effective_from)}.",
            passes_with_time=True,
        )


def _number_failures(number: PhoneNumber, ruleset: Ruleset) -> Iterator[_Failure]:
    if not _E164_US.fullmatch(number.e164):
        yield _Failure(
            ReasonCode.INVALID_NUMBER,
            f"{number.e164!r} is no US number in E.164 (+1 and ten digits).",
        )
    if number.region not in ruleset.regions:
        yield _Failure(
            ReasonCode.JURISDICTION_NOT_ENABLED,
            f"The number belongs to {number.region or 'no known country'}, and ruleset "
            f"{ruleset.id} covers {', '.join(sorted(ruleset.regions))} only "
            f"({ruleset.cite('numbers')}).",
        )


def _suppressed(suppression: Suppression, ruleset: Ruleset) -> _Failure:
    since = rfc3339(suppression.since)[:10]
    if suppression.source is SuppressionSource.NATIONAL:
        return _Failure(
            ReasonCode.NATIONAL_DNC,
            f"The number is on the national do-not-call list {suppression.list_name!r}, copy of "
            f"{since} ({ruleset.cite('national_list')}).",
        )
    asked = (
        f"The person asked on {since} not to be called"
        if suppression.source is SuppressionSource.REQUEST
        else f"The number is on our do-not-call list {suppression.list_name!r}, copy of {since}"
    )
    return _Failure(ReasonCode.INTERNAL_DNC, f"{asked} ({ruleset.cite('internal_list')}).")


def _hours_failures(facts: Facts, ruleset: Ruleset, now: Instant) -> Iterator[_Failure]:
    zones, lawful = facts.number.zones, ruleset.calling_hours
    cite = ruleset.cite("calling_hours")
    try:
        if window_open(zones, facts.hours, now, facts.end_guard_ms, lawful):
            return
        opens = next_open(zones, facts.hours, now, facts.end_guard_ms, lawful)
    except ZoneUnknown as error:
        yield _Failure(
            ReasonCode.TZ_UNKNOWN,
            f"The time zone {error.args[0]!r} is not in the zone data {TZDATA_VERSION}, so no hour "
            f"is known to be lawful ({cite}).",
        )
        return
    if not zones:
        yield _Failure(
            ReasonCode.TZ_UNKNOWN,
            f"No time zone is known for the number, so no hour is known to be lawful ({cite}).",
        )
        return
    allowed = (
        f"the law allows {minutes_as_text(lawful[0])}-{minutes_as_text(lawful[1])} there ({cite}), "
        f"the campaign {_campaign_hours(facts, now)}{_guard(facts)}"
    )
    if opens is None:
        yield _Failure(
            ReasonCode.OUTSIDE_HOURS,
            f"No hour of the year is open in all of {', '.join(zones)}: {allowed}.",
        )
    else:
        yield _Failure(
            ReasonCode.OUTSIDE_HOURS,
            f"Outside calling hours, it is {_clocks(zones, now)}: {allowed}.",
            passes_with_time=True,
        )


def _limit_failures(facts: Facts, now: Instant) -> Iterator[_Failure]:
    allowed_at = next_dial_allowed(
        facts.recent_dials, facts.attempts_per_day, facts.min_gap_ms, now
    )
    if allowed_at == now:
        return
    newest = f", the last at {rfc3339(max(facts.recent_dials))}" if facts.recent_dials else ""
    yield _Failure(
        ReasonCode.FREQ_CAP,
        f"Dialled {dials_counted(facts.recent_dials, now)} times in 24 hours{newest}; the campaign "
        f"allows {facts.attempts_per_day}, at least {_length(facts.min_gap_ms)} apart.",
        passes_with_time=allowed_at is not None,
    )


def _showing_failures(facts: Facts, ruleset: Ruleset) -> Iterator[_Failure]:
    if facts.caller_id not in facts.caller_ids:
        yield _Failure(
            ReasonCode.CALLER_ID_NOT_AUTHORISED,
            f"The campaign does not own the caller id {facts.caller_id!r} "
            f"({ruleset.cite('caller_id')}).",
        )
    if not facts.seller.strip():
        yield _Failure(
            ReasonCode.DATA_MISSING,
            "No seller is named, so requests not to be called cannot be looked up "
            f"({ruleset.cite('internal_list')}).",
        )


def _next_allowed(facts: Facts, ruleset: Ruleset, now: Instant) -> Instant | None:
    """Limits and effective date, once passed, stay passed; so the first open instant after them is
    the earliest one for all."""
    after_limits = next_dial_allowed(
        facts.recent_dials, facts.attempts_per_day, facts.min_gap_ms, now
    )
    if after_limits is None:
        return None
    return next_open(
        facts.number.zones,
        facts.hours,
        max(after_limits, ruleset.effective_from),
        facts.end_guard_ms,
        ruleset.calling_hours,
    )


def _why_allowed(facts: Facts, ruleset: Ruleset, now: Instant) -> str:
    lawful = ruleset.calling_hours
    return (
        f"It is {_clocks(facts.number.zones, now)}, within "
        f"{minutes_as_text(lawful[0])}-{minutes_as_text(lawful[1])} "
        f"({ruleset.cite('calling_hours')}) and the campaign's {_campaign_hours(facts, now)}"
        f"{_guard(facts)}; on no do-not-call list; dialled "
        f"{dials_counted(facts.recent_dials, now)} of {facts.attempts_per_day} times in 24 hours; "
        f"caller id {facts.caller_id} is the campaign's."
    )


def _campaign_hours(facts: Facts, now: Instant) -> str:
    """The campaign's hours of the local day, of each where the zones disagree on the date."""
    days = dict.fromkeys(local_time(zone, now).weekday() for zone in facts.number.zones)
    return " or ".join(_hours_text(facts.hours.days[day]) for day in days)


def _hours_text(window: tuple[int, int] | None) -> str:
    if window is None:
        return "no calls that day"
    return f"{minutes_as_text(window[0])}-{minutes_as_text(window[1])}"


def _guard(facts: Facts) -> str:
    return f" less {_length(facts.end_guard_ms)} for ringing" if facts.end_guard_ms else ""


def _clocks(zones: Sequence[str], at: Instant) -> str:
    return ", ".join(f"{local_time(zone, at):%a %Y-%m-%d %H:%M} in {zone}" for zone in zones)


def _length(length_ms: int) -> str:
    if length_ms % MINUTE_MS:
        return f"{length_ms / 1_000:g} s"
    return f"{length_ms // MINUTE_MS} min"
