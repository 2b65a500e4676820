"""What screening reads of a number: records, places, reservations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    for table, column in (
        ("lead", "address_state"),
        ("lead", "postcode"),
        ("call_attempt", "seller"),
        ("call_attempt", "subject"),
    ):
        op.add_column(table, sa.Column(column, sa.String(), nullable=False, server_default=""))
    op.add_column("call_attempt", sa.Column("dropped_at", sa.Integer(), nullable=True))
    op.execute("UPDATE call_attempt SET dropped_at = ended_at WHERE dropped = 1")
    op.create_index(
        "call_attempt_dropped",
        "call_attempt",
        ["dropped_at"],
        sqlite_where=sa.text("dropped_at IS NOT NULL"),
    )
    op.create_table(
        "number_record",
        sa.Column("e164", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("identity", sa.String(), nullable=False),
        sa.Column("at", sa.Integer(), nullable=False),
        sa.Column("value_json", sa.Text(), nullable=False),
        sa.Column("file_sha256", sa.String(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("imported_at", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("e164", "kind", "identity"),
    )
    op.create_table(
        "reservation",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("node", sa.String(), nullable=False),
        sa.Column("attempt_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("key", "node", "attempt_id", "at"),
    )
    op.create_index("reservation_by_attempt", "reservation", ["node", "attempt_id"])
