"""Create the view of sessions that support works with

Revision ID: 0021_b70d5e
Revises: 0020_2c8f94
Create Date: 2026-05-21 09:10:00
"""

from __future__ import annotations

from alembic import op

revision = "0021_b70d5e"
down_revision = "0020_2c8f94"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE VIEW session_overview AS
        SELECT s.id, s.title, u.email, count(m.id) AS messages, max(m.created_at) AS last_message_at
        FROM chat_sessions AS s
        JOIN users AS u ON u.id = s.user_id
        LEFT JOIN messages AS m ON m.session_id = s.id
        GROUP BY s.id, u.email
        """
    )


def downgrade() -> None:
    op.execute("DROP VIEW session_overview")
