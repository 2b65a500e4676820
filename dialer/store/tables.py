"""The tables. Their classes stay in this room: what leaves it are `dialer.model` values.

`journal` is the truth and only ever grows. Every other table is a projection of it (or, for leads
and rejected rows, of the file the journal names): what moves them is in `projections`.

Instants are UTC milliseconds. Columns named `..._json` hold canonical JSON.
"""

from __future__ import annotations

from typing import ClassVar

from sqlalchemy import Column, Index, Integer, MetaData, Table, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

METADATA = MetaData()


class _Row(SQLModel):
    metadata: ClassVar[MetaData] = METADATA


def _text() -> Column[str]:
    return Column(Text, nullable=False)


class JournalRow(_Row, table=True):
    """One chained entry; see `journal` for what `hash` covers."""

    __tablename__ = "journal"
    __table_args__ = (
        Index("journal_by_number", "number", "seq"),
        Index("journal_by_kind", "kind", "seq"),
    )

    seq: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    kind: str
    at: int
    campaign: str
    lead_id: int | None
    attempt_id: int | None
    number: str
    agent: str
    data_json: str = Field(sa_column=_text())
    clock_shift_ms: int
    prev_hash: str
    hash: str


class JournalHeadRow(_Row, table=True):
    """How many entries there are and the last hash: the one row (`head_id` 1) finds a cut tail."""

    __tablename__ = "journal_head"

    head_id: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    entries: int
    hash: str


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


class SuppressionRow(_Row, table=True):
    """A number we may not call, once per source, list and seller; the first `since` stays."""

    __tablename__ = "suppression"

    e164: str = Field(primary_key=True)
    source: str = Field(primary_key=True)
    list_name: str = Field(primary_key=True)
    seller: str = Field(primary_key=True)
    channel: str
    since: int


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
LEAD_LIST: Table = METADATA.tables["lead_list"]
LEAD: Table = METADATA.tables["lead"]
REJECTED_ROW: Table = METADATA.tables["rejected_row"]
CALL_ATTEMPT: Table = METADATA.tables["call_attempt"]
SUPPRESSION: Table = METADATA.tables["suppression"]
CAMPAIGN_STATE: Table = METADATA.tables["campaign_state"]
USER: Table = METADATA.tables["user"]
