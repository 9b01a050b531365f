#!/usr/bin/env python3
"""Take the pictures of the documentation from the report that the tests keep; needs the dependency group browser."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from pytest_migcheck.report.html import html_report

ROOT = Path(__file__).resolve().parent.parent
REPORT = ROOT / "tests" / "report" / "expected" / "report.json"
PICTURES = ROOT / "docs" / "pictures"


def main() -> int:
    """Write docs/pictures/*.png."""
    program = os.environ.get("MIGCHECK_CHROMIUM") or shutil.which("chromium")
    arguments = ["--no-sandbox"] if os.getuid() == 0 else []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        path = Path(folder) / "report.html"
        path.write_text(html_report(json.loads(REPORT.read_text(encoding="utf-8"))), encoding="utf-8")
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        page = browser.new_page(viewport={"width": 1120, "height": 760})
        page.goto(path.as_uri())
        take(page)
        browser.close()
    return 0


def take(page: Page) -> None:
    """The head of the page, the graph, the locks of a step and the stairway."""
    page.screenshot(path=PICTURES / "findings.png")
    page.add_style_tag(content=".top { position: static } section { margin: 0; padding: 8px }")
    page.locator("#graph").screenshot(path=PICTURES / "graph.png")
    page.locator("#r0-6b31f0 svg.timeline").first.screenshot(path=PICTURES / "timeline.png")
    page.locator("#stairway").screenshot(path=PICTURES / "stairway.png")


if __name__ == "__main__":
    sys.exit(main())
