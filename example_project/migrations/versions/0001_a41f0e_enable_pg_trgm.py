"""Enable pg_trgm, for search in messages

Revision ID: 0001_a41f0e
Revises:
Create Date: 2026-03-03 09:10:00
"""

from __future__ import annotations

from alembic import op

revision = "0001_a41f0e"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE EXTENSION pg_trgm")


def downgrade() -> None:
    op.execute("DROP EXTENSION pg_trgm")
