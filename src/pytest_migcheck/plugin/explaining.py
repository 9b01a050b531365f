"""``--migcheck-rules`` and ``--migcheck-explain``."""

from __future__ import annotations

import sys

import pytest

from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.report.explain import explain_rule, list_rules
from pytest_migcheck.rules import all_rules, find_rule


def print_rules(explain: str | None) -> None:
    """Write one rule, or the list of them; pytest has no terminal writer yet when this runs."""
    try:
        text = explain_rule(find_rule(explain)) if explain else list_rules(all_rules())
    except MigcheckError as error:
        raise pytest.UsageError(f"--migcheck-explain: {error}") from error
    sys.stdout.write(text + "\n")
