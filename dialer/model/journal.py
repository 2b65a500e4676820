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
    RECORDS_IMPORTED = "RECORDS_IMPORTED"
    """kind, file, sha256, rows, loaded, known, rejected, by: records of numbers (consents and
    the like), not leads."""
    LEADS_REOPENED = "LEADS_REOPENED"
    """why, leads [ids]: leads of a campaign that were refused and may be offered again."""
    CAMPAIGN_CHANGED = "CAMPAIGN_CHANGED"
    """state, by."""
    REFUSED = "REFUSED"
    """stage (bulk | dial), codes, explain, next_allowed_at, ruleset, tzdata; moves the lead."""
    DIAL_INTENDED = "DIAL_INTENDED"
    """caller_id, caller_name, trunk, mode, seller, subject, script (its version), message (of a
    drop), screened_at, ruleset, tzdata, explain, screening {at, facts, decision}. Committed before
    the call is placed, together with the slots it takes under frequency caps."""
    BRIDGED = "BRIDGED"
    """verdict_to_agent_ms, answer_to_agent_ms."""
    ATTEMPT_ENDED = "ATTEMPT_ENDED"
    """disposition, cause, blame, status, q850, reason, times {state: Instant}, answered, live,
    dropped, verdict {...} or null, talk_ms, ring_breach {rang_ms, least_ms} or null; moves the
    lead. Exactly one per attempt."""
    DISPOSED = "DISPOSED"
    """disposition, callback_at; moves the lead. The agent's choice refines the attempt's
    disposition, never its times. Personal: notes."""
    SUPPRESSED = "SUPPRESSED"
    """source, list, seller, affiliates, channel, received_at, deadline_at (Instants or null). In
    force when committed. Personal: asked_by, evidence."""
    SUPPRESSION_LIFTED = "SUPPRESSION_LIFTED"
    """seller, requests [{source, list, seller, affiliates}]: those of the number that hold no more;
    what was journaled of them stays. Personal: because, evidence."""
    EMERGENCY_DECLARED = "EMERGENCY_DECLARED"
    """state, because. No calls into that state."""
    EMERGENCY_LIFTED = "EMERGENCY_LIFTED"
    """state, because."""
    AGENT_CHANGED = "AGENT_CHANGED"
    """state, reason."""
    USER_CHANGED = "USER_CHANGED"
    """user, role, change (added, password_changed, removed, signed_in, refused)."""
    SERVICE_CHANGED = "SERVICE_CHANGED"
    """change (started, draining, stopped, clock), and what it concerned (clock: healthy, why)."""
    ALARM = "ALARM"
    """text."""
    EXPORTED = "EXPORTED"
    """from, to (Instant or null), first_seq, last_seq, entries, sha256 (of the bundle's manifest),
    numbers (whether personal values went with it), by. A bundle of the journal left the house."""
    RULESET_IN_FORCE = "RULESET_IN_FORCE"
    """label, sha256, files [{name, sha256}], overlays, by. These rules decide from now on."""
    ERASED = "ERASED"
    """number_key, values (how many), by, because. The look-up table forgot a number."""
    RETENTION = "RETENTION"
    """older_than, years, tables {name: {rows, first, last, root}}, personal (how many values), by.
    Working data whose time was over is gone; `root` is the Merkle root over the removed rows."""


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One fact, before it is chained.

    `number` (E.164) and the values of `personal` (an agent's notes, who asked, evidence in words)
    are about people: the chain holds them as keyed hashes only, and they can be erased. `data` is
    kept for ever and names nobody outside the house. `number` is "" and a name is missing from
    `personal` where there is none, or it was erased."""

    kind: EntryKind
    at: Instant
    campaign: str = ""
    lead_id: int | None = None
    attempt_id: AttemptId | None = None
    number: str = ""
    agent: str = ""
    data: Mapping[str, JsonValue] = field(default_factory=dict)
    personal: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """A chained entry, as people read it; `dialer.audit.chain` says what `hash` covers.

    `clock_shift_ms` is non-zero for ever where the service clock was shifted. `number_key` and
    `personal_keys` (by name) are the keyed hashes of the number and of the personal values."""

    seq: int
    entry: JournalEntry
    clock_shift_ms: int
    prev_hash: str
    hash: str
    number_key: str = ""
    personal_keys: Mapping[str, str] = field(default_factory=dict)

    @property
    def erased(self) -> tuple[str, ...]:
        """What it once held and holds no more: "number", or names of personal values."""
        gone = [name for name in self.personal_keys if name not in self.entry.personal]
        return ("number", *gone) if self.number_key and not self.entry.number else tuple(gone)


@dataclass(frozen=True, slots=True)
class Verification:
    """The chain's check: `verified` and how many entries, or the first bad one and why.

    `checkpoints`: how many of its own agree. `anchored`: how many entries the newest one kept
    outside vouches for; what came after it has only the chain's and the journal's own word."""

    verified: bool
    entries: int
    first_bad_seq: int | None = None
    why: str = ""
    checkpoints: int = 0
    anchored: int = 0
