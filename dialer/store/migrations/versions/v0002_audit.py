"""What the audit trail needs: keyed hashes instead of personal data, checkpoints."""

from __future__ import annotations

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    pass
