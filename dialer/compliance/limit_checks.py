"""How often and how soon again: the caps of the law, the operator's own, and rest after a drop."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dialer.compliance.checks import Case, cite, length_text
from dialer.compliance.law import CapRule, CooldownRule
from dialer.model.instant import Instant, rfc3339
from dialer.model.records import PastAttempt
from dialer.model.screening import ReasonCode, RuleCheck
from dialer.model.suppression import plain_name

OWN_GAP = "own/gap"
OWN_COOLDOWN = "own/cooldown"


def counted(case: Case) -> list[Instant]:
    """Attempts that count against a cap: this seller's about this subject. One whose seller or
    subject is not known counts: it may be."""
    seller, subject = plain_name(case.facts.seller), plain_name(case.facts.subject)
    return [
        attempt.at
        for attempt in case.facts.attempts
        if _same(attempt.seller, seller) and (not subject or _same(attempt.subject, subject))
    ]


def _same(name: str, wanted: str) -> bool:
    return not name or plain_name(name) == wanted


def free_from(attempts: Sequence[Instant], limit: int, window_ms: int, now: Instant) -> Instant:
    """The earliest instant from `now` on with a free slot: fewer than `limit` (1 or more) attempts
    in (t - window, t] or later. One that seems to lie ahead counts: a clock that was set back frees
    nobody."""
    if len(attempts) < limit:
        return now
    return max(now, Instant(sorted(attempts, reverse=True)[limit - 1] + window_ms))


def cap_checks(case: Case) -> Iterator[RuleCheck]:
    """The law's caps."""
    attempts = counted(case) if case.facts.attempts else []
    for rule in case.law.caps:
        full = free_from(attempts, rule.limit, rule.window_ms, case.now) > case.now
        lifted = case.lifts(rule) if full else ()
        yield RuleCheck(
            rule.name,
            ReasonCode.FREQ_CAP,
            not full or bool(lifted),
            {"attempts": len(attempts), "limit": rule.limit, "window_ms": rule.window_ms},
            lifted,
            _called_too_often(rule) if full else "",
        )


def _called_too_often(rule: CapRule) -> str:
    return (
        f"The person was called {rule.limit} times or more in {length_text(rule.window_ms)} by "
        f"this seller about this subject; {rule.limit} are allowed {cite(rule)}."
    )


def own_checks(case: Case) -> Iterator[RuleCheck]:
    """The operator's own limits."""
    facts = case.facts
    for cap in facts.own_caps:
        attempts = own_counted(facts.attempts, facts.caller_id if cap.per_caller_id else None)
        full = cap.limit < 1 or free_from(attempts, cap.limit, cap.window_ms, case.now) > case.now
        yield RuleCheck(
            f"own/{cap.name}",
            ReasonCode.FREQ_CAP,
            not full,
            {"attempts": len(attempts), "limit": cap.limit, "window_ms": cap.window_ms},
            (),
            f"Called {len(attempts)} times; our own limit is {cap.limit} in "
            f"{length_text(cap.window_ms)}."
            if full
            else "",
        )
    if facts.min_gap_ms:
        newest = max((attempt.at for attempt in facts.attempts), default=None)
        early = newest is not None and newest + facts.min_gap_ms > case.now
        yield RuleCheck(
            OWN_GAP,
            ReasonCode.FREQ_CAP,
            not early,
            {"last_at": newest, "min_gap_ms": facts.min_gap_ms},
            (),
            f"Called last at {rfc3339(newest)}; we wait {length_text(facts.min_gap_ms)} between "
            "two calls."
            if early and newest is not None
            else "",
        )


def own_counted(attempts: Sequence[PastAttempt], caller_id: str | None) -> list[Instant]:
    """Attempts that count against an operator's cap: all, or those that showed this caller id."""
    return [a.at for a in attempts if caller_id is None or _same(a.caller_id, caller_id)]


def cooldown_checks(case: Case) -> Iterator[RuleCheck]:
    """How long a person who was dropped is left in peace."""
    for rule in case.law.cooldowns:
        yield _cooldown_check(case, rule.name, rule.after_ms, rule)
    if case.facts.own_cooldown_ms:
        yield _cooldown_check(case, OWN_COOLDOWN, case.facts.own_cooldown_ms, None)


def _cooldown_check(case: Case, name: str, after_ms: int, rule: CooldownRule | None) -> RuleCheck:
    facts = case.facts
    newest = max(facts.drops, default=None)
    inputs = {"dropped_at": newest, "agent_reserved": facts.agent_reserved}
    if newest is None or newest + after_ms <= case.now or facts.agent_reserved:
        return RuleCheck(name, ReasonCode.ABANDON_COOLDOWN, True, inputs)
    return RuleCheck(
        name,
        ReasonCode.ABANDON_COOLDOWN,
        False,
        inputs,
        (),
        f"The person was dropped at {rfc3339(newest)}: no call for {length_text(after_ms)}, "
        f"unless an agent is reserved for it{' ' + cite(rule) if rule else ''}.",
    )
