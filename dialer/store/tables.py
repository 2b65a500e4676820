"""The tables. Their classes stay in this room: what leaves it are `dialer.model` values.

`journal` is the truth and only ever grows. Every other table is a projection of it (or, for leads
and rejected rows, of the file the journal names): what moves them is in `projections`.

Instants are UTC milliseconds. Columns named `..._json` hold canonical JSON.
"""

from __future__ import annotations

from typing import ClassVar

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlmodel import Field, SQLModel

METADATA = MetaData()


class _Row(SQLModel):
    metadata: ClassVar[MetaData] = METADATA


def _text() -> Column[str]:
    return Column(Text, nullable=False)


def _added_text() -> Column[str]:
    """A column added to a table that has rows: those say nothing in it."""
    return Column(String, nullable=False, server_default="")


class JournalRow(_Row, table=True):
    """One chained entry; `dialer.audit.chain` says what `hash` covers, and in which order its
    `ChainedRow` names the columns. No personal data: keys into `personal` stand for it."""

    __tablename__ = "journal"
    __table_args__ = (
        Index("journal_by_number", "number_key", "seq"),
        Index("journal_by_kind", "kind", "seq"),
        Index(
            "journal_by_attempt",
            "attempt_id",
            "seq",
            sqlite_where=text("attempt_id IS NOT NULL"),
        ),
    )

    seq: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    kind: str
    at: int
    campaign: str
    lead_id: int | None
    attempt_id: int | None
    number_key: str
    agent: str
    data_json: str = Field(sa_column=_text())
    personal_json: str = Field(sa_column=_text())
    clock_shift_ms: int
    prev_hash: str
    hash: str


class JournalHeadRow(_Row, table=True):
    """How many entries there are and the last hash: the one row (`head_id` 1) finds a cut tail."""

    __tablename__ = "journal_head"

    head_id: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    entries: int
    hash: str


class PersonalRow(_Row, table=True):
    """What the journal hides behind a key: one row a value, each erasable; see
    `dialer.audit.personal`."""

    __tablename__ = "personal"
    __table_args__ = (Index("personal_by_subject", "subject"),)

    key: str = Field(primary_key=True)
    subject: str
    name: str
    value: str = Field(sa_column=_text())


class CheckpointRow(_Row, table=True):
    """A signed checkpoint; `dialer.audit.checkpoints` says what `note` is. `peaks_json`: the Merkle
    tree as it was, so that it grows on without reading the journal again. `stamp`: what a time
    stamping authority said of the note (RFC 3161, base64), "" where none was asked."""

    __tablename__ = "checkpoint"

    size: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    note: str = Field(sa_column=_text())
    peaks_json: str = Field(sa_column=_text())
    stamp: str = Field(sa_column=_text())


class LeadListRow(_Row, table=True):
    """An imported file. `rejected` counts the refused rows, duplicates among them."""

    __tablename__ = "lead_list"

    campaign: str = Field(primary_key=True)
    sha256: str = Field(primary_key=True)
    name: str
    rows: int
    loaded: int
    rejected: int
    duplicates: int
    imported_at: int


class LeadRow(_Row, table=True):
    """A lead. `next_eligible_at` NULL: no passing of time makes it eligible. `refused_...` hold the
    newest refusal by screening until the lead is dialled."""

    __tablename__ = "lead"
    __table_args__ = (
        UniqueConstraint("campaign", "e164", name="one_lead_per_number"),
        # Two ways to the next leads, each a range scan: see `lead_queue`.
        Index("lead_by_order", "campaign", "state", "order_key", "lead_id", "next_eligible_at"),
        Index("lead_by_time", "campaign", "state", "next_eligible_at", "order_key", "lead_id"),
        Index(
            "lead_refused",
            "campaign",
            "refused_at",
            sqlite_where=text("refused_code IS NOT NULL"),
        ),
        Index("lead_refused_number", "e164", sqlite_where=text("state = 'REFUSED'")),
        Index("lead_by_contact", "contact", "campaign", sqlite_where=text("contact != ''")),
    )

    lead_id: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    campaign: str
    list_name: str
    line: int
    e164: str
    region: str
    zones_json: str = Field(sa_column=_text())
    raw_number: str
    fields_json: str = Field(sa_column=_text())
    state: str
    attempts: int
    order_key: int
    next_eligible_at: int | None
    callback_for: str | None
    refused_code: str | None
    refused_explain: str | None
    refused_at: int | None
    address_state: str = Field(sa_column=_added_text())
    postcode: str = Field(sa_column=_added_text())
    contact: str = Field(sa_column=_added_text())


class RejectedRowRow(_Row, table=True):
    """A row of a lead file that did not become a lead."""

    __tablename__ = "rejected_row"
    __table_args__ = (Index("rejected_row_by_campaign", "campaign", "at"),)

    rejected_id: int | None = Field(default=None, primary_key=True)
    campaign: str
    list_name: str
    line: int
    value: str
    code: str
    explain: str
    at: int


class CallAttemptRow(_Row, table=True):
    """One try to reach one lead: inserted when the dial is intended, completed when it ends.

    `placed`: a call went out, or may have (true until the end says otherwise). `counted`: it counts
    as a dial of the number and of the lead, because a phone may have rung."""

    __tablename__ = "call_attempt"
    __table_args__ = (
        Index("call_attempt_by_campaign", "campaign"),
        Index("call_attempt_by_dial", "dialled_at"),
        Index("call_attempt_open", "attempt_id", sqlite_where=text("ended_at IS NULL")),
        Index("call_attempt_live", "answered_at", sqlite_where=text("live = 1")),
        Index("call_attempt_dropped", "dropped_at", sqlite_where=text("dropped_at IS NOT NULL")),
    )

    attempt_id: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    campaign: str
    lead_id: int | None
    number: str
    caller_id: str
    trunk: str
    mode: str
    dialled_at: int
    placed: bool
    counted: bool
    agent: str
    bridged_at: int | None
    verdict_to_agent_ms: int | None
    answer_to_agent_ms: int | None
    ended_at: int | None
    disposition: str | None
    cause: str | None
    blame: str | None
    status: int | None
    q850: int | None
    reason: str
    times_json: str = Field(sa_column=_text())
    answered: bool
    answered_at: int | None
    live: bool
    dropped: bool
    verdict: str | None
    verdict_json: str = Field(sa_column=_text())
    talk_ms: int
    disposed_at: int | None
    notes: str = Field(sa_column=_text())
    callback_at: int | None
    seller: str = Field(sa_column=_added_text())
    subject: str = Field(sa_column=_added_text())
    dropped_at: int | None


class NumberRecordRow(_Row, table=True):
    """One thing known of a number: a consent, a relationship and the like (`kind`, a RecordKind).
    `identity` tells records of one kind apart; a newer one with the same takes its place, by the
    rules of `number_records`. `at`: the record's own time."""

    __tablename__ = "number_record"

    e164: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    identity: str = Field(primary_key=True)
    at: int
    value_json: str = Field(sa_column=_text())
    file_sha256: str
    line: int
    imported_at: int


class ReservationRow(_Row, table=True):
    """A slot taken under a frequency cap; see `reservations`. `attempt_id` is the node's own; the
    instant belongs to the key because a node may start counting anew (its database was restored)
    and must not take an old slot for its own."""

    __tablename__ = "reservation"
    __table_args__ = (Index("reservation_by_attempt", "node", "attempt_id"),)

    key: str = Field(primary_key=True)
    node: str = Field(primary_key=True)
    attempt_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    at: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))


class SuppressionRow(_Row, table=True):
    """A number we may not call, once per source, list, seller and whether it binds the seller's
    affiliates too; the first one stays."""

    __tablename__ = "suppression"

    e164: str = Field(primary_key=True)
    source: str = Field(primary_key=True)
    list_name: str = Field(primary_key=True)
    seller: str = Field(primary_key=True)
    affiliates: bool = Field(primary_key=True)
    channel: str
    received_at: int | None
    deadline_at: int | None
    since: int


class StateEmergencyRow(_Row, table=True):
    """A state into which nobody may be called while this stands."""

    __tablename__ = "state_emergency"

    state: str = Field(primary_key=True)
    because: str = Field(sa_column=_text())
    since: int


class RulesetFileRow(_Row, table=True):
    """A file of a ruleset that was in force, kept for ever; RULESET_IN_FORCE entries name it."""

    __tablename__ = "ruleset_file"

    sha256: str = Field(primary_key=True)
    name: str
    content: bytes


class ScreeningCountRow(_Row, table=True):
    """How many screenings of a campaign came out so in an hour; see `tallies`."""

    __tablename__ = "screening_count"

    campaign: str = Field(primary_key=True)
    hour_at: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    code: str = Field(primary_key=True)
    screenings: int


class CampaignStateRow(_Row, table=True):
    """What a manager last asked of a campaign."""

    __tablename__ = "campaign_state"

    campaign: str = Field(primary_key=True)
    state: str
    since: int


class UserRow(_Row, table=True):
    """Somebody who can sign in. The only secret here is `password_hash` (argon2)."""

    __tablename__ = "user"

    name: str = Field(primary_key=True)
    display_name: str
    role: str
    password_hash: str


JOURNAL: Table = METADATA.tables["journal"]
JOURNAL_HEAD: Table = METADATA.tables["journal_head"]
PERSONAL: Table = METADATA.tables["personal"]
CHECKPOINT: Table = METADATA.tables["checkpoint"]
LEAD_LIST: Table = METADATA.tables["lead_list"]
LEAD: Table = METADATA.tables["lead"]
REJECTED_ROW: Table = METADATA.tables["rejected_row"]
CALL_ATTEMPT: Table = METADATA.tables["call_attempt"]
NUMBER_RECORD: Table = METADATA.tables["number_record"]
RESERVATION: Table = METADATA.tables["reservation"]
SUPPRESSION: Table = METADATA.tables["suppression"]
STATE_EMERGENCY: Table = METADATA.tables["state_emergency"]
RULESET_FILE: Table = METADATA.tables["ruleset_file"]
SCREENING_COUNT: Table = METADATA.tables["screening_count"]
CAMPAIGN_STATE: Table = METADATA.tables["campaign_state"]
USER: Table = METADATA.tables["user"]
