"""Refused leads are found by their number."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_index(
        "lead_refused_number", "lead", ["e164"], sqlite_where=sa.text("state = 'REFUSED'")
    )
