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
