"""``--migcheck-rules`` and ``--migcheck-explain``."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

import pytest

from pytest_migcheck.core.finding_texts import finding_texts
from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.report.explain import explain_finding, explain_rule, list_rules
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
        text = _explained(explain, own) if explain else list_rules((*all_rules(), *own))
    except MigcheckError as error:
        raise pytest.UsageError(f"--migcheck-explain: {error}") from error
    sys.stdout.write(text + "\n")


def _explained(explain: str, own: Sequence[Rule]) -> str:
    for id_, (name, text) in finding_texts().items():
        if explain.upper() == id_ or explain.lower() == name:
            return explain_finding(id_, name, text)
    return explain_rule(find_rule(explain, own))


def clear_and_print() -> None:
    """Remove what is kept between runs, and say where it was."""
    from pytest_migcheck.postgres.store import clear_cache

    sys.stdout.write("".join(f"removed {folder}\n" for folder in clear_cache()))
