"""Index the content of messages, for search

Revision ID: 0019_e3b61a
Revises: 0018_59d07e
Create Date: 2026-05-15 09:18:00
"""

from __future__ import annotations

from alembic import op

revision = "0019_e3b61a"
down_revision = "0018_59d07e"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index(
            "ix_messages_content_trgm",
            "messages",
            ["content"],
            postgresql_using="gin",
            postgresql_ops={"content": "gin_trgm_ops"},
            postgresql_concurrently=True,
        )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index("ix_messages_content_trgm", table_name="messages", postgresql_concurrently=True)
