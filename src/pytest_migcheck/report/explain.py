"""Rules as text: the list of them, and one in full."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import indent

from pytest_migcheck.core.rule_ids import rule_id
from pytest_migcheck.rules._rule import Rule


def list_rules(rules: Sequence[Rule]) -> str:
    """One line for each rule."""
    return "\n".join(f"{rule_id(r.name)} {r.name:<36} {r.severity.value:<8} {r.summary}" for r in rules)


def explain_rule(rule: Rule) -> str:
    """Triggered when, effect, fix, a bad and a good example, how to silence it."""
    id_ = rule_id(rule.name)
    return "\n".join(
        [
            f"{id_} {rule.name}   {rule.severity.value}, since {rule.since}",
            "",
            rule.summary,
            "",
            f"triggered when  {rule.condition}",
            f"effect          {rule.effect}",
            f"fix             {rule.fix}",
            "",
            "bad",
            indent(rule.bad[0].upgrade, "    "),
            *(["good", indent(rule.good[0].upgrade, "    ")] if rule.good else []),
            "",
            f"silence         migcheck_ignore = {id_}",
        ]
    )
