"""Fill the locale of users (2 of 5: the rows)

Revision ID: 0009_6f13ea
Revises: 0008_d2846b
Create Date: 2026-04-06 09:18:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009_6f13ea"
down_revision = "0008_d2846b"
branch_labels = None
depends_on = None


FILL = sa.text(
    """
    UPDATE users SET locale = coalesce(left(preferences ->> 'locale', 35), 'und')
    WHERE id IN (SELECT id FROM users WHERE locale IS NULL ORDER BY id LIMIT 1000)
    """
)


def upgrade() -> None:
    in_batches(FILL)


def downgrade() -> None:
    """Leave the rows: what was filled in cannot be told from what was there, and the column goes with 0008."""


def in_batches(update: sa.TextClause) -> None:
    """Repeat an UPDATE until no row is left; each batch is a transaction of its own."""
    with op.get_context().autocommit_block():
        while op.get_bind().execute(update).rowcount:
            pass
