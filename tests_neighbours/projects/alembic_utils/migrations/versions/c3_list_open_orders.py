"""List open orders

Revision ID: c3
Revises: b2
"""

from alembic import op
from alembic_utils.pg_function import PGFunction
from alembic_utils.pg_view import PGView

revision = "c3"
down_revision = "b2"


def upgrade() -> None:
    public_with_tax = PGFunction(
        schema="public",
        signature="with_tax(amount numeric)",
        definition="RETURNS numeric LANGUAGE sql IMMUTABLE AS $$ SELECT round(amount * 1.19, 2) $$",
    )
    op.create_entity(public_with_tax)

    public_open_orders = PGView(
        schema="public",
        signature="open_orders",
        definition="SELECT orders.id, customers.name AS customer, with_tax(orders.total) AS total\n    FROM orders JOIN customers ON customers.id = orders.customer_id\n    WHERE NOT orders.paid",
    )
    op.create_entity(public_open_orders)


def downgrade() -> None:
    public_open_orders = PGView(
        schema="public",
        signature="open_orders",
        definition="SELECT orders.id, customers.name AS customer, with_tax(orders.total) AS total\n    FROM orders JOIN customers ON customers.id = orders.customer_id\n    WHERE NOT orders.paid",
    )
    op.drop_entity(public_open_orders)

    public_with_tax = PGFunction(
        schema="public",
        signature="with_tax(amount numeric)",
        definition="RETURNS numeric LANGUAGE sql IMMUTABLE AS $$ SELECT round(amount * 1.19, 2) $$",
    )
    op.drop_entity(public_with_tax)
