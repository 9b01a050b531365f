"""Closed tickets are done

Revision ID: c3
Revises: b2
"""

from alembic import op
from alembic_postgresql_enum import TableReference

revision = "c3"
down_revision = "b2"


def upgrade() -> None:
    op.sync_enum_values(
        enum_schema="public",
        enum_name="state",
        new_values=["new", "open", "done"],
        affected_columns=[TableReference(table_schema="public", table_name="tickets", column_name="state")],
        enum_values_to_rename=[("closed", "done")],
    )


def downgrade() -> None:
    op.sync_enum_values(
        enum_schema="public",
        enum_name="state",
        new_values=["new", "open", "closed"],
        affected_columns=[TableReference(table_schema="public", table_name="tickets", column_name="state")],
        enum_values_to_rename=[("done", "closed")],
    )
