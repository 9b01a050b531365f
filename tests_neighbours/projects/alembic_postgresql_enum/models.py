"""A help desk, whose tickets have a state and a priority."""

from __future__ import annotations

import enum

from sqlalchemy import Text
from sqlalchemy.dialects.postgresql import ENUM
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class State(enum.Enum):
    new = 1
    open = 2
    done = 3
    waiting = 4


class Priority(enum.Enum):
    low = 1
    high = 2


class Base(DeclarativeBase):
    pass


class Ticket(Base):
    __tablename__ = "tickets"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(Text)
    state: Mapped[State] = mapped_column(ENUM(State, name="state"), index=True)
    priority: Mapped[Priority | None] = mapped_column(ENUM(Priority, name="priority"))
