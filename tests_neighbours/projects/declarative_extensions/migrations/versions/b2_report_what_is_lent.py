"""Report what is lent

Revision ID: b2
Revises: a1
"""

from alembic import op
from sqlalchemy.sql.ddl import CreateSchema, DropSchema

revision = "b2"
down_revision = "a1"


def upgrade() -> None:
    op.execute(CreateSchema("reports"))
    op.execute("""CREATE VIEW reports.lent AS SELECT books.title, loans.reader FROM public.loans JOIN public.books ON books.id = loans.book_id;""")


def downgrade() -> None:
    op.execute("""DROP VIEW reports.lent""")
    op.execute(DropSchema("reports"))
