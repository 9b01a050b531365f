#!/usr/bin/env python3
"""Write docs/rules/, a page for each rule, with what was measured; with --check, only say whether it is current."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from pytest_migcheck.report.rule_page import Measured, index_page, rule_page
from pytest_migcheck.rules import all_rules
from pytest_migcheck.rules._rule import Rule

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "docs" / "rules"
VERSIONS = (15, 18)


def main(arguments: list[str]) -> int:
    """Write the pages, or compare them."""
    made = pages()
    if arguments == ["--check"]:
        found = {path.name: path.read_text(encoding="utf-8") for path in PAGES.glob("*.md")}
        if found != made:
            print("docs/rules is out of date; run python tools/rule_pages.py", file=sys.stderr)
        return int(found != made)
    PAGES.mkdir(parents=True, exist_ok=True)
    for path in PAGES.glob("*.md"):
        path.unlink()
    for name, text in made.items():
        (PAGES / name).write_text(text, encoding="utf-8")
    return 0


def pages() -> dict[str, str]:
    """File name to text."""
    forms = {version: _forms(version) for version in VERSIONS}
    made = {f"{rule.name}.md": rule_page(rule, _measured(rule, forms)) for rule in all_rules()}
    return {"README.md": index_page(all_rules()), **made}


def _forms(version: int) -> dict[str, Measured]:
    path = ROOT / "tests" / "trace" / "data" / f"locks_pg{version}.json"
    return {
        form["id"]: Measured(
            version=version,
            statement="; ".join(filter(None, (form["pre"], form["statement"]))),
            locks=form["locks"],
            scans=form["scans"],
            rewrites=form["rewrites"],
            error=form["error"],
        )
        for form in json.loads(path.read_text(encoding="utf-8"))["forms"]
    }


def _measured(rule: Rule, forms: dict[int, dict[str, Measured]]) -> list[Measured]:
    unknown = [name for name in rule.measured if not any(name in found for found in forms.values())]
    if unknown:
        raise SystemExit(f"{rule.name}: no such forms in the lock tables: {', '.join(unknown)}")
    return [forms[version][name] for name in rule.measured for version in VERSIONS if name in forms[version]]


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
