"""Touch a session when a message arrives

Revision ID: 0006_71d3c8
Revises: 0005_b96e14
Create Date: 2026-03-18 09:15:00
"""

from __future__ import annotations

from alembic import op

revision = "0006_71d3c8"
down_revision = "0005_b96e14"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE FUNCTION touch_chat_session() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            UPDATE chat_sessions SET updated_at = now() WHERE id = NEW.session_id;
            RETURN NULL;
        END
        $$
        """
    )
    op.execute(
        """
        CREATE TRIGGER messages_touch_session AFTER INSERT ON messages
        FOR EACH ROW EXECUTE FUNCTION touch_chat_session()
        """
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER messages_touch_session ON messages")
    op.execute("DROP FUNCTION touch_chat_session()")
