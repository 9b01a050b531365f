"""A line in the terminal about a step that takes long."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import pytest

from pytest_migcheck.core.progress import listening


def telling(config: pytest.Config, item: pytest.Item) -> AbstractContextManager[None]:
    """While it is open, tell of every step of the item that takes long; a worker of pytest-xdist has no terminal."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    capture = config.pluginmanager.get_plugin("capturemanager")
    if reporter is None or hasattr(config, "workerinput") or reporter.verbosity < 0:
        return nullcontext()

    def tell(seconds: float, doing: str) -> None:
        with capture.global_and_fixture_disabled() if capture is not None else nullcontext():
            reporter.ensure_newline()
            reporter.write_line(f"migcheck: {item.nodeid} {seconds:.0f} s: {doing}")

    return listening(tell)
