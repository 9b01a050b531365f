"""The pytest plugin; without ``--migcheck`` it imports nothing beyond pytest and the standard library."""

from __future__ import annotations

import pytest

from pytest_migcheck.plugin import hookspecs
from pytest_migcheck.plugin.options import add_options


def pytest_addoption(parser: pytest.Parser) -> None:
    add_options(parser)


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    pluginmanager.add_hookspecs(hookspecs)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "migcheck(check, revision): set on every item of pytest-migcheck; -m migcheck runs only these, "
        "-m \"migcheck(check='locks')\" one kind of them.",
    )
    if config.getoption("migcheck"):
        from pytest_migcheck.plugin.running import Running

        config.pluginmanager.register(Running(config), "migcheck-running")


def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """Print the rules and end, as ``--markers`` does."""
    explain, rules = config.getoption("migcheck_explain"), config.getoption("migcheck_rules")
    if not explain and not rules:
        return None
    from pytest_migcheck.plugin.explaining import print_rules

    print_rules(config, explain)
    return 0
