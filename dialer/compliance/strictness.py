"""Is one row at least as strict as another? Field by field, and in doubt it is not.

A row is at least as strict if every call it allows, the other would have allowed too. What cannot
be compared (another list, a drop rate over another time) counts as loosened.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dialer.compliance.calling_window import DayWindow
from dialer.compliance.law import (
    CapRule,
    ConsentRule,
    CooldownRule,
    DropRule,
    EbrRule,
    HoursRule,
    InternalRule,
    ListRule,
    PortRule,
    RevocationRule,
    RingRule,
    Rule,
)
from dialer.model.records import LineType
from dialer.model.screening import Exemption


def loosened(old: Rule, new: Rule) -> tuple[str, ...]:
    """What `new` allows more than `old`, in words; empty if it is at least as strict.

    The dates are not compared: the caller compares rows over the same days.
    """
    if type(old) is not type(new):
        return ("it is another kind of row",)
    return (*_scope(old, new), *_figures(old, new))


def within(inner: DayWindow | None, outer: DayWindow | None) -> bool:
    """Whether every minute of `inner` is one of `outer`; None has none."""
    if inner is None:
        return True
    return outer is not None and outer[0] <= inner[0] and inner[1] <= outer[1]


def holiday_window(rule: HoursRule, weekday: int) -> DayWindow | None:
    """The row's window on a holiday that falls on this weekday."""
    if rule.holiday_banned:
        return None
    return rule.holiday if rule.holiday is not None else rule.days[weekday]


def _scope(old: Rule, new: Rule) -> Iterator[str]:
    if isinstance(old, EbrRule | PortRule):
        # Where such a row binds no longer, a wider one of the country may take its place.
        if (old.modes, old.purposes, old.lines) != (new.modes, new.purposes, new.lines):
            yield "it is for other calls"
    else:
        if not old.modes <= new.modes:
            yield f"it no longer binds {_named(old.modes - new.modes)} calls"
        if not old.purposes <= new.purposes:
            yield f"it no longer binds {_named(old.purposes - new.purposes)} calls"
        if not old.lines <= new.lines:
            yield f"it no longer binds calls to {_named(old.lines - new.lines)} lines"
        if (
            isinstance(old, ConsentRule)
            and old.lines != new.lines
            and len(new.lines) == len(LineType)
        ):
            # A row for some lines only asks for a fresh port file, whatever the line.
            yield "the type of line would no longer have to be known"
    if not new.lifted_by <= old.lifted_by:
        yield f"it is lifted by {', '.join(sorted(new.lifted_by - old.lifted_by))} too"


def _named(words: frozenset[str] | frozenset[object]) -> str:
    return ", ".join(sorted(str(word).lower() for word in words))


def _figures(old: Rule, new: Rule) -> Iterator[str]:
    match old, new:
        case HoursRule(), HoursRule():
            yield from _hours(old, new)
        case ListRule(), ListRule():
            yield from _other("list", old.list_key, new.list_key)
            yield from _more("max_age_days", old.max_age_days, new.max_age_days)
            yield from _more("binds_after_days", old.binds_after_days, new.binds_after_days)
        case CapRule(), CapRule():
            yield from _more("limit", old.limit, new.limit)
            yield from _less("window_hours", old.window_ms, new.window_ms)
        case ConsentRule(), ConsentRule():
            if old.needs is Exemption.PEWC and new.needs is not Exemption.PEWC:
                yield "it no longer needs written consent"
            if new.oral and not old.oral:
                yield "consent said aloud would do"
        case EbrRule(), EbrRule():
            yield from _more("transaction_months", old.transaction_months, new.transaction_months)
            yield from _more("inquiry_months", old.inquiry_months, new.inquiry_months)
        case CooldownRule(), CooldownRule():
            yield from _less("hours", old.after_ms, new.after_ms)
        case InternalRule(), InternalRule():
            yield from _more(
                "honour_business_days", old.honour_business_days, new.honour_business_days
            )
            yield from _less("retention_days", old.retention_days, new.retention_days)
        case RevocationRule(), RevocationRule():
            if not set(old.words) <= set(new.words):
                yield "some words would no longer revoke"
            if old.revokes_all and not new.revokes_all:
                yield "one revocation would no longer end every kind of call"
        case PortRule(), PortRule():
            yield from _more("grace_days", old.grace_days, new.grace_days)
        case RingRule(), RingRule():
            yield from _less("minimum_s", old.minimum_ms, new.minimum_ms)
        case DropRule(), DropRule():
            yield from _more("ceiling", old.ceiling, new.ceiling)
            yield from _more("connect_s", old.connect_ms, new.connect_ms)
            yield from _other("calendar_month", old.calendar_month, new.calendar_month)
            if not old.calendar_month:
                yield from _other("window_days", old.window_days, new.window_days)
        case _:
            return


def _hours(old: HoursRule, new: HoursRule) -> Iterator[str]:
    if not _all_within(new.days, old.days):
        yield "it opens hours that were closed"
    holidays = [(holiday_window(new, day), holiday_window(old, day)) for day in range(7)]
    if not all(within(inner, outer) for inner, outer in holidays):
        yield "it opens hours of holidays that were closed"


def _all_within(inner: Sequence[DayWindow | None], outer: Sequence[DayWindow | None]) -> bool:
    return all(within(*pair) for pair in zip(inner, outer, strict=True))


def _more(name: str, old: float, new: float) -> Iterator[str]:
    if new > old:
        yield f"{name} is raised"


def _less(name: str, old: float, new: float) -> Iterator[str]:
    if new < old:
        yield f"{name} is lowered"


def _other(name: str, old: object, new: object) -> Iterator[str]:
    if new != old:
        yield f"{name} is another"
