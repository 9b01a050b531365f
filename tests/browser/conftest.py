"""A headless Chromium: ``.ci/browser`` fetches Debian's and runs these tests.

Elsewhere they are skipped where there is none, unless MIGCHECK_NEEDS_BROWSER says that there must be one.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "report"))

NEEDED = bool(os.environ.get("MIGCHECK_NEEDS_BROWSER"))


@pytest.fixture(scope="session")
def browser() -> Iterator:
    program = os.environ.get("MIGCHECK_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        if NEEDED:
            raise
        pytest.skip("playwright is not installed (dependency group browser)")
    if program is None:
        if NEEDED:
            pytest.fail("no Chromium: install the package chromium, or set MIGCHECK_CHROMIUM")
        pytest.skip("no Chromium on this machine")
    # Chromium has no sandbox for root.
    arguments = ["--no-sandbox"] if os.getuid() == 0 else []
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=program, args=arguments)
        yield launched
        launched.close()


@pytest.fixture
def open_page(browser, tmp_path: Path) -> Iterator[Callable]:
    """Open a text as a page, as from a CI artifact: a file, without a network; faults of the page fail the test."""
    contexts, faults = [], []

    def opened(text: str, *, script: bool = True, scheme: str = "light", width: int = 1280, fragment: str = ""):
        path = tmp_path / "report.html"
        path.write_text(text, encoding="utf-8")
        context = browser.new_context(
            java_script_enabled=script, color_scheme=scheme, offline=True, viewport={"width": width, "height": 900}
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: faults.append(message.text))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("request", lambda request: None if request.url.startswith(("file:", "data:")) else faults.append(request.url))
        page.goto(path.as_uri() + fragment)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert faults == []
