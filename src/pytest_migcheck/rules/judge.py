"""Judge the statements of a revision: named rules first, then the live rule for what none explains."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pytest_migcheck.core.finding import Finding
from pytest_migcheck.core.rule_ids import rule_id
from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import all_rules
from pytest_migcheck.rules._rule import RuleContext
from pytest_migcheck.sql.split import split
from pytest_migcheck.sql.statements import parse

_LIVE_RULE = "blocking-statement"

__all__ = ["RuleContext", "judge"]


def judge(statements: Sequence[Statement], context: RuleContext) -> Iterator[Finding]:
    """Yield the findings on statements that ran, in their order."""
    for statement in statements:
        yield from _judge_one(statement, context)


def _judge_one(statement: Statement, context: RuleContext) -> Iterator[Finding]:
    explained_tables: set[str] = set()
    for part in split(statement.sql):
        parsed = parse(part)
        for rule in all_rules():
            if rule.name == _LIVE_RULE:
                continue
            for explained in rule.look(statement, parsed, context):
                explained_tables |= {lock.table for lock in explained.locks} | {explained.object}
                yield rule.finding(rule_id(rule.name), explained, statement, context)
    live = next(rule for rule in all_rules() if rule.name == _LIVE_RULE)
    left = tuple(lock for lock in context.blocking(statement) if lock.table not in explained_tables)
    if left and statement.utility:
        from_live = live.look(statement, parse(statement.sql), context)
        for explained in from_live:
            if explained.object not in explained_tables:
                yield live.finding(rule_id(live.name), explained, statement, context)
