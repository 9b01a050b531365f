"""Judge the statements of a step: named rules first, then the live rule for what none explains."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache

from pytest_migcheck.core.finding import Direction, Finding
from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import all_rules
from pytest_migcheck.rules._context import RuleContext, Seen
from pytest_migcheck.rules._predict import with_predictions
from pytest_migcheck.rules._rule import Explained, Rule
from pytest_migcheck.rules.blocking_statement import RULE as LIVE_RULE
from pytest_migcheck.rules.blocking_statement import unexplained
from pytest_migcheck.sql.split import split
from pytest_migcheck.sql.statements import ParsedStatement, parse

__all__ = ["RuleContext", "judge", "judge_and_mark"]

Selected = Callable[[str, str], bool]


def judge(
    statements: Sequence[Statement],
    context: RuleContext,
    *,
    selected: Selected = lambda _id, _name: False,
    more: Sequence[Rule] = (),
) -> list[Finding]:
    """Return the findings on statements that ran, in their order."""
    return judge_and_mark(statements, context, selected=selected, more=more)[0]


def judge_and_mark(
    statements: Sequence[Statement],
    context: RuleContext,
    *,
    selected: Selected = lambda _id, _name: False,
    more: Sequence[Rule] = (),
) -> tuple[list[Finding], tuple[Statement, ...]]:
    """Return the findings on statements that ran, in their order, and the statements with what their texts predict.

    Args:
        statements: what a step ran.
        context: the step, and what there was before it.
        selected: told id and name, whether a rule that is off by default was selected.
        more: rules of the user's own.
    """
    rules = _rules_for(context, selected, more) if statements else ()
    findings: list[Finding] = []
    # A name may belong to an old table first and to a new one later: what counts is what was made so far.
    made = _absent_before(context)
    earlier: tuple[Seen, ...] = ()
    for statement in statements:
        made |= set(statement.created)
        here = replace(context, created_in_revision=frozenset(made), earlier=earlier)
        texts = split(statement.sql)
        parts = tuple(parse(text) for text in texts)
        marked = with_predictions(statement, parts, here)
        seen = Seen(statement=marked, parts=parts)
        findings += _judge_one(seen, texts, here, rules)
        earlier = (*earlier, seen)
    return findings, tuple(seen.statement for seen in earlier)


def _rules_for(context: RuleContext, selected: Selected, more: Sequence[Rule]) -> tuple[Rule, ...]:
    upgrading = context.direction is Direction.UPGRADE
    found = [
        rule
        for rule in (*_in_turn(), *more)
        if (upgrading or not rule.upgrade_only) and (not rule.off or selected(rule.id, rule.name))
    ]
    return tuple(sorted(found, key=lambda rule: rule.last)) if more else tuple(found)


@cache
def _in_turn() -> tuple[Rule, ...]:
    """The rules in the order in which they are asked."""
    return tuple(sorted((rule for rule in all_rules() if rule is not LIVE_RULE), key=lambda rule: rule.last))


def _absent_before(context: RuleContext) -> set[str]:
    if context.catalog is None:
        return set(context.created_in_revision)
    return {name for name in context.created_in_revision if context.table_key(name) is None}


def _places(parts: Sequence[ParsedStatement], context: RuleContext) -> Iterator[tuple[ParsedStatement, RuleContext]]:
    """Each statement of a string, and what a rule may know there."""
    for number, part in enumerate(parts):
        yield part, replace(context, preceding=tuple(parts[:number])) if number else context


def _judge_one(seen: Seen, texts: Sequence[str], context: RuleContext, rules: Sequence[Rule]) -> Iterator[Finding]:
    statement, parts = seen.statement, seen.parts
    tables: set[str] = set()
    found: set[str] = set()
    for rule in rules:
        here = replace(context, found=frozenset(found)) if rule.last else context
        # A string with the same statement twice has one finding for it.
        hits: dict[Explained, str] = {}
        for text, (part, place) in zip(texts, _places(parts, here), strict=True):
            for hit in rule.look(statement, part, place):
                hits.setdefault(hit, text)
        for hit, text in hits.items():
            found.add(rule.name)
            tables |= {lock.table for lock in hit.locks}
            yield rule.finding(hit, statement, context, text)
    for hit in unexplained(statement, parts, context):
        if hit.object not in tables:
            yield LIVE_RULE.finding(hit, statement, context)
