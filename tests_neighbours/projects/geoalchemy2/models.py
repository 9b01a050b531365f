"""Places on a map, and the areas that a shop delivers to."""

from __future__ import annotations

from typing import Any

from geoalchemy2 import Geography, Geometry
from sqlalchemy import Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class Place(Base):
    __tablename__ = "places"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    position: Mapped[Any] = mapped_column(Geometry("POINT", srid=4326), nullable=False)
    reach: Mapped[Any | None] = mapped_column(Geography("POLYGON", srid=4326, spatial_index=False))


class Area(Base):
    __tablename__ = "areas"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    outline: Mapped[Any | None] = mapped_column(Geometry("MULTIPOLYGON", srid=3857))
