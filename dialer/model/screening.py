"""The gate's answer: a named value that carries its reason, never a bare bool."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from dialer.model.instant import Instant
from dialer.model.journal import JsonValue


class ReasonCode(StrEnum):
    """Why a number may not be called. The first failing one in this order is the primary code."""

    INVALID_NUMBER = "INVALID_NUMBER"
    NON_GEOGRAPHIC = "NON_GEOGRAPHIC"
    JURISDICTION_NOT_ENABLED = "JURISDICTION_NOT_ENABLED"
    STATE_EMERGENCY = "STATE_EMERGENCY"
    INTERNAL_DNC = "INTERNAL_DNC"
    CONSENT_REVOKED = "CONSENT_REVOKED"
    LITIGATOR = "LITIGATOR"
    REASSIGNED = "REASSIGNED"
    RND_NO_DATA = "RND_NO_DATA"
    REGISTRY_STALE = "REGISTRY_STALE"
    NATIONAL_DNC = "NATIONAL_DNC"
    STATE_DNC = "STATE_DNC"
    CONSENT_REQUIRED = "CONSENT_REQUIRED"
    TZ_UNKNOWN = "TZ_UNKNOWN"
    HOLIDAY_BAN = "HOLIDAY_BAN"
    SUNDAY_BAN = "SUNDAY_BAN"
    OUTSIDE_HOURS = "OUTSIDE_HOURS"
    FREQ_CAP = "FREQ_CAP"
    ABANDON_COOLDOWN = "ABANDON_COOLDOWN"
    ABANDON_RATE = "ABANDON_RATE"
    CALLER_ID_NOT_AUTHORISED = "CALLER_ID_NOT_AUTHORISED"
    DATA_MISSING = "DATA_MISSING"


WITH_TIME = frozenset(
    {
        ReasonCode.HOLIDAY_BAN,
        ReasonCode.SUNDAY_BAN,
        ReasonCode.OUTSIDE_HOURS,
        ReasonCode.FREQ_CAP,
        ReasonCode.ABANDON_COOLDOWN,
    }
)
"""Reasons that waiting mends."""


class Exemption(StrEnum):
    """What may lift a rule: consent (PEWC: signed and written; PEC: prior express) or an
    established business relationship (47 CFR 64.1200(f)(5), (f)(9))."""

    EBR_TRANSACTION = "EBR_TRANSACTION"
    EBR_INQUIRY = "EBR_INQUIRY"
    PEWC = "PEWC"
    PEC = "PEC"


class Purpose(StrEnum):
    """What a campaign calls for. SALES: telephone solicitation. BUSINESS: to businesses."""

    SALES = "SALES"
    INFORMATIONAL = "INFORMATIONAL"
    BUSINESS = "BUSINESS"


class CallMode(StrEnum):
    """How a call is made, as rules tell calls apart: the campaigns' dial modes, and RECORDED, a
    recorded or artificial voice with no agent."""

    PREVIEW = "PREVIEW"
    PROGRESSIVE = "PROGRESSIVE"
    PREDICTIVE = "PREDICTIVE"
    RECORDED = "RECORDED"


class RuleCheck(NamedTuple):
    """One rule looked at in one decision.

    `rule` is `JURISDICTION/id` as in the ruleset files. `code` is what failing it means. `inputs`
    are the values it read. `lifted_by`: the exemptions that let it pass though its condition was
    met. `explain` is in plain words with the citation; empty where the rule simply passed.
    """

    rule: str
    code: ReasonCode
    passed: bool
    inputs: Mapping[str, JsonValue]
    lifted_by: tuple[Exemption, ...] = ()
    explain: str = ""


@dataclass(frozen=True, slots=True)
class Allowed:
    """The number may be called at the instant asked about, under `ruleset`.

    `jurisdictions` are ISO 3166 codes (`US`, `US-FL`); `approvals` names the loosened rules that
    decided with, each `rule: who, why`.
    """

    ruleset: str
    tzdata: str
    explain: str = ""
    checks: tuple[RuleCheck, ...] = ()
    exemptions: tuple[Exemption, ...] = ()
    jurisdictions: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    approvals: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """The number may not be called. `codes` holds every failing rule's code, the primary one first.

    `next_allowed_at` is the earliest instant at which the same facts are allowed, or None where no
    passing of time mends it. `explain` is in plain words, with the citations.
    """

    codes: tuple[ReasonCode, ...]
    explain: str
    next_allowed_at: Instant | None
    ruleset: str
    tzdata: str
    checks: tuple[RuleCheck, ...] = ()
    exemptions: tuple[Exemption, ...] = ()
    jurisdictions: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    approvals: tuple[str, ...] = ()

    @property
    def primary(self) -> ReasonCode:
        return self.codes[0]


Screening = Allowed | Refused
