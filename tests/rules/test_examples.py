"""Each rule's examples, run through Alembic against a server: the rule is its own test suite."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from pytest_migcheck.history.alembic.as_sql import sql_of
from pytest_migcheck.rules import all_rules
from pytest_migcheck.rules._rule import Example, Rule

RunExample = Callable[..., Any]


def _examples(which: str) -> list[object]:
    return [
        pytest.param(rule, example, id=f"{rule.name}-{which}{number}")
        for rule in all_rules()
        for number, example in enumerate(getattr(rule, which))
    ]


@pytest.mark.parametrize(("rule", "example"), _examples("bad"))
def test_a_bad_example_is_found_by_its_rule_alone(
    rule: Rule, example: Example, run_example: RunExample, server: Any
) -> None:
    _skip_on_other_versions(example, server)
    found = run_example(example.setup, example.upgrade, example.downgrade, select=_off(rule))
    assert {finding.rule for finding in found} == {rule.name, *example.also}
    for finding in found:
        # What is advised for a file of SQL is SQL.
        advice = sql_of(dict(finding.details)["fix"])
        assert advice
        assert re.search(r"\b(op|sa)\.\w|^#|%%", advice) is None


@pytest.mark.parametrize(("rule", "example"), _examples("good"))
def test_a_good_example_is_silent_for_every_rule(
    rule: Rule, example: Example, run_example: RunExample, server: Any
) -> None:
    _skip_on_other_versions(example, server)
    assert run_example(example.setup, example.upgrade, example.downgrade, select=_off(rule)) == []


def _off(rule: Rule) -> tuple[str, ...]:
    return (rule.name,) if rule.off else ()


def _skip_on_other_versions(example: Example, server: Any) -> None:
    major = server.version_num // 10000
    if not example.version <= major <= example.until:
        pytest.skip(f"not for PostgreSQL {major}")


def test_the_fix_of_an_index_is_itself_silent(run_example: RunExample) -> None:
    rule = next(rule for rule in all_rules() if rule.name == "create-index-not-concurrent")
    for example in rule.bad:
        (finding,) = run_example(example.setup, example.upgrade)
        assert run_example(example.setup, dict(finding.details)["fix"]) == []
