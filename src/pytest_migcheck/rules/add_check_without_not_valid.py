"""ADD CHECK that validates at once.

https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-ADD-TABLE-CONSTRAINT
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _catalog
from pytest_migcheck.rules import _code as code
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext, Severity
from pytest_migcheck.sql.statements import Action, ParsedStatement


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    for check in parsed.actions if parsed.kind == "alter table" else ():
        if check.kind != "add check" or check.flags & {"NOT VALID", "NOT ENFORCED"} or statement.rewrites:
            continue
        locks = context.blocking_on(statement, parsed.table)
        if locks:
            made = _catalog.made_constraint(context.catalog, context.after, parsed.table, "c")
            name = check.name or made or f"{code.bare(parsed.table)}_check"
            yield Explained(
                headline=f"adding {name} blocks reads and writes of {parsed.table} while the rows are checked",
                fix=f"# this revision\n{_add(parsed.table, name, check)}\n"
                f"# the next revision\n{code.validate(parsed.table, name)}",
                object=locks[0].table,
                locks=locks,
            )


def _add(table: str, name: str, check: Action) -> str:
    # What stands behind the condition, such as NO INHERIT, Alembic cannot say.
    if check.tail:
        return code.execute(f"ALTER TABLE {code.identifier(table)} {check.text} NOT VALID")
    return code.call(
        "create_check_constraint",
        code.text(name),
        code.text(code.bare(table)),
        code.text(check.expression),
        *code.schema_argument(table),
        "postgresql_not_valid=True",
    )


RULE = Rule(
    name="add-check-without-not-valid",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="A CHECK is added and validated in one statement.",
    condition="ADD CHECK without NOT VALID on a table that was there before the revision",
    effect="nobody can read or write the table until every row has been checked",
    fix="add it NOT VALID, and VALIDATE CONSTRAINT in a later revision",
    bad=(
        Example(
            upgrade='op.create_check_constraint("ck_email", "orders", "email <> \'\'")',
        ),
        Example(
            upgrade="""
                with op.get_context().autocommit_block():
                    op.execute("ALTER TABLE orders ADD CHECK (id > 0)")
            """,
            note="an autocommit block alone changes nothing",
        ),
    ),
    good=(
        Example(
            upgrade='op.create_check_constraint("ck_email", "orders", "email <> \'\'", postgresql_not_valid=True)',
        ),
        Example(
            upgrade="""
                op.create_table("fresh", sa.Column("n", sa.BigInteger))
                op.create_check_constraint("ck_n", "fresh", "n > 0")
            """,
        ),
    ),
    look=look,
    measured=("add-check", "add-check-not-valid", "validate-check", "add-check-not-enforced"),
)
