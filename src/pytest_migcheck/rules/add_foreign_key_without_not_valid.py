"""ADD FOREIGN KEY that validates at once.

https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-ADD-TABLE-CONSTRAINT
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pytest_migcheck.core.finding import Severity
from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _code as code
from pytest_migcheck.rules import _partitions
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext
from pytest_migcheck.sql.statements import Action, ParsedStatement


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    for key in map(_key, parsed.actions) if parsed.kind == "alter table" else ():
        if key is None or key.flags & {"NOT VALID", "NOT ENFORCED"}:
            continue
        # The key of a new table has no rows to validate; the referenced table is locked, read or not.
        blocking = context.blocking_on(statement, parsed.table)
        if not blocking:
            continue
        tables = dict.fromkeys((parsed.table, key.target))
        locks = {lock: None for table in tables for lock in context.held_on(statement, table)}
        name = code.constraint_name(parsed.table, key)
        blocked = " and ".join(dict.fromkeys(lock.relation.rpartition(".")[2] for lock in locks))
        locks |= dict.fromkeys(blocking)
        yield Explained(
            headline=f"adding {name} blocks writes to {blocked} while the rows are read",
            fix=(_partitions.is_partitioned(blocking) and _partitions.foreign_key(parsed.table, key, context))
            or f"# this revision\n{_column(parsed, key)}{code.create_foreign_key(parsed.table, key)}\n"
            f"# the next revision\n{code.validate(parsed.table, name)}",
            object=next(iter(locks)).table,
            locks=tuple(locks),
        )


def _column(parsed: ParsedStatement, key: Action) -> str:
    """The column that the same statement adds, without its key."""
    for action in parsed.actions:
        if action.kind == "add column" and action.columns == key.columns:
            arguments = [f"server_default=sa.text({code.text(action.default)})"] if action.default else []
            arguments += ["nullable=False"] if "NOT NULL" in action.flags else []
            return f"{code.add_column(parsed.table, action, *arguments)}\n"
    return ""


def _key(action: Action) -> Action | None:
    if action.kind == "add column" and action.target and "DEFAULT" in action.flags:
        target = f"{code.identifier(action.target)} ({', '.join(map(code.identifier, action.target_columns))})"
        text = f"ADD FOREIGN KEY ({code.identifier(action.name)}) REFERENCES {target}"
        return replace(action, kind="add foreign key", name="", text=text, tail="", flags=frozenset())
    return action if action.kind == "add foreign key" else None


_SETUP = (
    'op.create_table("users", sa.Column("id", sa.BigInteger, primary_key=True))\n'
    'op.create_table("orders", sa.Column("id", sa.BigInteger, primary_key=True), '
    'sa.Column("user_id", sa.BigInteger, index=True))'
)
_LOCK_TIMEOUT = "op.execute(\"SET LOCAL lock_timeout = '2s'\")\n"

RULE = Rule(
    name="add-foreign-key-without-not-valid",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="A foreign key is added and validated in one statement.",
    condition="ADD FOREIGN KEY without NOT VALID on a table that was there before the revision",
    effect="INSERT, UPDATE and DELETE on both tables wait until all rows of both have been read",
    fix="add it NOT VALID, and VALIDATE CONSTRAINT in a later revision",
    bad=(
        Example(
            setup=_SETUP,
            upgrade='op.create_foreign_key("fk_user", "orders", "users", ["user_id"], ["id"])',
        ),
        Example(
            setup='op.create_table("users", sa.Column("id", sa.BigInteger, primary_key=True))\n'
            'op.create_table("orders", sa.Column("id", sa.BigInteger, primary_key=True))',
            upgrade='op.add_column("orders", sa.Column("user_id", sa.BigInteger, sa.ForeignKey("users.id")))',
            also=("foreign-key-without-index",),
            note="Alembic adds the key in a statement of its own, which validates",
        ),
    ),
    good=(
        Example(
            setup=_SETUP,
            upgrade=_LOCK_TIMEOUT + 'op.create_foreign_key("fk_user", "orders", "users", ["user_id"], ["id"], '
            "postgresql_not_valid=True)",
        ),
        Example(
            setup=_SETUP,
            upgrade=_LOCK_TIMEOUT + 'op.create_table("items", sa.Column("user_id", sa.BigInteger, index=True))\n'
            'op.create_foreign_key("fk_user", "items", "users", ["user_id"], ["id"])',
            note="a new table has no rows to validate",
        ),
    ),
    look=look,
    measured=("add-fk", "add-fk-not-valid", "validate-fk", "add-column-references-with-default"),
)
