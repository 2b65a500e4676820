"""Answers to people's questions: values that pages and commands print."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from dialer.model.audit_reports import Decided
from dialer.model.instant import Instant
from dialer.model.leads import RejectedRow


class Role(StrEnum):
    """What a user may open. ADMIN may open everything."""

    AGENT = "AGENT"
    MANAGER = "MANAGER"
    COMPLIANCE = "COMPLIANCE"
    ADMIN = "ADMIN"


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who can sign in."""

    name: str
    display_name: str
    role: Role


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of a lead file. `duplicates` were in the campaign already (also in `rejected`).
    `refusals_file` is where the refused rows were written ("" where none were)."""

    campaign: str
    file: str
    rows: int
    loaded: int
    duplicates: int
    rejected: tuple[RejectedRow, ...]
    refusals_file: str = ""


@dataclass(frozen=True, slots=True)
class RefusalRow:
    """A lead or row that was not called: from a file (`line`, no lead) or from screening."""

    line: int
    list_name: str
    value: str
    code: str
    explain: str
    at: Instant


@dataclass(frozen=True, slots=True)
class CampaignReport:
    """A campaign's figures, projected from the journal. Times in ms; shares in 0..1.

    `answered` counts 200 OK; `live` those a person (or in doubt: unsure) answered; `machines`
    machine and fax verdicts; `connected` bridged; `dropped` live answers without an agent in time;
    `refused` counts leads by the primary code of their newest refusal, where that still stands.
    """

    campaign: str
    leads: int
    leads_rejected: int
    refused: Mapping[str, int]
    dials: int
    answered: int
    live: int
    machines: int
    connected: int
    dropped: int
    dispositions: Mapping[str, int]
    causes: Mapping[str, int]
    talk_ms: int
    verdict_to_agent_ms: tuple[int, ...]
    leads_open: int
    leads_done: int

    @property
    def drop_rate(self) -> float:
        return self.dropped / self.live if self.live else 0.0


@dataclass(frozen=True, slots=True)
class NumberCheck:
    """`dialer dnc check` and the compliance page: may this number be called now, and its history.

    `verdict` is "ALLOW" or "DENY"; `codes` and `explain` as in `Refused`; `local_times` are
    (zone, local time) pairs; `lists` names each suppression found. `decided`: every rule looked
    at, None where there was nothing to decide about.
    """

    raw: str
    e164: str
    verdict: str
    codes: tuple[str, ...]
    explain: str
    local_times: tuple[tuple[str, str], ...]
    lists: tuple[str, ...]
    next_allowed_at: Instant | None
    history: tuple[str, ...]
    decided: Decided | None = None
