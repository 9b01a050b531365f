"""Trim titles

Revision ID: d4
Revises: c3
"""

from alembic import op

revision = "d4"
down_revision = "c3"


def upgrade() -> None:
    op.execute("""CREATE FUNCTION "trim_title"() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        NEW.title := btrim(NEW.title);
        RETURN NEW;
    END
    $$;""")
    op.execute("""CREATE TRIGGER "books_trim" BEFORE INSERT ON "books" FOR EACH ROW EXECUTE PROCEDURE "trim_title"();""")


def downgrade() -> None:
    op.execute("""DROP TRIGGER "books_trim" ON "books";""")
    op.execute("""DROP FUNCTION trim_title();""")
