"""The words rules are written in: one frozen class per kind of rule, each row dated and cited.

`law_files` reads them from `rulesets/*.toml`; `screening` obeys them; nothing else knows a rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from dialer.compliance.calling_window import DayWindow
from dialer.model.records import LineType
from dialer.model.screening import CallMode, Exemption, Purpose


class Tag(StrEnum):
    """How well a row is verified: V primary text seen, S secondary source, M from memory, DISPUTED
    sources conflict or could not be checked."""

    V = "V"
    S = "S"
    M = "M"
    DISPUTED = "?"


@dataclass(frozen=True, slots=True)
class Approval:
    """Who loosened a row by an overlay, why, and when (RFC 3339)."""

    by: str
    because: str
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One row of the law.

    `jurisdiction`: ISO 3166 code, `US`, `US-FL`, `GB`. `id`: unique among its jurisdiction's rows
    that are in force on one day. `effective_to`: the first local day it no longer holds. It applies
    to calls in `modes`, for `purposes`, to `lines`; `lifted_by` are the exemptions that let a call
    pass it. `approval`: set where an officer's overlay loosened the row.
    """

    jurisdiction: str
    id: str
    citation: str
    tag: Tag
    effective_from: date
    effective_to: date | None = None
    modes: frozenset[CallMode] = frozenset(CallMode)
    purposes: frozenset[Purpose] = frozenset(Purpose)
    lines: frozenset[LineType] = frozenset(LineType)
    lifted_by: frozenset[Exemption] = frozenset()
    note: str = ""
    approval: Approval | None = None

    @property
    def name(self) -> str:
        """`US-FL/hours`, as decisions carry it."""
        return f"{self.jurisdiction}/{self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class HoursRule(Rule):
    """When calls are lawful, in the called party's local time.

    `days`: Monday first, each None (banned) or (start, end) in minutes, start inclusive, end
    exclusive. On a holiday of the jurisdiction: `holiday_banned`, else `holiday` if given, else as
    that weekday.
    """

    days: tuple[DayWindow | None, ...]
    holiday_banned: bool = False
    holiday: DayWindow | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRule(Rule):
    """A do-not-call list that must be scrubbed against.

    `list_key`: `national` or a state code. The copy may be at most `max_age_days` calendar days old
    (UTC dates); an entry binds `binds_after_days` after the list was issued.
    """

    list_key: str
    max_age_days: int
    binds_after_days: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CapRule(Rule):
    """At most `limit` placed attempts in any `window_ms`, per person, seller and subject, whatever
    caller id or campaign."""

    limit: int
    window_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentRule(Rule):
    """Calls it applies to need consent: `needs` PEWC, or PEC (which PEWC satisfies too, and consent
    said aloud unless `oral` is false)."""

    needs: Exemption
    oral: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class EbrRule(Rule):
    """How long a relationship lasts, in calendar months back from the call; 0: it never counts."""

    transaction_months: int
    inquiry_months: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyRule(Rule):
    """No calls while an emergency is declared there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CooldownRule(Rule):
    """After a dropped call nobody calls the number for `after_ms`, unless an agent is reserved."""

    after_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InternalRule(Rule):
    """Requests not to be called: the legal deadline, and how long the record must be kept."""

    honour_business_days: int
    retention_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationRule(Rule):
    """Taking consent back: `words` are those that revoke whatever else is said; `revokes_all`: one
    revocation ends every kind of call, not only the kind it was made about."""

    words: tuple[str, ...]
    revokes_all: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class PortRule(Rule):
    """A landline's port to wireless that is not in the port file yet excuses for `grace_days`."""

    grace_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RingRule(Rule):
    """An unanswered call rings at least this long."""

    minimum_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DropRule(Rule):
    """Dropped calls per live answers, at most `ceiling` over `window_days` (`calendar_month`: over
    each calendar month instead); an answer is in time within `connect_ms` of the greeting's end."""

    ceiling: float
    window_days: int
    calendar_month: bool = False
    connect_ms: int = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainRule(Rule):
    """A rule that needs no figure: `numbers`, `caller_id`, `litigator`, `reassigned`."""


@dataclass(frozen=True, slots=True)
class Holiday:
    """A dated day of a jurisdiction's set, and where it is written."""

    day: date
    name: str
    citation: str
    tag: Tag
    approval: Approval | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Jurisdiction:
    """One ruleset file. `holidays` is keyed by `date.toordinal()`. `switched_off`: holidays an
    overlay took out, kept so that decisions made without them can name the approval. `also`: codes
    of the jurisdictions whose rules bind there besides its own, as `US` does in Guam and Ohio."""

    code: str
    name: str
    version: str
    sha256: str
    enabled: bool
    rules: tuple[Rule, ...]
    holidays: Mapping[int, Holiday] = field(default_factory=dict)
    switched_off: Mapping[int, Holiday] = field(default_factory=dict)
    also: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Ruleset:
    """All jurisdictions as of one set of files and overlays; compared by identity.

    `sha256` covers every file and overlay; `overlays` are the overlay files' names in the order
    applied. `min_tzdata`: the oldest tzdata package release these rules may be applied with.
    """

    id: str
    sha256: str
    min_tzdata: str
    jurisdictions: Mapping[str, Jurisdiction]
    overlays: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """`2026.2+0123456789ab`: what screenings and the journal carry."""
        return f"{self.id}+{self.sha256[:12]}"
