"""Which leads are numbers of one person."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("lead", sa.Column("contact", sa.String(), nullable=False, server_default=""))
    op.create_index(
        "lead_by_contact", "lead", ["contact", "campaign"], sqlite_where=sa.text("contact != ''")
    )
