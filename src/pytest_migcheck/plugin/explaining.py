"""``--migcheck-rules`` and ``--migcheck-explain``."""

from __future__ import annotations

import sys
from collections.abc import Iterable

import pytest

from pytest_migcheck.checks.history_rules import history_rules
from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.report.explain import explain_rule, list_rules
from pytest_migcheck.rules import all_rules, find_rule
from pytest_migcheck.rules.own import Rule, checked


def own_rules(config: pytest.Config) -> tuple[Rule, ...]:
    """The rules of the user's own.

    Raises:
        MigcheckError: one of them is not valid.
    """
    returned = config.hook.pytest_migcheck_rules()
    return checked(rule for rules in returned for rule in (rules if isinstance(rules, Iterable) else (rules,)))


def print_rules(config: pytest.Config, explain: str | None) -> None:
    """Write one rule, or the list of them; pytest has no terminal writer yet when this runs."""
    try:
        own = own_rules(config)
        on_history = next((r for r in history_rules() if explain and explain.lower() in (r.id.lower(), r.name)), None)
        if explain:
            text = explain_rule(on_history or find_rule(explain, own))
        else:
            text = list_rules((*history_rules(), *all_rules(), *own))
    except MigcheckError as error:
        raise pytest.UsageError(f"--migcheck-explain: {error}") from error
    sys.stdout.write(text + "\n")


def clear_and_print() -> None:
    """Remove what is kept between runs, and say where it was."""
    from pytest_migcheck.postgres.store import clear_cache

    sys.stdout.write("".join(f"removed {folder}\n" for folder in clear_cache()))
