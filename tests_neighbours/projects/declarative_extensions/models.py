"""A library with reports in a schema of their own, and a role that may read them."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy_declarative_extensions import Roles, Schemas, View, declarative_database
from sqlalchemy_declarative_extensions.dialects.postgresql import Function, Grant, Role, Trigger


@declarative_database
class Base(DeclarativeBase):
    __abstract__ = True

    schemas = Schemas().are("reports")
    roles = Roles(ignore_unspecified=True).are(Role("librarian", login=False))
    grants = [
        Grant.new("usage", to="librarian").on_schemas("reports"),
        Grant.new("select", to="librarian").on_tables("reports.lent"),
    ]
    views = [
        View(
            "lent",
            "SELECT books.title, loans.reader FROM public.loans JOIN public.books ON books.id = loans.book_id",
            schema="reports",
        ),
    ]
    functions = [
        Function(
            "trim_title",
            """
            BEGIN
                NEW.title := btrim(NEW.title);
                RETURN NEW;
            END
            """,
            language="plpgsql",
            returns="trigger",
        ),
    ]
    triggers = [
        Trigger.before("insert", on="books", execute="trim_title").named("books_trim").for_each_row(),
    ]


class Book(Base):
    __tablename__ = "books"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(Text)


class Loan(Base):
    __tablename__ = "loans"

    id: Mapped[int] = mapped_column(primary_key=True)
    book_id: Mapped[int] = mapped_column(ForeignKey("books.id"), index=True)
    reader: Mapped[str] = mapped_column(Text)
