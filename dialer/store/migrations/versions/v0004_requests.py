"""Requests not to be called with all that they carry, and states with an emergency."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.rename_table("suppression", "suppression_before")
    op.create_table(
        "suppression",
        sa.Column("e164", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("list_name", sa.String(), nullable=False),
        sa.Column("seller", sa.String(), nullable=False),
        sa.Column("affiliates", sa.Boolean(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("received_at", sa.Integer(), nullable=True),
        sa.Column("deadline_at", sa.Integer(), nullable=True),
        sa.Column("since", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("e164", "source", "list_name", "seller", "affiliates"),
    )
    # What was asked an agent before had no channel's name of today.
    op.execute(
        "INSERT INTO suppression SELECT e164, source, list_name, seller, 0, upper(channel),"
        " since, NULL, since FROM suppression_before"
    )
    op.drop_table("suppression_before")
    op.create_table(
        "state_emergency",
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("since", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("state"),
    )
