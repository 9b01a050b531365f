"""Create tickets

Revision ID: a1
Revises: 
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "a1"
down_revision = None


def upgrade() -> None:
    sa.Enum("new", "open", "closed", name="state").create(op.get_bind())
    op.create_table(
        "tickets",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("state", postgresql.ENUM("new", "open", "closed", name="state", create_type=False), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_tickets_state"), "tickets", ["state"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_tickets_state"), table_name="tickets")
    op.drop_table("tickets")
    sa.Enum("new", "open", "closed", name="state").drop(op.get_bind())
