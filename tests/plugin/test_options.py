"""What the user types, and what is said when it is wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.core.rule_ids import RULE_IDS
from pytest_migcheck.plugin.options import OPTIONS
from pytest_migcheck.settings import (
    Settings,
    check_names,
    choice,
    environment_variables,
    positive,
    report_paths,
    rule_names,
    server_place,
)


@pytest.mark.parametrize(
    ("check", "message"),
    [
        (lambda: check_names("--x", ["locks,stairwy"]), "--x: 'stairwy' is not valid. Did you mean 'stairway'?"),
        (lambda: rule_names("--x", ["create-index"], RULE_IDS), "Did you mean 'MC101' (create-index-not-concurrent)?"),
        (lambda: rule_names("--x", ["MC999"], RULE_IDS), "'MC999' is not a rule"),
        (lambda: choice("--x", "info", ("error", "warning")), "Valid: error, warning"),
        (lambda: report_paths("--x", ["jsn"], Path()), "Did you mean 'json'?"),
        (lambda: report_paths("--x", ["github:x"], Path()), "write 'github' without a path"),
        (lambda: report_paths("--x", ["html:/"], Path()), "/ is a directory. Valid: html:PATH of a file"),
        (lambda: report_paths("--x", ["html:r", "json:r"], Path()), "another report goes to r already"),
        (lambda: server_place("--x", "embeded"), "Did you mean 'embedded'?"),
        (lambda: server_place("--x", "doker"), "Did you mean 'docker'?"),
        (lambda: environment_variables("--x", ["DATABASE_URL"]), "'DATABASE_URL' is not NAME=value"),
        (lambda: positive("--x", 0), "--x: 0 is not valid"),
    ],
)
def test_a_wrong_value_is_named_with_its_origin_and_what_is_valid(check, message):
    with pytest.raises(MigcheckError) as error:
        check()
    assert str(error.value).startswith("--x: ") and message in str(error.value)


def test_a_wrong_value_is_a_usage_error(project, migcheck):
    result = migcheck("--migcheck-fail-on=info")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "--migcheck-fail-on: 'info' is not valid" in result.stderr.str()


def test_a_wrong_ini_value_names_its_key(project, migcheck):
    project.write("pytest.ini", "[pytest]\nmigcheck_checks = lock\n")
    project.sql("a1", "SELECT 1")
    result = migcheck()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "migcheck_checks: 'lock' is not valid. Did you mean 'locks'?" in result.stderr.str()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("migcheck_time_budget = x", "migcheck_time_budget: 'x' is not valid. Valid: a whole number"),
        ("migcheck_require_reason = maybe", "migcheck_require_reason: 'maybe' is not valid. Valid: true or false"),
        ("verbosity_migcheck = x", "verbosity_migcheck: 'x' is not valid. Valid: auto, or a number such as 2"),
        ("migcheck_irreversible = zz", "migcheck_irreversible: 'zz' is not a revision. Valid: an id or its start\n"),
    ],
)
def test_what_pytest_cannot_read_and_unknown_revisions_are_named_with_their_key(project, migcheck, line, message):
    project.write("pytest.ini", f"[pytest]\n{line}\n")
    project.sql("a1", "SELECT 1")
    result = migcheck("--collect-only")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert message in f"{result.stderr.str()}\n{result.stdout.str()}\n"


def test_no_history_is_a_usage_error_that_names_the_places(pytester):
    result = pytester.runpytest_inprocess("-p", "no:asyncio", "--migcheck")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    for place in ("$ALEMBIC_CONFIG", "alembic.ini", "[tool.alembic]"):
        assert place in result.stderr.str()


def test_the_command_line_wins_over_the_ini_file(project, migcheck):
    project.write("pytest.ini", "[pytest]\nmigcheck_checks = locks\n")
    project.sql("a1", "SELECT 1")
    result = migcheck("--migcheck-checks=heads", "--collect-only", "-q")
    result.stdout.fnmatch_lines(["migrations/env.py::heads"])
    result.stdout.no_fnmatch_line("*::locks")


def test_rules_are_listed_and_explained_without_a_history(pytester):
    listed = pytester.runpytest_inprocess("-p", "no:asyncio", "--migcheck-rules")
    assert listed.ret == 0
    listed.stdout.fnmatch_lines(["MC101 create-index-not-concurrent*"])
    explained = pytester.runpytest_inprocess("-p", "no:asyncio", "--migcheck-explain=create-index-not-concurrent")
    assert explained.ret == 0
    explained.stdout.fnmatch_lines(["MC101 *", "triggered when*", "effect*", "fix*"])


def test_explaining_an_unknown_rule_is_a_usage_error(pytester):
    result = pytester.runpytest_inprocess("-p", "no:asyncio", "--migcheck-explain=MC999")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "'MC999' is not a rule" in result.stderr.str()


def test_every_option_is_prefixed_and_documented():
    for option in OPTIONS:
        assert option.name.startswith(("migcheck", "verbosity_migcheck"))
        assert option.help


def test_rules_may_be_named_by_id_prefix_or_name():
    assert rule_names("x", ["MC101,MC2", "drift"], RULE_IDS) == ("MC101", "MC2", "drift")
    ignoring = Settings(root=None, ignore=("MC2", "drift"))  # type: ignore[arg-type]
    assert ignoring.ignored("MC201", "change-type-rewrite")
    assert ignoring.ignored("MC301", "drift")
    assert not ignoring.ignored("MC101", "create-index-not-concurrent")


def test_big_tables_may_be_written_with_or_without_schema():
    settings = Settings(root=None, big_tables=("orders", "shop.items"))  # type: ignore[arg-type]
    assert settings.is_big("public.orders") and settings.is_big("shop.items")
    assert not settings.is_big("public.items")
    assert Settings(root=None).is_big("anything")  # type: ignore[arg-type]


def test_a_variable_is_split_at_its_first_sign():
    assert environment_variables("x", ["A={url}", "B=1=2"]) == {"A": "{url}", "B": "1=2"}


@pytest.mark.parametrize("place", ["auto", "embedded", "local", "local:/opt/pg/bin", "docker", "docker:postgres:17", "postgresql+psycopg://u@h/d"])
def test_places_of_a_server(place):
    assert server_place("x", place) == place


def test_the_plugin_imports_nothing_beyond_pytest_until_it_is_asked():
    # In a fresh interpreter: what importing the plugin adds to what pytest has loaded.
    code = (
        "import sys, json, pytest, _pytest.config; pytest.console_main; before = set(sys.modules)\n"
        "import pytest_migcheck.plugin\n"
        "print(json.dumps(sorted(set(sys.modules) - before)))"
    )
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    added = {name for name in json.loads(output) if name.split(".")[0] not in sys.stdlib_module_names}
    assert added == {
        "pytest_migcheck",
        "pytest_migcheck.plugin",
        "pytest_migcheck.plugin.hookspecs",
        "pytest_migcheck.plugin.options",
    }


def test_a_run_without_the_option_loads_no_library(pytester):
    pytester.makepyfile(
        """
        import sys

        def test_loaded():
            names = {name.split(".")[0] for name in sys.modules}
            assert not names & {"alembic", "sqlalchemy", "psycopg", "sqlglot"}
            assert "pytest_migcheck.session" not in sys.modules
        """
    )
    # pytest-alembic would load Alembic itself, where it is installed.
    pytester.runpytest_subprocess("-p", "no:pytest_alembic", "-p", "no:alembic").assert_outcomes(passed=1)


def test_several_reports_may_be_named_at_once(project, migcheck) -> None:
    project.sql("a1", "CREATE TABLE a (id int)", "DROP TABLE a")
    migcheck("--migcheck-checks=heads", "--migcheck-report=html:out/a,b.html,json,sarif:c.sarif").assert_outcomes(passed=1)
    assert all((project.path / name).is_file() for name in ("out/a,b.html", ".migcheck/report.json", "c.sarif"))
