"""Create messages

Revision ID: 0004_27fa3b
Revises: 0003_e08b96
Create Date: 2026-03-12 09:13:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ENUM, JSONB

revision = "0004_27fa3b"
down_revision = "0003_e08b96"
branch_labels = None
depends_on = None


message_role = ENUM("system", "user", "assistant", "tool", name="message_role", create_type=False)


def upgrade() -> None:
    message_role.create(op.get_bind(), checkfirst=False)
    op.create_table(
        "messages",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("role", message_role, nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("payload", JSONB(), nullable=True),
        sa.Column("tokens", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("tokens >= 0", name=op.f("ck_messages_tokens_not_negative")),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["chat_sessions.id"],
            name=op.f("fk_messages_session_id_chat_sessions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
    )
    op.create_index("ix_messages_session_id_id", "messages", ["session_id", "id"])


def downgrade() -> None:
    op.drop_table("messages")
    message_role.drop(op.get_bind(), checkfirst=False)
