"""A gentle sub-command in an ALTER TABLE with a strong one runs under the strong lock.

https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _code as code
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext, Severity
from pytest_migcheck.sql.statements import Action, ParsedStatement

_GENTLE = frozenset(("validate constraint", "set statistics"))


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    kinds = {action.kind for action in parsed.actions} if parsed.kind == "alter table" else set()
    if not kinds & _GENTLE or kinds <= _GENTLE:
        return
    locks = tuple(lock for lock in context.held_on(statement, parsed.table) if lock.mode.blocks_writes)
    if locks:
        table = code.identifier(parsed.table)
        gentle = [action.text for action in parsed.actions if action.kind in _GENTLE]
        yield Explained(
            headline=f"{gentle[0]} runs under {locks[0].mode.label} on {parsed.table} because of its neighbours",
            fix=_fix(table, parsed.actions),
            object=locks[0].table,
            locks=locks,
        )


def _fix(table: str, actions: tuple[Action, ...]) -> str:
    def statements(*, gentle: bool) -> list[str]:
        chosen = [action for action in actions if (action.kind in _GENTLE) is gentle]
        return [code.execute(f"ALTER TABLE {table} {action.text}") for action in chosen]

    return "\n".join((*statements(gentle=False), "# the next revision", *statements(gentle=True)))


RULE = Rule(
    name="mixed-strength-alter",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="VALIDATE or SET STATISTICS shares an ALTER TABLE with a sub-command that takes a stronger lock.",
    condition="ALTER TABLE with VALIDATE CONSTRAINT or SET STATISTICS beside a sub-command that takes ACCESS EXCLUSIVE",
    effect="the whole statement runs under ACCESS EXCLUSIVE, the scan of VALIDATE included",
    fix="a statement of its own for each, VALIDATE in a revision of its own",
    bad=(
        Example(
            setup="""
                op.create_table(
                    "orders",
                    sa.Column("id", sa.BigInteger, primary_key=True),
                    sa.Column("email", sa.String(80)),
                )
                op.create_check_constraint("ck", "orders", "email <> ''", postgresql_not_valid=True)
            """,
            upgrade='op.execute("ALTER TABLE orders ADD COLUMN a int, VALIDATE CONSTRAINT ck")',
        ),
    ),
    good=(
        Example(
            setup="""
                op.create_table(
                    "orders",
                    sa.Column("id", sa.BigInteger, primary_key=True),
                    sa.Column("email", sa.String(80)),
                )
                op.create_check_constraint("ck", "orders", "email <> ''", postgresql_not_valid=True)
            """,
            upgrade="""
                op.execute("ALTER TABLE orders VALIDATE CONSTRAINT ck, ALTER COLUMN email SET STATISTICS 100")
            """,
        ),
    ),
    look=look,
    measured=("multi-action-alter",),
)
