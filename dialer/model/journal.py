"""What is written down: append-only truth for audit, reports and recovery."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from dialer.model.calls import AttemptId
from dialer.model.instant import Instant

JsonValue = str | int | float | bool | None | list["JsonValue"] | dict[str, "JsonValue"]


class EntryKind(StrEnum):
    """Kinds of journal entry; the docstring of each names the keys of its `data`.

    Where an entry moves a lead, `data` carries `lead_state` (LeadState), `next_eligible_at`
    (Instant or null) and `order_key` (int), and the store applies them in the same transaction.
    """

    LIST_IMPORTED = "LIST_IMPORTED"
    """list, sha256, rows, loaded, rejected, duplicates."""
    CAMPAIGN_CHANGED = "CAMPAIGN_CHANGED"
    """state, by."""
    REFUSED = "REFUSED"
    """stage (bulk | dial), codes, explain, next_allowed_at, ruleset, tzdata; moves the lead."""
    DIAL_INTENDED = "DIAL_INTENDED"
    """caller_id, trunk, mode, ruleset, tzdata, explain. Committed before the call is placed."""
    BRIDGED = "BRIDGED"
    """verdict_to_agent_ms, answer_to_agent_ms."""
    ATTEMPT_ENDED = "ATTEMPT_ENDED"
    """disposition, cause, blame, status, q850, reason, times {state: Instant}, answered, live,
    dropped, verdict {...} or null, talk_ms; moves the lead. Exactly one per attempt."""
    DISPOSED = "DISPOSED"
    """disposition, notes, callback_at; moves the lead. The agent's choice refines the attempt's
    disposition, never its times."""
    SUPPRESSED = "SUPPRESSED"
    """source, list, seller, channel. In force when committed."""
    AGENT_CHANGED = "AGENT_CHANGED"
    """state, reason."""
    USER_CHANGED = "USER_CHANGED"
    """user, role, change (added, password_changed, removed, signed_in, refused)."""
    SERVICE_CHANGED = "SERVICE_CHANGED"
    """change (started, draining, stopped, clock), and what it concerned."""
    ALARM = "ALARM"
    """text."""


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One fact, before it is chained."""

    kind: EntryKind
    at: Instant
    campaign: str = ""
    lead_id: int | None = None
    attempt_id: AttemptId | None = None
    number: str = ""
    agent: str = ""
    data: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """A chained entry: `hash` = SHA-256 over the canonical JSON of seq, clock shift, entry and
    `prev_hash`. `clock_shift_ms` is non-zero for ever where the service clock was shifted."""

    seq: int
    entry: JournalEntry
    clock_shift_ms: int
    prev_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class Verification:
    """The chain's check: `verified` and how many entries, or the first bad one and why."""

    verified: bool
    entries: int
    first_bad_seq: int | None = None
    why: str = ""
