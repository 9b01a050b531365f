"""Index title embeddings

Revision ID: d4
Revises: c3
"""

from alembic import op

revision = "d4"
down_revision = "c3"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index(
            "ix_documents_title_embedding",
            "documents",
            ["title_embedding"],
            unique=False,
            postgresql_concurrently=True,
            postgresql_using="ivfflat",
            postgresql_with={"lists": 10},
            postgresql_ops={"title_embedding": "halfvec_cosine_ops"},
        )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index(
            "ix_documents_title_embedding",
            table_name="documents",
            postgresql_concurrently=True,
            if_exists=True,
        )
