"""Phone numbers: whom we call and what we show."""

from __future__ import annotations

from dataclasses import dataclass


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
    """The E.164 number and the name shown to the callee (47 CFR 64.1601(e))."""

    e164: str
    name: str = ""
