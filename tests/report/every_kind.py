"""One history that has a finding of each kind, for the tests of the reports."""

from __future__ import annotations

from history_project import Project

MODELS = """
sa.Table("users", metadata, sa.Column("id", sa.BigInteger, primary_key=True),
    sa.Column("email", sa.String(320), nullable=False))
sa.Table("orders", metadata, sa.Column("id", sa.BigInteger, primary_key=True),
    sa.Column("user_id", sa.ForeignKey("users.id"), nullable=False),
    sa.Column("email", sa.String(80), nullable=False), sa.Column("total", sa.Numeric(12, 2)),
    sa.Index("ix_orders_email", "email"))
sa.Table("invoices", metadata, sa.Column("id", sa.BigInteger, primary_key=True))
"""


def write(project: Project) -> None:
    """Two branches and their merge, a second head, and in each revision something else that is wrong."""
    project.env(models=MODELS)
    project.revision(
        "1a7e01",
        """
        op.create_table("users", sa.Column("id", sa.BigInteger, primary_key=True),
            sa.Column("email", sa.String(255), nullable=False))
        op.create_table("orders", sa.Column("id", sa.BigInteger, primary_key=True),
            sa.Column("user_id", sa.BigInteger, nullable=False), sa.Column("email", sa.String(80)),
            sa.Column("total", sa.Integer))
        """,
        'op.drop_table("orders")\nop.drop_table("users")',
        message="create users and orders",
    )
    project.revision(
        "3f2a1c",
        'op.create_index("ix_orders_email", "orders", ["email"])',
        'op.drop_index("ix_orders_email", table_name="orders")',
        message="index orders",
    )
    project.revision(
        "4d0b5e",
        """
        op.execute("CREATE TYPE order_status AS ENUM ('new', 'paid')")
        op.add_column("orders", sa.Column("status", sa.Enum("new", "paid", name="order_status", create_type=False)))
        """,
        'op.drop_column("orders", "status")',
        message="order status",
        parents="1a7e01",
    )
    project.revision("5c9d77", "pass", message="merge the branches", parents=("3f2a1c", "4d0b5e"))
    project.revision(
        "6b31f0",
        """
        op.create_foreign_key("fk_orders_user", "orders", "users", ["user_id"], ["id"])
        op.alter_column("orders", "total", type_=sa.Numeric(12, 2))
        op.execute("ANALYZE orders")
        """,
        """
        op.alter_column("orders", "total", type_=sa.Integer, postgresql_using="total::integer")
        op.drop_constraint("fk_orders_user", "orders")
        """,
        message="money is not a whole number",
    )
    project.revision(
        "7c1e42",
        'op.alter_column("orders", "email", nullable=False)',
        'raise NotImplementedError("the addresses that were empty are lost")',
        message="email required",
    )
    project.revision(
        "8e55aa",
        'op.rename_table("orders", "purchases")\nop.rename_table("purchases", "orders")',
        message="there and back again",
    )
    project.revision(
        "9d0c13",
        """
        with op.get_context().autocommit_block():
            op.create_index("ix_users_email", "users", ["email"], postgresql_concurrently=True)
        """,
        'op.drop_index("ix_users_mail", table_name="users")',
        message="look users up by email",
    )
    project.revision(
        "a1f0cc",
        """
        op.create_table("notes", sa.Column("id", sa.BigInteger, primary_key=True))
        # migcheck: ignore[MC101] there are a hundred users
        op.create_index("ix_users_id", "users", ["id", "email"])
        """,
        'op.drop_index("ix_users_id", "users")\nop.drop_table("notes")',
        message="a table of its own",
        parents="7c1e42",
    )
