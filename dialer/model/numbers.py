"""Phone numbers: whom we call and what we show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """A number to call: E.164 (`+12125550123`), its country and every IANA zone it may be in.

    `zones` is never empty and sorted: a number is evidence of a place, not proof, so a calling
    window must be open in all of them.
    """

    e164: str
    region: str
    zones: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CallerId:
    """The E.164 number and the name shown to the callee (47 CFR 64.1601(e)).

    `proof`: the contract that gives the right to show it; `valid_from` and `valid_to`: its first
    and last day (16 CFR 310.5(a)(2)(ix)), None where it has none.
    """

    e164: str
    name: str = ""
    proof: str = ""
    valid_from: date | None = None
    valid_to: date | None = None

    def valid_on(self, day: date) -> bool:
        """Whether the right to show it holds on that day."""
        begun = self.valid_from is None or self.valid_from <= day
        return begun and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True)
class CallerIdLimits:
    """How often one caller id may be shown, over all campaigns: in any 24 hours, in any hour, and
    the shortest time between two calls. None and 0: as often as one likes."""

    per_day: int | None = None
    per_hour: int | None = None
    gap_ms: int = 0


NO_LIMITS = CallerIdLimits()
"""As often as one likes."""
