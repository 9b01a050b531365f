"""The rules on a history itself, which need no server: every public module of this package is one."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Callable, Iterator
from functools import cache

from pytest_migcheck.checks.history_rules._rule import HistoryContext, HistoryRule
from pytest_migcheck.core.finding import Finding
from pytest_migcheck.core.finding_texts import FINDING_TEXTS
from pytest_migcheck.core.rule_ids import RULE_NAMES


@cache
def history_rules() -> tuple[HistoryRule, ...]:
    """Every rule, by id.

    Raises:
        TypeError: a module of the package is not a valid rule; names it.
    """
    names = [info.name for info in pkgutil.iter_modules(__path__) if not info.name.startswith("_")]
    return tuple(sorted(map(_load, names), key=lambda rule: rule.id))


def history_findings(context: HistoryContext, selected: Callable[[str, str], bool]) -> Iterator[Finding]:
    """What the rules find; ``selected`` tells of those that are off whether they were selected."""
    for rule in history_rules():
        if not rule.off or selected(rule.id, rule.name):
            yield from rule.findings(context)


def _load(module_name: str) -> HistoryRule:
    module = importlib.import_module(f"{__name__}.{module_name}")
    rule = getattr(module, "RULE", None)
    name = module_name.replace("_", "-")
    # python -OO takes all docstrings away.
    complete = name in RULE_NAMES and name in FINDING_TEXTS and (module.__doc__ or sys.flags.optimize > 1)
    if not (isinstance(rule, HistoryRule) and complete and rule.name == name):
        raise TypeError(
            f"{module.__file__}: a module of history_rules holds RULE, a HistoryRule named {name!r} of "
            "core/rule_ids.py and core/finding_texts.py, and a docstring"
        )
    return rule
