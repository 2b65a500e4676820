"""Answers to an auditor's questions: values that pages and commands print.

Every answer names the journal entries that prove it; `dialer audit verify` proves those.

One long list of plain values, no logic.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import IO

from dialer.model.calls import AttemptId
from dialer.model.instant import Instant
from dialer.model.journal import JsonValue, StoredEntry
from dialer.model.screening import Purpose

ERASED = "erased"
"""What stands for a number the look-up table has forgotten."""


# --- one attempt ----------------------------------------------------------------------------------


class RuleOutcome(StrEnum):
    """What became of a rule in one decision. LIFTED: its condition was met, and an exemption let
    the call pass all the same."""

    PASSED = "PASSED"
    FAILED = "FAILED"
    LIFTED = "LIFTED"


@dataclass(frozen=True, slots=True)
class RuleLine:
    """One rule of one decision: `values` are what it read, as (name, words); `citation` is "" where
    the ruleset it was decided under is not archived."""

    rule: str
    code: str
    outcome: RuleOutcome
    citation: str
    words: str
    values: tuple[tuple[str, str], ...] = ()
    lifted_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ListUsed:
    """The copy of a list a decision used, and whether the number was on it."""

    name: str
    kind: str
    state: str
    obtained_at: Instant
    issued_at: Instant | None
    sha256: str
    listed: bool


@dataclass(frozen=True, slots=True)
class Decided:
    """One decision about the attempt as it was written down. `moment`: when it was made, in words.
    `zones`: each with the local time there. `evidence`: consents, relationships, requests, answers
    of the Reassigned Numbers Database and the line, in words; `approvals`: loosened rules decided
    with. `recorded` is False where an entry says how it came out and not what was read."""

    moment: str
    at: Instant
    seq: int
    verdict: str
    codes: tuple[str, ...]
    exemptions: tuple[str, ...]
    explain: str
    next_allowed_at: Instant | None
    ruleset: str
    tzdata: str
    jurisdictions: tuple[str, ...]
    zones: tuple[tuple[str, str], ...]
    place: str
    rules: tuple[RuleLine, ...]
    lists: tuple[ListUsed, ...]
    evidence: tuple[str, ...]
    approvals: tuple[str, ...]
    recorded: bool


@dataclass(frozen=True, slots=True)
class DecidedEntry:
    """An entry that holds a decision, and that decision in words."""

    stored: StoredEntry
    decided: Decided


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened, when, and what the clocks there showed: (zone, local time)."""

    what: str
    at: Instant
    local: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Proof:
    """A journal entry an answer rests on."""

    seq: int
    kind: str
    at: Instant
    hash: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended, None and "" where that is not known. `ring_ms`: from ringing (or, where
    the trunk said nothing of it, from the dial) to the answer or the end. `disposition` is the
    system's, `chosen` the agent's."""

    disposition: str
    chosen: str
    cause: str
    blame: str
    status: int | None
    q850: int | None
    reason: str
    answered: bool
    live: bool
    dropped: bool
    verdict: str
    verdict_confidence: float | None
    verdict_rule: str
    ring_ms: int | None
    talk_ms: int


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything the journal proves of one attempt (16 CFR 310.5(a)(2) and beyond).

    `number`: E.164, or ERASED. `caller_name`, `raw_number`, `script`, `message`: "" where they were
    not written down. `outcome` None: it has not ended. `clock_shift_ms` is non-zero where the
    service clock was shifted: no such attempt reached the public network. `missing` names what such
    a record should hold and this one does not.
    """

    attempt_id: AttemptId
    number: str
    raw_number: str
    campaign: str
    seller: str
    subject: str
    purpose: str
    mode: str
    recorded_voice: bool
    caller_id: str
    caller_name: str
    trunk: str
    agent: str
    script: str
    message: str
    moments: tuple[Moment, ...]
    outcome: Outcome | None
    decisions: tuple[Decided, ...]
    requests: tuple[str, ...]
    proof: tuple[Proof, ...]
    clock_shift_ms: int
    missing: tuple[str, ...]

    @property
    def to_business(self) -> bool:
        """Whether it was made to a business (the record has to say consumer or business)."""
        return self.purpose == Purpose.BUSINESS


# --- one number -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TraceLine:
    """One thing known of a number, in plain words. `seq`: the journal entry that proves it, None
    for rows of files, whose import the journal names by the file's SHA-256."""

    at: Instant
    seq: int | None
    kind: str
    campaign: str
    attempt_id: AttemptId | None
    words: str


@dataclass(frozen=True, slots=True)
class RequestTrace:
    """A request not to be called, and what came of it. `entered_at` is also when it came into
    force. `refused`: the first dial or offer refused for it; `dialled`: the first attempt placed
    after it all the same, while it was in force (lawful only under a newer written consent, which
    its explanation names)."""

    seq: int
    entered_at: Instant
    received_at: Instant | None
    deadline_at: Instant | None
    channel: str
    list_name: str
    seller: str
    affiliates: bool
    asked_by: str
    evidence: str
    by: str
    campaign: str
    attempt_id: AttemptId | None
    lifted_at: Instant | None
    refused: TraceLine | None
    dialled: TraceLine | None


@dataclass(frozen=True, slots=True)
class Listing:
    """A row of a lead file with this number."""

    campaign: str
    list_name: str
    line: int
    raw_number: str
    state: str
    imported_at: Instant | None


@dataclass(frozen=True, slots=True)
class RecordLine:
    """A row of a file of records about a number (consents and the like), its `value` as stored."""

    kind: str
    at: Instant
    value: Mapping[str, JsonValue]
    file_sha256: str
    line: int
    imported_at: Instant


@dataclass(frozen=True, slots=True)
class Trace:
    """Everything known of a number, oldest first. `erased`: the journal had personal values of it
    that were erased on request, and the entries stand."""

    number: str
    lines: tuple[TraceLine, ...]
    requests: tuple[RequestTrace, ...]
    attempts: tuple[AttemptId, ...]
    erased: bool


# --- deciding again -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A stored decision that came out otherwise. `differences`: in words, each with both values."""

    seq: int
    kind: str
    at: Instant
    campaign: str
    attempt_id: AttemptId | None
    differences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Replay:
    """Stored decisions decided again, with their own facts, ruleset and instant.

    `agreeing` came out the same. `unrecorded` entries hold no facts; `without_ruleset` were made
    under rules that are not archived or cannot be read (`faults` says why): neither proves
    anything, so both count against it. `slots` were refused by the book of reservations, whose
    answers are no decisions of the gate. `other_tzdata`: by release, how many were stored under
    another zone data than this one, and decided again all the same; where such a one comes out
    otherwise, that is counted in `other_tzdata_differing` and is no mismatch. `lists_checked`
    memberships were looked up again in the very copy the decision used; `lists_gone` could not be:
    the copy is no longer kept, or the number was erased. `mismatches` holds the first of them.
    """

    decided: int
    agreeing: int
    unrecorded: int
    without_ruleset: int
    slots: int
    other_tzdata: Mapping[str, int]
    other_tzdata_differing: int
    mismatches: tuple[Mismatch, ...]
    mismatched: int
    lists_checked: int
    lists_gone: int
    faults: tuple[str, ...]
    per_second: float

    @property
    def agrees(self) -> bool:
        """Whether every stored decision could be made again and came out the same."""
        return not (self.mismatched or self.without_ruleset or self.unrecorded)


# --- refusals and lists ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RefusalBucket:
    """Screenings of a stretch of time: `allowed` were to be dialled, `refused` by primary code."""

    at: Instant
    allowed: int
    refused: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class RefusalCounts:
    """A campaign's screenings over time, oldest first; buckets without any are left out. `totals`
    by code, most first."""

    campaign: str
    since: Instant
    until: Instant
    bucket_ms: int
    buckets: tuple[RefusalBucket, ...]
    totals: Mapping[str, int]
    allowed: int


@dataclass(frozen=True, slots=True)
class ListFreshness:
    """A copy of a list in force. `age_days`: calendar days (UTC) since it was obtained;
    `max_age_days`: the most the rules in force allow, None where no rule asks. `entries` are
    numbers. `version`, `rows_read` and `rows_rejected`: of its import, "" and None where nothing
    was kept of it."""

    name: str
    kind: str
    state: str
    obtained_at: Instant
    issued_at: Instant | None
    age_days: int
    max_age_days: int | None
    entries: int
    sha256: str
    version: str = ""
    rows_read: int | None = None
    rows_rejected: int | None = None

    @property
    def stale(self) -> bool:
        """Whether every call that needs this list is refused for its age."""
        return self.max_age_days is not None and self.age_days > self.max_age_days


# --- the chain ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CheckpointLine:
    """A signed checkpoint: how many entries it covers, when it was made, and whether a time
    stamping authority's response is kept with it."""

    entries: int
    at: Instant
    stamped: bool


@dataclass(frozen=True, slots=True)
class AnchorLine:
    """A place outside that checkpoints are taken to. `entries`, `at`: of the newest checkpoint it
    took since the service started, None for none; `waiting` are not delivered yet; `failing`: why
    the last attempt failed, "" where it did not."""

    place: str
    entries: int | None
    at: Instant | None
    waiting: int
    failing: str


@dataclass(frozen=True, slots=True)
class ChainStatus:
    """What vouches for the journal. `key`: the public key its checkpoints are signed with;
    `checkpoints`: the newest first, of `checkpoint_count`."""

    key: str
    checkpoints: tuple[CheckpointLine, ...]
    checkpoint_count: int
    anchors: tuple[AnchorLine, ...]


@dataclass(frozen=True, slots=True)
class BundleMade:
    """An exported bundle of the journal. `file` is read once, from its start, and closed by whoever
    asked for it: nothing else keeps it. `sha256` is of its manifest."""

    file: IO[bytes]
    size: int
    first_seq: int
    last_seq: int
    sha256: str


# --- rulesets -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RulesetFile:
    """One file of a ruleset as it was in force."""

    name: str
    sha256: str
    content: bytes


@dataclass(frozen=True, slots=True)
class RulesetArchive:
    """Every file of a ruleset that was in force, so that what it decided can be decided again.
    `overlays`: names of those among `files` that are overlays, in the order applied."""

    label: str
    sha256: str
    files: tuple[RulesetFile, ...]
    overlays: tuple[str, ...] = ()
