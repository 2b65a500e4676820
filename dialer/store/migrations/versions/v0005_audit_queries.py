"""What auditors' questions need: rulesets kept, screenings counted, entries found by attempt."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_index(
        "journal_by_attempt",
        "journal",
        ["attempt_id", "seq"],
        sqlite_where=sa.text("attempt_id IS NOT NULL"),
    )
    op.create_table(
        "ruleset_file",
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sha256"),
    )
    op.create_table(
        "screening_count",
        sa.Column("campaign", sa.String(), nullable=False),
        sa.Column("hour_at", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("screenings", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("campaign", "hour_at", "code"),
    )
    op.execute(
        "INSERT INTO screening_count SELECT campaign, at - at % 3600000,"
        " CASE kind WHEN 'REFUSED' THEN json_extract(data_json, '$.codes[0]') ELSE 'ALLOW' END,"
        " count(*) FROM journal WHERE kind IN ('REFUSED', 'DIAL_INTENDED') GROUP BY 1, 2, 3"
    )
