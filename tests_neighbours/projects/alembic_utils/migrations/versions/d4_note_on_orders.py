"""Note on orders

Revision ID: d4
Revises: c3
"""

import sqlalchemy as sa
from alembic import op
from alembic_utils.pg_view import PGView

revision = "d4"
down_revision = "c3"


def upgrade() -> None:
    op.add_column("orders", sa.Column("note", sa.Text(), nullable=True))
    public_open_orders = PGView(
        schema="public",
        signature="open_orders",
        definition="SELECT orders.id, customers.name AS customer, with_tax(orders.total) AS total, orders.note\n    FROM orders JOIN customers ON customers.id = orders.customer_id\n    WHERE NOT orders.paid",
    )
    op.replace_entity(public_open_orders)


def downgrade() -> None:
    public_open_orders = PGView(
        schema="public",
        signature="open_orders",
        definition="SELECT orders.id, customers.name AS customer, with_tax(orders.total) AS total\n    FROM orders JOIN customers ON customers.id = orders.customer_id\n    WHERE NOT orders.paid",
    )
    op.replace_entity(public_open_orders)
    op.drop_column("orders", "note")
