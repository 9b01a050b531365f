"""ADD COLUMN ... NOT NULL without a default: it fails on any row, and scans to find one.

https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-ADD-COLUMN
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.core.finding import Direction, Severity
from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _code as code
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext
from pytest_migcheck.sql.statements import Action, ParsedStatement

_FILLED = frozenset(("DEFAULT", "GENERATED"))
_SERIAL = ("serial", "smallserial", "bigserial")


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    if parsed.kind != "alter table":
        return
    columns = [action for action in parsed.actions if action.kind == "add column" and _needs_value(action)]
    if not columns:
        return
    # After an error or an autocommit there are no locks, and the text is enough to know.
    locks = context.held_on(statement, parsed.table)
    for column in columns if locks else ():
        if not context.old_type(parsed.table, column.name):
            yield Explained(
                headline=f"adding {parsed.table}.{column.name} NOT NULL without a default fails "
                f"as soon as {parsed.table} has a row",
                fix=_fix(parsed.table, column, context),
                object=f"{locks[0].table}.{column.name}",
                locks=locks,
            )


def _needs_value(action: Action) -> bool:
    filled = bool(action.flags & _FILLED) or action.type.lower().startswith(_SERIAL)
    return bool(action.flags & {"NOT NULL", "PRIMARY KEY"}) and not filled


def _fix(table: str, column: Action, context: RuleContext) -> str:
    constant = code.constant_default(code.sa_type(column.type) or "")
    key = ", then the primary key from an index" if "PRIMARY KEY" in column.flags else ""
    fill = f"fill it in batches, and SET NOT NULL in a later revision by way of a validated CHECK{key}"
    if constant is None or column.flags & {"UNIQUE", "PRIMARY KEY", "REFERENCES"}:
        return f"{code.add_column(table, column, 'nullable=True')}\n# then {fill}"
    default = f"server_default={code.text(constant)}"
    if context.direction is Direction.DOWNGRADE:
        # The catalog before the upgrade had no default.
        name, schema = code.text(code.bare(table)), code.schema_argument(table)
        gone = code.call("alter_column", name, code.text(column.name), "server_default=None", *schema)
        return f"{code.add_column(table, column, 'nullable=False', default)}\n{gone}"
    return "\n".join(
        (
            "# with a constant for the old rows, in the model too: no scan, no rewrite",
            code.add_column(table, column, "nullable=False", default),
            f"# or, where each row needs its own value, with nullable=True and no default; then {fill}",
        )
    )


RULE = Rule(
    name="add-column-not-null-no-default",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="A NOT NULL column is added without a server default.",
    condition="ADD COLUMN ... NOT NULL without DEFAULT, identity or generated, on a table that is not new",
    effect="the migration fails on the first row of production; an empty database does not show it",
    fix="give it a server_default (default= is Python's alone), or add it nullable and set NOT NULL later",
    bad=(
        Example(upgrade='op.add_column("orders", sa.Column("total", sa.Integer, nullable=False))'),
        Example(
            upgrade='op.add_column("orders", sa.Column("total", sa.Integer, nullable=False, default=0))',
            note="default= is for INSERTs of SQLAlchemy; the server does not know it",
        ),
    ),
    good=(
        Example(upgrade='op.add_column("orders", sa.Column("total", sa.Integer, nullable=False, server_default="0"))'),
        Example(upgrade='op.add_column("orders", sa.Column("total", sa.Integer))'),
        Example(
            upgrade='op.create_table("fresh", sa.Column("id", sa.Integer))\n'
            'op.add_column("fresh", sa.Column("n", sa.Integer, nullable=False))'
        ),
    ),
    look=look,
    measured=(
        "add-column-not-null-no-default-populated",
        "add-column-not-null-no-default-empty",
        "add-column-not-null-const-default",
    ),
)
