"""The functions, triggers and views that live beside the tables."""

from alembic_utils.pg_function import PGFunction
from alembic_utils.pg_trigger import PGTrigger
from alembic_utils.pg_view import PGView

touch = PGFunction(
    schema="public",
    signature="touch_updated_at()",
    definition="""
    RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        NEW.updated_at := now();
        RETURN NEW;
    END
    $$
    """,
)

with_tax = PGFunction(
    schema="public",
    signature="with_tax(amount numeric)",
    definition="RETURNS numeric LANGUAGE sql IMMUTABLE AS $$ SELECT round(amount * 1.19, 2) $$",
)

orders_touch = PGTrigger(
    schema="public",
    signature="orders_touch",
    on_entity="public.orders",
    definition="BEFORE UPDATE ON public.orders FOR EACH ROW EXECUTE PROCEDURE public.touch_updated_at()",
)

open_orders = PGView(
    schema="public",
    signature="open_orders",
    definition="""
    SELECT orders.id, customers.name AS customer, with_tax(orders.total) AS total, orders.note
    FROM orders JOIN customers ON customers.id = orders.customer_id
    WHERE NOT orders.paid
    """,
)

ENTITIES = [touch, with_tax, orders_touch, open_orders]
