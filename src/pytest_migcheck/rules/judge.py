"""Judge the statements of a revision: named rules first, then the live rule for what none explains."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from pytest_migcheck.core.finding import Finding
from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import all_rules
from pytest_migcheck.rules._context import RuleContext
from pytest_migcheck.rules.blocking_statement import RULE as LIVE_RULE
from pytest_migcheck.rules.blocking_statement import unexplained
from pytest_migcheck.sql.split import split
from pytest_migcheck.sql.statements import parse

__all__ = ["RuleContext", "judge"]


def judge(statements: Sequence[Statement], context: RuleContext, *, preview: Collection[str] = ()) -> list[Finding]:
    """Return the findings on statements that ran, in their order.

    Args:
        statements: what a step ran.
        context: the step, and what there was before it.
        preview: names of preview rules that are selected.
    """
    findings: list[Finding] = []
    # A name may belong to an old table first and to a new one later: what counts is what was made so far.
    made = _absent_before(context)
    for statement in statements:
        made |= set(statement.created)
        findings += _judge_one(statement, replace(context, created_in_revision=frozenset(made)), preview)
    return findings


def _absent_before(context: RuleContext) -> set[str]:
    if context.catalog is None:
        return set(context.created_in_revision)
    return {name for name in context.created_in_revision if context.table_key(name) is None}


def _judge_one(statement: Statement, context: RuleContext, preview: Collection[str]) -> Iterator[Finding]:
    parts = [parse(part) for part in split(statement.sql)]
    tables: set[str] = set()
    for rule in all_rules():
        if rule is LIVE_RULE or (rule.preview and rule.name not in preview):
            continue
        # A string with the same statement twice has one finding for it.
        hits = dict.fromkeys(hit for part in parts for hit in rule.look(statement, part, context))
        for hit in hits:
            tables |= {lock.table for lock in hit.locks}
            yield rule.finding(hit, statement, context)
    for hit in unexplained(statement, parts, context):
        if hit.object not in tables:
            yield LIVE_RULE.finding(hit, statement, context)
