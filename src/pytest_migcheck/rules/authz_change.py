"""Rights, policies and row level security decide what running code may do.

https://www.postgresql.org/docs/current/ddl-rowsecurity.html
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext, Severity
from pytest_migcheck.sql.statements import ParsedStatement

_KINDS = frozenset(("grant", "revoke", "create policy", "alter policy", "drop policy"))
_ACTIONS = frozenset(("enable row", "disable row", "force row", "no force"))


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    acts = parsed.kind == "alter table" and any(action.kind in _ACTIONS for action in parsed.actions)
    if (acts or parsed.kind in _KINDS) and context.existed(parsed.table) and statement.error is None:
        yield Explained(
            headline=f"the rights on {parsed.table} change for running code",
            fix="# look at it together with whoever owns the roles",
            object=parsed.table,
        )


RULE = Rule(
    name="authz-change",
    severity=Severity.INFO,
    since="0.1.0",
    summary="The rights on a table in use change.",
    condition="GRANT, REVOKE, CREATE / ALTER / DROP POLICY or ROW LEVEL SECURITY on a table that was there before",
    effect="running code may see other rows than before, or may not read or write at all",
    fix="look at it together with whoever owns the roles",
    bad=(
        Example(
            upgrade='op.execute("GRANT SELECT ON orders TO PUBLIC")',
        ),
        Example(
            upgrade="""
                op.execute("SET LOCAL lock_timeout = '2s'")
                op.execute("ALTER TABLE orders ENABLE ROW LEVEL SECURITY")
            """,
        ),
    ),
    good=(
        Example(
            upgrade="""
                op.execute("CREATE TABLE fresh (a int)")
                op.execute("GRANT SELECT ON fresh TO PUBLIC")
            """,
        ),
    ),
    look=look,
    upgrade_only=True,
    measured=("grant", "create-policy", "enable-rls"),
)
