"""Demand the locale of new users (3 of 5: a check for new rows)

Revision ID: 0010_94c07d
Revises: 0009_6f13ea
Create Date: 2026-04-09 09:19:00
"""

from __future__ import annotations

from alembic import op

revision = "0010_94c07d"
down_revision = "0009_6f13ea"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_check_constraint(
        op.f("ck_users_locale_present"), "users", "locale IS NOT NULL", postgresql_not_valid=True
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_users_locale_present"), "users", type_="check")
