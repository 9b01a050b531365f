"""Taking a foreign key away locks the table that it refers to, with all its readers.

https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-DROP-CONSTRAINT
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.core.lock import HeldLock, LockMode
from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _catalog
from pytest_migcheck.rules import _code as code
from pytest_migcheck.rules._context import is_named
from pytest_migcheck.rules._predict import dropped_keys
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext, Severity
from pytest_migcheck.sql.statements import ParsedStatement


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    if not context.waits_for_ever(statement):
        return
    parents = {
        target
        for table, constraint, column in dropped_keys(parsed)
        for target in _catalog.referenced_tables(context.catalog, table, constraint, column)
        if not any(is_named(target, name) for name in (table, *parsed.names))
    }
    cascades = "CASCADE" in parsed.flags or any("CASCADE" in action.flags for action in parsed.actions)
    named = {parsed.table, *parsed.names}
    locks = tuple(
        lock
        for lock in context.acquired(statement, LockMode.ACCESS_EXCLUSIVE)
        if any(is_named(lock.relation, parent) for parent in parents)
        or (cascades and _is_another_table(lock, named, parsed))
    )
    for lock in locks:
        yield Explained(
            headline=f"{_what(parsed)} also blocks reads and writes of {lock.table}",
            fix=f"{code.short_wait(statement)}\n# and in its own revision",
            object=lock.table,
            locks=(lock,),
        )


def _is_another_table(lock: HeldLock, named: set[str], parsed: ParsedStatement) -> bool:
    own = parsed.kind in ("alter table", "drop table") and lock.kind in ("r", "p") and lock.relation == lock.table
    return own and not any(is_named(lock.relation, name) for name in named)


def _what(parsed: ParsedStatement) -> str:
    if parsed.kind == "drop table":
        return f"dropping {', '.join(parsed.names)}"
    return f"dropping the foreign key of {parsed.table}"


RULE = Rule(
    name="drop-foreign-key-locks-referenced-table",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="Dropping a foreign key, or its table, also blocks readers of the referenced table.",
    condition="DROP CONSTRAINT of a key, DROP TABLE or DROP COLUMN with one, or CASCADE onto one, and no "
    "lock_timeout is set",
    effect="reads and writes of a table that the statement does not name wait until the transaction ends",
    fix="drop the key in a revision of its own, with a lock_timeout",
    bad=(
        Example(
            setup="""
                op.create_table("users", sa.Column("id", sa.BigInteger, primary_key=True))
                op.create_table(
                    "orders",
                    sa.Column("id", sa.BigInteger, primary_key=True),
                    sa.Column("user_id", sa.BigInteger),
                )
                op.create_index("ix_user", "orders", ["user_id"])
                op.create_foreign_key("fk_user", "orders", "users", ["user_id"], ["id"])
            """,
            upgrade='op.drop_constraint("fk_user", "orders")',
            also=("drop-constraint",),
        ),
        Example(
            setup="""
                op.create_table("users", sa.Column("id", sa.BigInteger, primary_key=True))
                op.create_table(
                    "orders",
                    sa.Column("id", sa.BigInteger, primary_key=True),
                    sa.Column("user_id", sa.BigInteger),
                )
                op.create_index("ix_user", "orders", ["user_id"])
                op.create_foreign_key("fk_user", "orders", "users", ["user_id"], ["id"])
            """,
            upgrade='op.drop_table("orders")',
            also=("drop-table",),
        ),
        Example(
            setup="""
                op.create_table("users", sa.Column("id", sa.BigInteger, primary_key=True))
                op.create_table(
                    "orders",
                    sa.Column("id", sa.BigInteger, primary_key=True),
                    sa.Column("user_id", sa.BigInteger),
                )
                op.create_index("ix_user", "orders", ["user_id"])
                op.create_foreign_key("fk_user", "orders", "users", ["user_id"], ["id"])
            """,
            upgrade='op.drop_column("orders", "user_id")',
            also=("drop-column",),
        ),
        Example(
            setup="""
                op.execute("CREATE TABLE users (id bigint CONSTRAINT users_pkey PRIMARY KEY)")
                op.execute("CREATE TABLE orders (user_id bigint REFERENCES users)")
            """,
            upgrade='op.execute("ALTER TABLE users DROP CONSTRAINT users_pkey CASCADE")',
            also=("drop-constraint",),
        ),
    ),
    good=(
        Example(
            setup="""
                op.create_table("users", sa.Column("id", sa.BigInteger, primary_key=True))
                op.create_table("fresh", sa.Column("u", sa.BigInteger))
            """,
            upgrade="""
                op.create_table("items", sa.Column("a", sa.BigInteger))
                op.drop_table("items")
            """,
            note="no key",
        ),
    ),
    look=look,
    measured=("drop-constraint-fk", "drop-table-with-fk", "drop-column-fk", "drop-pk-cascade-fk"),
)
