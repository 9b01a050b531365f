"""Let a message reply to another (1 of 4: the column)

Revision ID: 0013_8d41b7
Revises: 0012_c5520a
Create Date: 2026-04-18 09:12:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013_8d41b7"
down_revision = "0012_c5520a"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("messages", sa.Column("reply_to_id", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("messages", "reply_to_id")
