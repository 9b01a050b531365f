"""Add the locale of a user (1 of 5: the column)

NOT NULL comes in steps, because SET NOT NULL alone would read the whole table while nobody can use it.

Revision ID: 0008_d2846b
Revises: 0007_0ae59f
Create Date: 2026-04-03 09:17:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008_d2846b"
down_revision = "0007_0ae59f"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("users", sa.Column("locale", sa.String(length=35), nullable=True))
    # Apart from the column: old rows keep NULL, which tells the next revision to look into the preferences.
    op.alter_column("users", "locale", server_default="und")


def downgrade() -> None:
    op.drop_column("users", "locale")
