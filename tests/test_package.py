"""What the distribution says of itself, and what it costs while nobody asks for it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from importlib.metadata import entry_points, metadata, version
from pathlib import Path

import pytest

import pytest_migcheck

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
# Notes what is read from the start on; the standard library only.
WATCH = ("pytest_migcheck.core", "pytest_migcheck.core.reading")
HEAVY = ("alembic", "sqlalchemy", "psycopg", "sqlglot", "hypothesis", "jinja2", "platformdirs", "filelock")


def test_the_version_is_the_same_everywhere() -> None:
    assert pytest_migcheck.__version__ == PYPROJECT["project"]["version"] == version("pytest-migcheck")


def test_pytest_finds_the_plugin() -> None:
    (found,) = [entry for entry in entry_points(group="pytest11") if entry.name == "migcheck"]
    assert found.value == "pytest_migcheck.plugin"


def test_type_checkers_find_the_types() -> None:
    assert (Path(pytest_migcheck.__file__).parent / "py.typed").is_file()


def test_the_extras_bring_a_server() -> None:
    extras = metadata("pytest-migcheck").get_all("Provides-Extra") or []
    assert {"embedded", "docker"} <= set(extras)


def test_the_oldest_versions_that_are_tested_are_those_that_are_promised() -> None:
    promised = dict(
        re.findall(r"^([\w\[\]-]+)>=([\d.]+)", "\n".join(PYPROJECT["project"]["dependencies"]), re.MULTILINE)
    )
    pins = (ROOT / ".ci" / "oldest.txt").read_text(encoding="utf-8").splitlines()
    tested = dict(line.split("==") for line in pins if line and not line.startswith("#"))
    assert {name: pin.removesuffix(".*") for name, pin in tested.items()} == {name: promised[name] for name in tested}


def test_the_table_of_options_in_the_readme_is_current() -> None:
    script = ROOT / "tools" / "options_table.py"
    run = subprocess.run([sys.executable, str(script), "--check"], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


def test_the_readme_begins_with_the_two_commands() -> None:
    head = (ROOT / "README.md").read_text(encoding="utf-8")[:300]
    assert "python3 dev.py example" in head
    assert "python3 dev.py test" in head


@pytest.mark.parametrize("fragment", sorted((ROOT / "changelog.d").glob("*.md")), ids=lambda p: p.name)
def test_a_changelog_fragment_says_its_kind_and_holds_sentences(fragment: Path) -> None:
    if fragment.name == "README.md":
        return
    assert fragment.suffixes[-2:][0] in (".added", ".changed", ".fixed", ".removed")
    lines = fragment.read_text(encoding="utf-8").splitlines()
    assert lines
    assert all(line.endswith(".") for line in lines)


def test_an_idle_plugin_imports_nothing_heavy(tmp_path: Path) -> None:
    (tmp_path / "test_empty.py").write_text("def test_nothing(): pass\n", encoding="utf-8")
    script = (
        "import sys, pytest\n"
        "status = pytest.main(['-q', '-p', 'no:cacheprovider', '-p', 'no:hypothesispytest'])\n"
        "ours = [m for m in sys.modules if m.startswith('pytest_migcheck.')"
        f" and not m.startswith('pytest_migcheck.plugin') and m not in {WATCH!r}]\n"
        f"print('loaded:', [m for m in {HEAVY!r} if m in sys.modules], ours)\n"
        "sys.exit(status)\n"
    )
    # Other plugins of this environment would blur the picture; ours is named.
    environment = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_PLUGINS": "pytest_migcheck.plugin"}
    run = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env={**_path_only(), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "loaded: [] []" in run.stdout


def test_what_pip_compiled_is_loaded(tmp_path: Path) -> None:
    """pytest compiles what plugins consist of anew, where it cannot keep the outcome: here that is all but one module."""
    script = """
        import sys, pytest
        sys.dont_write_bytecode = True
        pytest.main(["-q", "--migcheck-rules", "-p", "no:hypothesispytest"])
        ours = {n: m for n, m in sys.modules.items() if n.startswith("pytest_migcheck.")}
        rewritten = [n for n, m in ours.items() if type(m.__loader__).__name__ != "SourceFileLoader"]
        print("rewritten:", rewritten, "of", len(ours) > 50)
    """
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        cwd=tmp_path, env=_path_only(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "rewritten: ['pytest_migcheck.plugin'] of True" in run.stdout, run.stderr


def _path_only() -> dict[str, str]:
    return {name: os.environ[name] for name in ("PATH", "HOME", "SYSTEMROOT", "PYTHONPATH") if name in os.environ}
