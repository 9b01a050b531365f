"""Each rule's examples, run through Alembic against a server: the rule is its own test suite."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pytest_migcheck.core.finding import Finding
from pytest_migcheck.rules import all_rules
from pytest_migcheck.rules._rule import Example, Rule

RunExample = Callable[[str, str], list[Finding]]


def _examples(which: str) -> list[object]:
    return [
        pytest.param(rule, example, id=f"{rule.name}-{which}{number}")
        for rule in all_rules()
        for number, example in enumerate(getattr(rule, which))
    ]


@pytest.mark.parametrize(("rule", "example"), _examples("bad"))
def test_a_bad_example_is_found_by_its_rule_alone(rule: Rule, example: Example, run_example: RunExample) -> None:
    found = {finding.rule for finding in run_example(example.setup, example.upgrade)}
    assert rule.name in found
    assert "blocking-statement" not in found - {rule.name}


@pytest.mark.parametrize(("rule", "example"), _examples("good"))
def test_a_good_example_is_silent_for_every_rule(rule: Rule, example: Example, run_example: RunExample) -> None:
    assert run_example(example.setup, example.upgrade) == []


def test_the_fix_of_an_index_is_itself_silent(run_example: RunExample) -> None:
    rule = next(rule for rule in all_rules() if rule.name == "create-index-not-concurrent")
    for example in rule.bad:
        (finding,) = run_example(example.setup, example.upgrade)
        assert run_example(example.setup, dict(finding.details)["fix"]) == []
