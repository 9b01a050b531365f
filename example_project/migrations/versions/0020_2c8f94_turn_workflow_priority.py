"""Turn the priority of workflows round: 5 is the most urgent now, not 1

Revision ID: 0020_2c8f94
Revises: 0019_e3b61a
Create Date: 2026-05-18 09:19:00
"""

from __future__ import annotations

from alembic import op

revision = "0020_2c8f94"
down_revision = "0019_e3b61a"
branch_labels = None
depends_on = None


def upgrade() -> None:
    turn_round()


def downgrade() -> None:
    turn_round()


def turn_round() -> None:
    # One statement: half a table turned round could not be told from the other half.
    op.execute("UPDATE workflow_states SET priority = 6 - priority WHERE priority <> 3")
