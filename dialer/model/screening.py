"""The gate's answer: a named value that carries its reason, never a bare bool."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from dialer.model.instant import Instant


class ReasonCode(StrEnum):
    """Why a number may not be called. The first failing one in this order is the primary code."""

    INVALID_NUMBER = "INVALID_NUMBER"
    NON_GEOGRAPHIC = "NON_GEOGRAPHIC"
    JURISDICTION_NOT_ENABLED = "JURISDICTION_NOT_ENABLED"
    INTERNAL_DNC = "INTERNAL_DNC"
    NATIONAL_DNC = "NATIONAL_DNC"
    TZ_UNKNOWN = "TZ_UNKNOWN"
    OUTSIDE_HOURS = "OUTSIDE_HOURS"
    FREQ_CAP = "FREQ_CAP"
    CALLER_ID_NOT_AUTHORISED = "CALLER_ID_NOT_AUTHORISED"
    DATA_MISSING = "DATA_MISSING"


@dataclass(frozen=True, slots=True)
class Allowed:
    """The number may be called at the instant asked about, under `ruleset`."""

    ruleset: str
    tzdata: str
    explain: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """The number may not be called. `codes` holds every failing rule, the primary one first.

    `next_allowed_at` is the earliest instant at which every failing rule passes, or None where
    no passing of time mends it: the lead leaves the campaign. `explain` is in plain words, with
    the citation.
    """

    codes: tuple[ReasonCode, ...]
    explain: str
    next_allowed_at: Instant | None
    ruleset: str
    tzdata: str

    @property
    def primary(self) -> ReasonCode:
        return self.codes[0]


Screening = Allowed | Refused
