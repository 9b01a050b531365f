"""Touch orders

Revision ID: b2
Revises: a1
"""

from alembic import op
from alembic_utils.pg_function import PGFunction
from alembic_utils.pg_trigger import PGTrigger

revision = "b2"
down_revision = "a1"


def upgrade() -> None:
    public_touch_updated_at = PGFunction(
        schema="public",
        signature="touch_updated_at()",
        definition="RETURNS trigger LANGUAGE plpgsql AS $$\n    BEGIN\n        NEW.updated_at \\:= now();\n        RETURN NEW;\n    END\n    $$",
    )
    op.create_entity(public_touch_updated_at)

    public_orders_touch = PGTrigger(
        schema="public",
        signature="orders_touch",
        on_entity="public.orders",
        is_constraint=False,
        definition="BEFORE UPDATE ON public.orders FOR EACH ROW EXECUTE PROCEDURE public.touch_updated_at()",
    )
    op.create_entity(public_orders_touch)


def downgrade() -> None:
    public_orders_touch = PGTrigger(
        schema="public",
        signature="orders_touch",
        on_entity="public.orders",
        is_constraint=False,
        definition="BEFORE UPDATE ON public.orders FOR EACH ROW EXECUTE PROCEDURE public.touch_updated_at()",
    )
    op.drop_entity(public_orders_touch)

    public_touch_updated_at = PGFunction(
        schema="public",
        signature="touch_updated_at()",
        definition="RETURNS trigger LANGUAGE plpgsql AS $$\n    BEGIN\n        NEW.updated_at \\:= now();\n        RETURN NEW;\n    END\n    $$",
    )
    op.drop_entity(public_touch_updated_at)
