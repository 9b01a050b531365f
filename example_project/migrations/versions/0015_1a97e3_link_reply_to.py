"""Let a message reply to another (3 of 4: the key, for new rows)

Revision ID: 0015_1a97e3
Revises: 0014_f60c2d
Create Date: 2026-05-03 09:14:00
"""

from __future__ import annotations

from alembic import op

revision = "0015_1a97e3"
down_revision = "0014_f60c2d"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_foreign_key(
        op.f("fk_messages_reply_to_id_messages"),
        "messages",
        "messages",
        ["reply_to_id"],
        ["id"],
        ondelete="SET NULL",
        postgresql_not_valid=True,
    )


def downgrade() -> None:
    op.drop_constraint(op.f("fk_messages_reply_to_id_messages"), "messages", type_="foreignkey")
