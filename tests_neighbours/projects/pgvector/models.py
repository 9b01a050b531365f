"""Documents that are found by what they mean."""

from __future__ import annotations

from typing import Any

from pgvector.sqlalchemy import HALFVEC, VECTOR
from sqlalchemy import Index, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class Document(Base):
    __tablename__ = "documents"
    __table_args__ = (
        Index(
            "ix_documents_embedding",
            "embedding",
            postgresql_using="hnsw",
            postgresql_with={"m": 16, "ef_construction": 64},
            postgresql_ops={"embedding": "vector_l2_ops"},
        ),
        Index(
            "ix_documents_title_embedding",
            "title_embedding",
            postgresql_using="ivfflat",
            postgresql_with={"lists": 10},
            postgresql_ops={"title_embedding": "halfvec_cosine_ops"},
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(Text)
    embedding: Mapped[Any | None] = mapped_column(VECTOR(3))
    title_embedding: Mapped[Any | None] = mapped_column(HALFVEC(3))
