"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "call_attempt",
        sa.Column("attempt_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("campaign", sa.String(), nullable=False),
        sa.Column("lead_id", sa.Integer(), nullable=True),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("caller_id", sa.String(), nullable=False),
        sa.Column("trunk", sa.String(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("dialled_at", sa.Integer(), nullable=False),
        sa.Column("placed", sa.Boolean(), nullable=False),
        sa.Column("counted", sa.Boolean(), nullable=False),
        sa.Column("agent", sa.String(), nullable=False),
        sa.Column("bridged_at", sa.Integer(), nullable=True),
        sa.Column("verdict_to_agent_ms", sa.Integer(), nullable=True),
        sa.Column("answer_to_agent_ms", sa.Integer(), nullable=True),
        sa.Column("ended_at", sa.Integer(), nullable=True),
        sa.Column("disposition", sa.String(), nullable=True),
        sa.Column("cause", sa.String(), nullable=True),
        sa.Column("blame", sa.String(), nullable=True),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("q850", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("times_json", sa.Text(), nullable=False),
        sa.Column("answered", sa.Boolean(), nullable=False),
        sa.Column("answered_at", sa.Integer(), nullable=True),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("dropped", sa.Boolean(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=True),
        sa.Column("verdict_json", sa.Text(), nullable=False),
        sa.Column("talk_ms", sa.Integer(), nullable=False),
        sa.Column("disposed_at", sa.Integer(), nullable=True),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("callback_at", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("attempt_id"),
    )
    op.create_index("call_attempt_by_campaign", "call_attempt", ["campaign"])
    op.create_index("call_attempt_by_dial", "call_attempt", ["dialled_at"])
    op.create_index(
        "call_attempt_live", "call_attempt", ["answered_at"], sqlite_where=sa.text("live = 1")
    )
    op.create_index(
        "call_attempt_open",
        "call_attempt",
        ["attempt_id"],
        sqlite_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "campaign_state",
        sa.Column("campaign", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("since", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("campaign"),
    )
    op.create_table(
        "journal",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("at", sa.Integer(), nullable=False),
        sa.Column("campaign", sa.String(), nullable=False),
        sa.Column("lead_id", sa.Integer(), nullable=True),
        sa.Column("attempt_id", sa.Integer(), nullable=True),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("agent", sa.String(), nullable=False),
        sa.Column("data_json", sa.Text(), nullable=False),
        sa.Column("clock_shift_ms", sa.Integer(), nullable=False),
        sa.Column("prev_hash", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_index("journal_by_kind", "journal", ["kind", "seq"])
    op.create_index("journal_by_number", "journal", ["number", "seq"])
    op.create_table(
        "journal_head",
        sa.Column("head_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("head_id"),
    )
    op.create_table(
        "lead",
        sa.Column("lead_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("campaign", sa.String(), nullable=False),
        sa.Column("list_name", sa.String(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("e164", sa.String(), nullable=False),
        sa.Column("region", sa.String(), nullable=False),
        sa.Column("zones_json", sa.Text(), nullable=False),
        sa.Column("raw_number", sa.String(), nullable=False),
        sa.Column("fields_json", sa.Text(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("order_key", sa.Integer(), nullable=False),
        sa.Column("next_eligible_at", sa.Integer(), nullable=True),
        sa.Column("callback_for", sa.String(), nullable=True),
        sa.Column("refused_code", sa.String(), nullable=True),
        sa.Column("refused_explain", sa.String(), nullable=True),
        sa.Column("refused_at", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("lead_id"),
        sa.UniqueConstraint("campaign", "e164", name="one_lead_per_number"),
    )
    op.create_index(
        "lead_by_order", "lead", ["campaign", "state", "order_key", "lead_id", "next_eligible_at"]
    )
    op.create_index(
        "lead_by_time", "lead", ["campaign", "state", "next_eligible_at", "order_key", "lead_id"]
    )
    op.create_index(
        "lead_refused",
        "lead",
        ["campaign", "refused_at"],
        sqlite_where=sa.text("refused_code IS NOT NULL"),
    )
    op.create_table(
        "lead_list",
        sa.Column("campaign", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("loaded", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.Column("duplicates", sa.Integer(), nullable=False),
        sa.Column("imported_at", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("campaign", "sha256"),
    )
    op.create_table(
        "rejected_row",
        sa.Column("rejected_id", sa.Integer(), nullable=False),
        sa.Column("campaign", sa.String(), nullable=False),
        sa.Column("list_name", sa.String(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("explain", sa.String(), nullable=False),
        sa.Column("at", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("rejected_id"),
    )
    op.create_index("rejected_row_by_campaign", "rejected_row", ["campaign", "at"])
    op.create_table(
        "suppression",
        sa.Column("e164", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("list_name", sa.String(), nullable=False),
        sa.Column("seller", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("since", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("e164", "source", "list_name", "seller"),
    )
    op.create_table(
        "user",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("display_name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
