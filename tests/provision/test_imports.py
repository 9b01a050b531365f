"""Which files the migrations import, and which of what a process reads is theirs."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_migcheck.core.reading import Evidence, Reading, evidence, is_users_file
from pytest_migcheck.provision.imports import imported_files
from pytest_migcheck.provision.manifest import Manifest


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package ``shop`` that is loaded, and a module ``aside`` that nobody of it imports."""
    files = {
        "shop/__init__.py": "",
        "shop/models.py": "from . import names\nfrom shop.deep.types import KIND\n",
        "shop/names.py": "",
        "shop/deep/__init__.py": "",
        "shop/deep/types.py": "from ..names import __name__ as KIND\n",
        "aside.py": "",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in ("shop.models", "aside"):
        importlib.import_module(name)
    yield tmp_path
    for name in [n for n in sys.modules if n.partition(".")[0] in ("shop", "aside")]:
        del sys.modules[name]


def _imported(app: Path, code: str) -> set[str]:
    root = app / "root.py"
    root.write_text(code)
    return {path.relative_to(app).as_posix() for path in imported_files([root], evidence()) if path.is_relative_to(app)}


def test_imports_are_followed_through_packages_and_dots(app: Path) -> None:
    expected = {"shop/__init__.py", "shop/models.py", "shop/names.py", "shop/deep/__init__.py", "shop/deep/types.py"}
    assert _imported(app, "def upgrade():\n    from shop import models\n") == {"root.py", *expected}
    assert _imported(app, "import shop.names") == {"root.py", "shop/__init__.py", "shop/names.py"}
    assert _imported(app, "import os, sqlalchemy, not_loaded") == {"root.py"}


def test_an_import_by_a_computed_name_can_be_any_module(app: Path) -> None:
    assert "aside.py" in _imported(app, "import importlib\nimportlib.import_module('as' + 'ide')")


def test_only_what_the_users_code_reads_is_noted(app: Path) -> None:
    reading = Reading(lambda path: path.startswith(str(app)) or path == "<mine>")
    (app / "data.txt").write_text("x")
    sys.addaudithook(reading.hook)
    try:
        exec(compile(f"open({str(app / 'data.txt')!r}).close()", "<mine>", "exec"))
        exec(compile(f"import os; os.listdir({str(app)!r})", "<mine>", "exec"))
        exec(compile(f"open({str(app / 'new.txt')!r}, 'w').close()", "<mine>", "exec"))
        (app / "shop" / "names.py").read_text()
    finally:
        reading.resting = True
    assert reading.files[str(app / "data.txt")] == {"<mine>"}
    assert reading.folders[str(app)] == {"<mine>"}
    assert str(app / "new.txt") not in reading.files
    assert reading.files[str(app / "shop" / "names.py")] == set()


def test_libraries_and_ourselves_are_not_the_users(app: Path) -> None:
    assert is_users_file(str(app / "aside.py"))
    assert not is_users_file(os.__file__)
    assert not is_users_file(pytest.__file__)
    assert not is_users_file(sys.modules["pytest_migcheck"].__file__ or "")
    assert not is_users_file("<string>")


def test_a_manifest_notices_content_rivals_and_variables(app: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reading = Evidence()
    source = app / "shop" / "names.py"
    manifest = Manifest.from_json(Manifest.of([source], reading, [app / "shop"]).to_json())
    assert manifest is not None
    assert manifest.changed() is None
    os.utime(source)
    assert manifest.changed() is None, "another time is no other content"
    monkeypatch.setenv("FEATURE", "on")
    assert manifest.changed() == "environment variables have changed"
    monkeypatch.delenv("FEATURE")
    (app / "shop" / "data.csv").touch()
    assert manifest.changed() is None
    (app / "shop" / "more.py").touch()
    assert "files came or went" in str(manifest.changed())
    (app / "shop" / "more.py").unlink()
    (app / "shop" / "names").mkdir()
    assert "files came or went" in str(manifest.changed())
    (app / "shop" / "names").rmdir()
    source.write_text("X = 1\n")
    assert manifest.changed() == f"{source} has changed"
    assert Manifest.from_json("{}") is None
