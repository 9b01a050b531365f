"""Let a message reply to another (2 of 4: its index)

Revision ID: 0014_f60c2d
Revises: 0013_8d41b7
Create Date: 2026-04-21 09:13:00
"""

from __future__ import annotations

from alembic import op

revision = "0014_f60c2d"
down_revision = "0013_8d41b7"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index(
            op.f("ix_messages_reply_to_id"), "messages", ["reply_to_id"], postgresql_concurrently=True
        )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index(op.f("ix_messages_reply_to_id"), table_name="messages", postgresql_concurrently=True)
