"""What a rule of the user's own is made of, and the check that it is one.

Return such rules from the hook ``pytest_migcheck_rules``; docs/own_rules.md shows one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.core.rule_ids import RULE_NAMES
from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules._rule import Basis, Example, Explained, Rule, RuleContext, Severity
from pytest_migcheck.sql.statements import Action, ParsedStatement

__all__ = [
    "Action",
    "Basis",
    "Example",
    "Explained",
    "ParsedStatement",
    "Rule",
    "RuleContext",
    "Severity",
    "Statement",
    "checked",
]

_ID = re.compile(r"(?!MC\d)[A-Z][A-Z0-9]*")
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


def checked(rules: Iterable[object]) -> tuple[Rule, ...]:
    """The rules that a hook returned.

    Raises:
        MigcheckError: one of them is no rule, or its id or name is not valid or taken; names it.
    """
    found: list[Rule] = []
    for rule in rules:
        if not isinstance(rule, Rule):
            raise MigcheckError(f"pytest_migcheck_rules: {rule!r} is not a pytest_migcheck.rules.own.Rule")
        taken = {other.own_id for other in found}, {*RULE_NAMES, *(other.name for other in found)}
        if not _ID.fullmatch(rule.own_id) or rule.own_id in taken[0]:
            raise MigcheckError(
                f"pytest_migcheck_rules: {rule.name}: own_id {rule.own_id!r} is not valid or taken. "
                "Valid: capital letters and digits that do not begin with MC and a digit, such as ACME1"
            )
        if not _NAME.fullmatch(rule.name) or rule.name in taken[1]:
            raise MigcheckError(
                f"pytest_migcheck_rules: {rule.own_id}: the name {rule.name!r} is not valid or taken. "
                "Valid: words in lower case with hyphens, such as no-tables-without-comment"
            )
        found.append(rule)
    return tuple(found)
