"""The rules: every public module of this package but the judge is one, and is validated when it is loaded."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
import sys
from collections.abc import Sequence
from functools import cache

from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.core.rule_ids import RULE_IDS, RULE_NAMES
from pytest_migcheck.rules._rule import Rule

_NOT_RULES = frozenset(("judge", "own"))


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule, by id.

    Raises:
        TypeError: a module of the package is not a valid rule; names it.
    """
    found = [_load(info.name) for info in pkgutil.iter_modules(__path__) if _is_rule(info.name)]
    return tuple(sorted(found, key=lambda rule: rule.id))


def _is_rule(module_name: str) -> bool:
    return not module_name.startswith("_") and module_name not in _NOT_RULES


def _load(module_name: str) -> Rule:
    module = importlib.import_module(f"{__name__}.{module_name}")
    rule = getattr(module, "RULE", None)
    name = module_name.replace("_", "-")
    # python -OO takes all docstrings away.
    complete = name in RULE_NAMES and (module.__doc__ or sys.flags.optimize > 1)
    if not (isinstance(rule, Rule) and complete and rule.name == name and rule.bad):
        raise TypeError(
            f"{module.__file__}: a rule module holds RULE, a Rule named {name!r} of core/rule_ids.py, "
            "with a bad example and a docstring"
        )
    return rule


def find_rule(text: str, more: Sequence[Rule] = ()) -> Rule:
    """The rule with this id or name, among ``more`` as well.

    Raises:
        MigcheckError: there is none; names the nearest.
    """
    name = RULE_IDS.get(text.upper(), text.lower())
    rules = (*all_rules(), *more)
    for rule in rules:
        if rule.name == name or rule.id == text.upper():
            return rule
    names = [n for rule in rules for n in (rule.name, rule.id)]
    near = difflib.get_close_matches(text, names, 1, 0.4)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise MigcheckError(f"{text!r} is not a rule.{hint} See: pytest --migcheck-rules")
