"""Require the locale of a user (5 of 5: NOT NULL)

Revision ID: 0012_c5520a
Revises: 0011_3be8f2
Create Date: 2026-04-15 09:11:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012_c5520a"
down_revision = "0011_3be8f2"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The validated check proves it, so PostgreSQL does not look at the rows again.
    op.alter_column("users", "locale", existing_type=sa.String(length=35), nullable=False)
    op.drop_constraint(op.f("ck_users_locale_present"), "users", type_="check")


def downgrade() -> None:
    op.create_check_constraint(
        op.f("ck_users_locale_present"), "users", "locale IS NOT NULL", postgresql_not_valid=True
    )
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE users VALIDATE CONSTRAINT ck_users_locale_present")
    op.alter_column("users", "locale", existing_type=sa.String(length=35), nullable=True)
