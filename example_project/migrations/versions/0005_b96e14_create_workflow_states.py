"""Create workflow states

Revision ID: 0005_b96e14
Revises: 0004_27fa3b
Create Date: 2026-03-15 09:14:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ENUM, JSONB

revision = "0005_b96e14"
down_revision = "0004_27fa3b"
branch_labels = None
depends_on = None


workflow_status = ENUM("queued", "running", "succeeded", "failed", name="workflow_status", create_type=False)


def upgrade() -> None:
    workflow_status.create(op.get_bind(), checkfirst=False)
    op.create_table(
        "workflow_states",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column(
            "status", workflow_status, server_default=sa.text("'queued'::workflow_status"), nullable=False
        ),
        sa.Column("priority", sa.SmallInteger(), server_default=sa.text("3"), nullable=False),
        sa.Column("state", JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("queued_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("priority BETWEEN 1 AND 5", name=op.f("ck_workflow_states_priority_in_range")),
        sa.CheckConstraint(
            "finished_at IS NULL OR finished_at >= queued_at",
            name=op.f("ck_workflow_states_finished_after_queued"),
        ),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["chat_sessions.id"],
            name=op.f("fk_workflow_states_session_id_chat_sessions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workflow_states")),
        sa.UniqueConstraint("session_id", "name", name=op.f("uq_workflow_states_session_id_name")),
    )
    op.create_index(
        "ix_workflow_states_queued",
        "workflow_states",
        ["queued_at"],
        postgresql_where=sa.text("status = 'queued'"),
    )


def downgrade() -> None:
    op.drop_table("workflow_states")
    workflow_status.drop(op.get_bind(), checkfirst=False)
