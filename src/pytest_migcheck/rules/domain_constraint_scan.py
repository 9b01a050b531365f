"""A constraint of a domain is checked in every table that uses the domain.

https://www.postgresql.org/docs/current/sql-alterdomain.html
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _code as code
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext, Severity
from pytest_migcheck.sql.statements import ParsedStatement


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    locks = context.blocking(statement) if parsed.kind == "alter domain" else ()
    if not locks:
        return
    tables = ", ".join(dict.fromkeys(code.bare(lock.table) for lock in locks))
    checks = [action for action in parsed.actions if action.kind == "add check"]
    fix = f"{parsed.text} NOT VALID" if checks else parsed.text
    note = "" if checks else "# no way around the scan: when nobody writes, and with a lock_timeout\n"
    yield Explained(
        headline=f"constraining the domain {parsed.name} blocks writes to {tables} while the rows are read",
        fix=note + code.execute(fix),
        object=locks[0].table,
        locks=locks,
    )


RULE = Rule(
    name="domain-constraint-scan",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="A domain gets a constraint, and every table that uses it is scanned.",
    condition="ALTER DOMAIN ADD CHECK, SET NOT NULL or VALIDATE CONSTRAINT, and a table uses the domain",
    effect="INSERT, UPDATE and DELETE wait on tables that the statement does not name, until all their "
    "rows have been read",
    fix="add it NOT VALID, which reads nothing; VALIDATE scans under SHARE, so run it when nobody writes",
    bad=(
        Example(
            setup="""
                op.execute("CREATE DOMAIN amount AS int")
                op.execute("CREATE TABLE prices (a amount)")
            """,
            upgrade='op.execute("ALTER DOMAIN amount ADD CHECK (VALUE > 0)")',
        ),
    ),
    good=(
        Example(
            setup="""
                op.execute("CREATE DOMAIN amount AS int")
                op.execute("CREATE TABLE prices (a amount)")
            """,
            upgrade='op.execute("ALTER DOMAIN amount ADD CHECK (VALUE > 0) NOT VALID")',
        ),
        Example(
            setup='op.execute("CREATE DOMAIN amount AS int")',
            upgrade='op.execute("ALTER DOMAIN amount ADD CHECK (VALUE > 0)")',
            note="no table uses it",
        ),
    ),
    look=look,
    measured=("domain-add-check", "domain-add-check-not-valid", "domain-validate", "domain-set-not-null"),
)
