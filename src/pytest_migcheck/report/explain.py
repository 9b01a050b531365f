"""Rules as text: the list of them, and one in full."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import indent

from pytest_migcheck.core.finding_texts import FindingText
from pytest_migcheck.rules._rule import Example, Rule


def list_rules(rules: Sequence[Rule]) -> str:
    """One line for each rule."""
    return "\n".join(
        f"{r.id} {r.name:<39} {r.severity.value:<8} {r.summary}{'  (off until selected)' if r.off else ''}"
        for r in rules
    )


def explain_rule(rule: Rule) -> str:
    """Triggered when, effect, fix, the examples, how to select or silence it."""
    off = "off until selected, " if rule.off else ""
    return "\n".join(
        [
            f"{rule.id} {rule.name}   {rule.severity.value}, {off}since {rule.since}",
            "",
            rule.summary,
            "",
            f"triggered when  {rule.condition}",
            f"effect          {rule.effect}",
            f"fix             {rule.fix}",
            "",
            *_examples("bad", rule.bad),
            *_examples("good", rule.good),
            *([f"select          migcheck_select = {rule.id}"] if rule.off else []),
            f"silence         # migcheck: ignore[{rule.id}] reason   (everywhere: migcheck_ignore = {rule.id})",
        ]
    )


def explain_finding(id_: str, name: str, text: FindingText) -> str:
    """The same for a finding that is not about a statement."""
    return "\n".join(
        [
            f"{id_} {name}   {text.severity.value}, found by {text.check}",
            "",
            text.summary,
            "",
            f"triggered when  {text.condition}",
            f"effect          {text.effect}",
            f"fix             {text.fix}",
            "",
            f"silence         migcheck_ignore = {id_}",
        ]
    )


def _examples(label: str, examples: Sequence[Example]) -> Iterator[str]:
    for example in examples:
        yield f"{label}{f'   {example.note}' if example.note else ''}"
        yield indent(example.upgrade, "    ")
        yield ""
