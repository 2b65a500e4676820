"""What the audit trail needs: keyed hashes instead of personal data, checkpoints.

A journal with entries is refused: what its chain covers cannot be changed without breaking it, and
to chain it again would be to rewrite it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from dialer.model.errors import OperatorError, Problem

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    if op.get_bind().scalar(sa.text("SELECT count(*) FROM journal")):
        raise OperatorError(
            Problem(
                "journal",
                None,
                "this journal was written by a version before any release, in a form that is not "
                "read any more",
                "",
                "Keep the old database for its records and start with a new one.",
            )
        )
    op.drop_table("journal")
    op.create_table(
        "journal",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("at", sa.Integer(), nullable=False),
        sa.Column("campaign", sa.String(), nullable=False),
        sa.Column("lead_id", sa.Integer(), nullable=True),
        sa.Column("attempt_id", sa.Integer(), nullable=True),
        sa.Column("number_key", sa.String(), nullable=False),
        sa.Column("agent", sa.String(), nullable=False),
        sa.Column("data_json", sa.Text(), nullable=False),
        sa.Column("personal_json", sa.Text(), nullable=False),
        sa.Column("clock_shift_ms", sa.Integer(), nullable=False),
        sa.Column("prev_hash", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_index("journal_by_kind", "journal", ["kind", "seq"])
    op.create_index("journal_by_number", "journal", ["number_key", "seq"])
    op.create_table(
        "personal",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("personal_by_subject", "personal", ["subject"])
    op.create_table(
        "checkpoint",
        sa.Column("size", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("peaks_json", sa.Text(), nullable=False),
        sa.Column("stamp", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("size"),
    )
