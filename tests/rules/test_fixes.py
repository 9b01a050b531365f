"""The printed fix, pasted: the finding is gone, and the database ends up the same."""

from __future__ import annotations

import re
from typing import Any

import pytest

from pytest_migcheck.core.catalog import Catalog
from pytest_migcheck.rules import all_rules
from pytest_migcheck.rules._rule import Example, Rule

# The fix is the whole replacement of the revision, in as many revisions as it says.
EXACT = (
    "create-index-not-concurrent",
    "drop-index-not-concurrent",
    "concurrently-in-transaction",
    "set-not-null-scan",
    "add-check-without-not-valid",
    "add-foreign-key-without-not-valid",
    "add-unique-without-index",
    "add-primary-key-without-index",
    "reindex-not-concurrent",
    "attach-partition-scan",
    "change-type-recheck",
    "concurrent-index-if-not-exists",
    "pending-trigger-events",
)
# What it leaves differs on purpose: a default instead of none, a check instead of a domain, a view in addition.
DIFFERENT_END = (
    "add-column-not-null-no-default",
    "add-column-volatile-default",
    "add-column-auto-increment",
    "add-column-stored-generated",
    "add-column-constrained-domain",
    "add-column-with-check",
    "create-partition-locks-parent",
    "detach-partition-not-concurrent",
    "domain-constraint-scan",
    "mixed-strength-alter",
    "rename-table",
    "set-schema",
    "unbatched-backfill",
    "truncate-table",
    "truncate-cascade",
    "rename-enum-value",
)


# The fix is for the second of two statements that Alembic makes of one call.
_HALF = (("add-unique-without-index", 1), ("add-foreign-key-without-not-valid", 1))


def _bad(names: tuple[str, ...] | None = None) -> list[object]:
    return [
        pytest.param(rule, example, id=f"{rule.name}-{number}")
        for rule in all_rules()
        for number, example in enumerate(rule.bad)
        if names is None or (rule.name in names and (rule.name, number) not in _HALF)
    ]


def _fix(rule: Rule, example: Example, run_example: Any) -> str:
    found = run_example(
        example.setup, example.upgrade, example.downgrade, every=True, select=(rule.name,) if rule.off else ()
    )
    return dict(next(f for f in found if f.rule == rule.name).details)["fix"]


@pytest.mark.parametrize(("rule", "example"), _bad())
def test_a_fix_is_python(rule: Rule, example: Example, run_example: Any, server: Any) -> None:
    if not example.version <= server.version_num // 10000 <= example.until:
        pytest.skip("for another version")
    compile(_fix(rule, example, run_example), rule.name, "exec")


@pytest.mark.parametrize(("rule", "example"), _bad(EXACT + DIFFERENT_END))
def test_a_fix_that_is_applied_takes_the_finding_away(rule: Rule, example: Example, run_example: Any) -> None:
    fix = _fix(rule, example, run_example)
    expected: Catalog = run_example.catalog
    *earlier, last = re.split(r"# the next revision.*\n", fix)
    found = run_example((example.setup, *earlier), last, "raise NotImplementedError", every=True)
    assert rule.name not in {finding.rule for finding in found}
    assert [f.rule for f in found if f.severity.value == "error"] == []
    if rule.name in EXACT and rule.name not in ("concurrently-in-transaction", "pending-trigger-events"):
        assert _without_positions(run_example.catalog) == _without_positions(expected)


def _without_positions(catalog: Catalog) -> dict[object, dict[str, object]]:
    return {
        key: {name: value for name, value in values.items() if not name.startswith("_")}
        for key, values in catalog.objects.items()
    }
