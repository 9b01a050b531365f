"""Librarians may read reports

Revision ID: c3
Revises: b2
"""

import sqlalchemy as sa
from alembic import op

revision = "c3"
down_revision = "b2"


def upgrade() -> None:
    op.execute("""CREATE ROLE "librarian" WITH NOSUPERUSER NOCREATEDB NOCREATEROLE INHERIT NOLOGIN NOREPLICATION NOBYPASSRLS;""")
    op.execute(sa.text("""GRANT USAGE ON SCHEMA "reports" TO "librarian";"""))
    op.execute(sa.text("""GRANT SELECT ON TABLE "reports"."lent" TO "librarian";"""))


def downgrade() -> None:
    op.execute(sa.text("""REVOKE SELECT ON TABLE "reports"."lent" FROM "librarian";"""))
    op.execute(sa.text("""REVOKE USAGE ON SCHEMA "reports" FROM "librarian";"""))
    op.execute("""DROP ROLE "librarian";""")
