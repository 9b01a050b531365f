"""Index the open sessions of a user, the latest first

Revision ID: 0007_0ae59f
Revises: 0006_71d3c8
Create Date: 2026-03-21 09:16:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007_0ae59f"
down_revision = "0006_71d3c8"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index(
            "ix_chat_sessions_open",
            "chat_sessions",
            ["user_id", sa.text("updated_at DESC")],
            postgresql_where=sa.text("archived_at IS NULL"),
            postgresql_concurrently=True,
        )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index("ix_chat_sessions_open", table_name="chat_sessions", postgresql_concurrently=True)
