"""Let a message reply to another (4 of 4: the key, for old rows)

Revision ID: 0016_4be2c9
Revises: 0015_1a97e3
Create Date: 2026-05-06 09:15:00
"""

from __future__ import annotations

from alembic import op

revision = "0016_4be2c9"
down_revision = "0015_1a97e3"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE messages VALIDATE CONSTRAINT fk_messages_reply_to_id_messages")


def downgrade() -> None:
    op.drop_constraint(op.f("fk_messages_reply_to_id_messages"), "messages", type_="foreignkey")
    op.create_foreign_key(
        op.f("fk_messages_reply_to_id_messages"),
        "messages",
        "messages",
        ["reply_to_id"],
        ["id"],
        ondelete="SET NULL",
        postgresql_not_valid=True,
    )
