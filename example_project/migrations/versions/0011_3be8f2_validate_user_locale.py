"""Validate the locale of all users (4 of 5: the check for old rows)

Revision ID: 0011_3be8f2
Revises: 0010_94c07d
Create Date: 2026-04-12 09:10:00
"""

from __future__ import annotations

from alembic import op

revision = "0011_3be8f2"
down_revision = "0010_94c07d"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Reads the table, but lets everyone read and write it meanwhile.
    op.execute("ALTER TABLE users VALIDATE CONSTRAINT ck_users_locale_present")


def downgrade() -> None:
    op.drop_constraint(op.f("ck_users_locale_present"), "users", type_="check")
    op.create_check_constraint(
        op.f("ck_users_locale_present"), "users", "locale IS NOT NULL", postgresql_not_valid=True
    )
