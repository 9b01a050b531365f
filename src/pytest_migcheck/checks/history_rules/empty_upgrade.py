"""An upgrade that does nothing."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from pytest_migcheck.checks.history_rules._rule import HistoryContext, HistoryRule, Spotted, upgrade_body


def look(context: HistoryContext) -> Iterator[Spotted]:
    for revision in context.judged():
        if revision.is_merge or revision.branch_labels or revision.depends_on:
            continue  # joins, names or orders branches: that is what it does
        body = upgrade_body(revision.path)
        if body is None or not all(map(_does_nothing, body)):
            continue
        yield Spotted(
            headline=f"upgrade() of {revision.id} does nothing",
            path=revision.path,
            line=revision.upgrade_line,
            object=revision.id,
            revision=revision.id,
            fix="write what was meant (--autogenerate sees only the models that env.py imports), or remove the file",
        )


def _does_nothing(statement: ast.stmt) -> bool:
    """``pass``, ``...``, a docstring, or ``return``."""
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
        return True
    return isinstance(statement, ast.Pass) or (isinstance(statement, ast.Return) and statement.value is None)


RULE = HistoryRule(name="empty-upgrade", look=look)
