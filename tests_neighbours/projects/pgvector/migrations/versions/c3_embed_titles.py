"""Embed titles

Revision ID: c3
Revises: b2
"""

import sqlalchemy as sa
from alembic import op
import pgvector.sqlalchemy

revision = "c3"
down_revision = "b2"


def upgrade() -> None:
    op.add_column("documents", sa.Column("title_embedding", pgvector.sqlalchemy.HALFVEC(dim=3), nullable=True))


def downgrade() -> None:
    op.drop_column("documents", "title_embedding")
