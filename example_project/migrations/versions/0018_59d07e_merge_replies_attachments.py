"""Merge replies and attachments

Revision ID: 0018_59d07e
Revises: 0016_4be2c9, 0017_ac3f58
Create Date: 2026-05-12 09:17:00
"""

from __future__ import annotations

revision = "0018_59d07e"
down_revision = ("0016_4be2c9", "0017_ac3f58")
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
