"""The pages of the rules are those that the code makes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pytest_migcheck.core.rule_ids import RULE_IDS
from pytest_migcheck.rules import all_rules

ROOT = Path(__file__).resolve().parent.parent


def test_the_pages_are_current() -> None:
    run = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "rule_pages.py"), "--check"], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("family", ["MC1", "MC2"])
def test_every_id_of_the_families_of_statements_has_a_rule(family: str) -> None:
    assert [rule.id for rule in all_rules() if rule.family == family] == [id_ for id_ in RULE_IDS if id_.startswith(family)]
