"""Create the extension

Revision ID: a1
Revises: 
"""

from alembic import op

revision = "a1"
down_revision = None


def upgrade() -> None:
    op.execute("CREATE EXTENSION vector")


def downgrade() -> None:
    op.execute("DROP EXTENSION vector")
