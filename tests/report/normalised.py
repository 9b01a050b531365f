"""Reports without what differs from run to run."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

EXPECTED = Path(__file__).parent / "expected"


def without_what_varies(text: str, root: Path) -> str:
    """Printed text without times, versions and where the run was."""
    text = text.replace(str(root), "ROOT")
    # pytest fills the line, so the dashes depend on how long the root is.
    text = re.sub(r"(?m)^-+( generated xml file: .*? )-+$", r"---\1---", text)
    text = re.sub(r"\b\d+\.\d+ ?s\b", "… s", text)
    text = re.sub(r"(?m)^(platform|plugins:|PostgreSQL|rootdir|configfile|cachedir|hypothesis|asyncio).*\n", "", text)
    text = re.sub(r"(?m)^=+ (.*?) =+$", r"= \1 =", text)
    return re.sub(r"(?m)[ \t]+$", "", text)


def with_even_times(report: dict[str, Any]) -> dict[str, Any]:
    """A report whose clock ticks evenly, with the versions left out."""
    report["version"] = "0"
    report["run"] |= {"started": "2026-01-01T12:00:00Z", "seconds": 2.5, "versions": {"pytest": "9"}}
    report["server"] = {"kind": "embedded", "version": "18"}
    for check in report["checks"]:
        check["seconds"] = 0.01
        for step in check["steps"]:
            step["seconds"] = None if step["seconds"] is None else 0.005
        if check["tried"]:
            # Another Hypothesis draws others.
            assert check["tried"]["sets"] > 0
            check["tried"] = {"sets": 9, "tables": dict.fromkeys(check["tried"]["tables"], 4)}
    steps: dict[tuple, list] = {}
    for statement in report["statements"]:
        steps.setdefault((statement["revision"], statement["direction"], statement["pass"]), []).append(statement)
    for statements in steps.values():
        for number, statement in enumerate(statements):
            statement |= {"started": (number * 2 + 1) / 1000, "seconds": 0.0015}
            if statement["released"] is not None:
                statement["released"] = (len(statements) * 2 + 2) / 1000
    return report


def compare(name: str, text: str) -> None:
    """Compare an output with the one that is kept; MIGCHECK_WRITE_EXPECTED=1 keeps this one in its place."""
    path = EXPECTED / name
    text = re.sub(r"\b\d+ sets of rows", "N sets of rows", text)
    if os.environ.get("MIGCHECK_WRITE_EXPECTED"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def kept_report() -> dict[str, Any]:
    """The report that the pictures are drawn from in the tests."""
    return json.loads((EXPECTED / "report.json").read_text(encoding="utf-8"))
