"""Tickets can wait

Revision ID: d4
Revises: c3
"""

from alembic import op
from alembic_postgresql_enum import TableReference

revision = "d4"
down_revision = "c3"


def upgrade() -> None:
    op.add_enum_value(
        enum_schema="public",
        enum_name="state",
        new_value="waiting",
    )


def downgrade() -> None:
    op.sync_enum_values(
        enum_schema="public",
        enum_name="state",
        new_values=["new", "open", "done"],
        affected_columns=[TableReference(table_schema="public", table_name="tickets", column_name="state")],
        enum_values_to_rename=[],
    )
