"""Tickets have a priority

Revision ID: b2
Revises: a1
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "b2"
down_revision = "a1"


def upgrade() -> None:
    sa.Enum("low", "high", name="priority").create(op.get_bind())
    op.add_column(
        "tickets",
        sa.Column("priority", postgresql.ENUM("low", "high", name="priority", create_type=False), nullable=True),
    )


def downgrade() -> None:
    op.drop_column("tickets", "priority")
    sa.Enum("low", "high", name="priority").drop(op.get_bind())
