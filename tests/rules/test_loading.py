"""The rules as a set."""

from __future__ import annotations

import pytest

from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.core.rule_ids import RULE_IDS
from pytest_migcheck.rules import all_rules, find_rule


def test_rules_come_in_the_order_of_their_ids() -> None:
    ids = [rule.id for rule in all_rules()]
    assert ids == sorted(ids)
    assert len(set(ids)) == len(ids)
    assert set(ids) <= RULE_IDS.keys()


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.name)
def test_texts_are_short_and_complete(rule: object) -> None:
    for field in ("summary", "condition", "effect", "fix"):
        value = getattr(rule, field)
        assert value
        assert "\n" not in value


@pytest.mark.parametrize("text", ["MC101", "mc101", "create-index-not-concurrent"])
def test_a_rule_is_found_by_id_and_by_name(text: str) -> None:
    assert find_rule(text).id == "MC101"


def test_an_unknown_rule_names_the_nearest() -> None:
    with pytest.raises(MigcheckError, match="Did you mean 'create-index-not-concurrent'"):
        find_rule("create-index-not-concurent")
