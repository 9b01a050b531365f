"""Each report as a whole, of one history that has a finding of each kind."""

from __future__ import annotations

import html
import json
import re
import xml.etree.ElementTree as ET
from importlib.metadata import version
from pathlib import Path

import jsonschema
import pytest
from normalised import compare, kept_report, with_even_times, without_what_varies

from pytest_migcheck.report.github import workflow_commands
from pytest_migcheck.report.html import html_report
from pytest_migcheck.report.json import json_report
from pytest_migcheck.report.sarif import sarif_report

HERE = Path(__file__).parent
ROOT = HERE.parent.parent


def read(path: Path):
    return json.loads(path.read_text(encoding="utf-8"))


def test_the_terminal(whole_run):
    if int(version("pytest").split(".")[0]) < 9:
        pytest.skip("the output of pytest 9, whose summary lines are cut elsewhere")
    lines = [line for line in whole_run.printed.splitlines() if not line.startswith("::")]
    compare("terminal.txt", without_what_varies("\n".join(lines), whole_run.root) + "\n")


def test_the_annotations_of_github(whole_run):
    found = [line for line in whole_run.printed.splitlines() if line.startswith("::")]
    assert found == list(workflow_commands(read(whole_run.root / ".migcheck" / "report.json")))
    compare("github.txt", "\n".join(found) + "\n")


def test_junit(whole_run):
    suite = ET.parse(whole_run.root / "junit.xml").getroot().find("testsuite")
    lines = [f"{suite.get('tests')} tests, {suite.get('failures')} failures, {suite.get('skipped')} skipped"]
    for case in suite:
        lines.append(f"{case.get('classname')} {case.get('name')}")
        lines += [f"  {p.get('name')} = {p.get('value')}" for p in case.iter("property")]
        for kind in ("failure", "skipped"):
            for told in case.iter(kind):
                lines += [f"  {kind}: {told.get('message')}", *(f"    {line}" for line in (told.text or "").splitlines())]
    compare("junit.txt", without_what_varies("\n".join(lines), whole_run.root) + "\n")


def test_json(whole_run):
    report = read(whole_run.root / ".migcheck" / "report.json")
    jsonschema.validate(report, read(ROOT / "docs" / "reference" / "report.schema.json"))
    compare("report.json", json_report(with_even_times(report)))


def test_sarif_is_valid_and_says_everything():
    text = sarif_report(kept_report())
    jsonschema.validate(json.loads(text), read(HERE / "data" / "sarif-2.1.0.schema.json"))
    compare("report.sarif", text)


def test_the_sarif_of_the_run_is_the_one_of_its_report(whole_run):
    folder = whole_run.root / ".migcheck"
    assert (folder / "report.sarif").read_text(encoding="utf-8") == sarif_report(read(folder / "report.json"))


def test_the_html_page_says_everything():
    page = html_report(kept_report())
    body = re.sub(r"(?s)^.*?<body>|<script>.*?</script>", "", page)
    words = html.unescape(re.sub(r"<[^>]+>", "\n", body))
    compare("report.html.txt", "\n".join(line.strip() for line in words.splitlines() if line.strip()) + "\n")


def test_the_html_of_the_run_is_the_one_of_its_report(whole_run):
    folder = whole_run.root / ".migcheck"
    assert (folder / "report.html").read_text(encoding="utf-8") == html_report(read(folder / "report.json"))
