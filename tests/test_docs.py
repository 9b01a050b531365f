"""The documentation says what happens: its files are written, its commands run, and its outputs compared.

A block ```` ```python title="path" ```` is a file of the project that the pages share; in a ```` ```console ```` block, the lines
after a command are what it prints. ``...`` stands for any lines, ``…`` for the rest of one.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import metadata
from pathlib import Path
from urllib.parse import quote

import pytest

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
# In this order: the tutorial makes the project that the others use.
PAGES = (
    "tutorial/first-run.md",
    "index.md",
    "how-to/read-the-report.md",
    "how-to/reports-in-ci.md",
    "how-to/test-with-a-database.md",
    "how-to/no-way-back.md",
    "how-to/fit-your-env-py.md",
)
_BLOCK = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)


@dataclass
class Block:
    """A fenced block: its language, the file it is, its text, and the line where it stands."""

    page: str
    language: str
    title: str | None
    text: str
    line: int

    @property
    def place(self) -> str:
        return f"docs/{self.page}:{self.line}"


def blocks(page: str) -> list[Block]:
    text = (DOCS / page).read_text(encoding="utf-8")
    return [Block(page, m[1], m[2], m[3], text[: m.start()].count("\n") + 1) for m in _BLOCK.finditer(text)]


@pytest.fixture
def shop(tmp_path: Path, server) -> tuple[Path, dict[str, str]]:
    """An empty folder in a repository, and an environment in which ``pytest`` uses the server of these tests."""
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    bin_folder = str(Path(sys.executable).parent)
    environment = os.environ | {"COLUMNS": "80", "PATH": os.pathsep.join((bin_folder, os.environ["PATH"]))}
    at = server.tcp
    url = f"postgresql://{at.user}:{quote(at.password)}@{at.host}:{at.port}/{at.dbname}"
    environment["PYTEST_ADDOPTS"] = f"-p no:cacheprovider -p no:randomly --migcheck-examples=2 --migcheck-postgres={url}"
    return tmp_path, environment


def test_the_pages_do_what_they_say(shop) -> None:
    folder, environment = shop
    wrong: list[str] = []
    for page in PAGES:
        for block in blocks(page):
            if block.title:
                path = folder / block.title
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(block.text, encoding="utf-8")
            elif block.language == "console":
                wrong += run_all(block, folder, environment)
            elif block.language == "python":
                compile(block.text, block.place, "exec")
    assert not wrong, "\n\n".join(wrong)


def run_all(block: Block, folder: Path, environment: dict[str, str]) -> Iterator[str]:
    """Run the commands of a block and tell what they print other than the page says."""
    for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
        command, _, expected = part.partition("\n")
        if command.startswith("pip install"):
            _can_be_installed(command)
            continue
        run = subprocess.run(
            command, shell=True, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        printed = run.stdout or run.stderr
        # 1 is a finding; more is a command that cannot be run. Where the page shows no output, the command must work.
        allowed = (0, 1) if expected.strip() else (0,)
        if run.returncode not in allowed or not matches(expected, printed):
            yield f"{block.place}: $ {command}\nexpected\n{expected}\nprinted\n{printed}"


def _can_be_installed(command: str) -> None:
    for name, extras in re.findall(r"(pytest-migcheck)\[([\w,]+)\]", command):
        assert set(extras.split(",")) <= set(metadata(name).get_all("Provides-Extra"))


def matches(expected: str, printed: str) -> bool:
    """Whether an output is what a page shows of it."""
    if not expected.strip():
        return True
    lines = ["(?:.*\n)*?" if line == "..." else _line(line) for line in expected.rstrip("\n").split("\n")]
    printed = "".join(line.rstrip() + "\n" for line in printed.splitlines())
    return re.fullmatch("".join(lines) + r"\s*", printed) is not None


def _line(line: str) -> str:
    # The rulers around the last line are as long as what is left.
    line = re.sub(r"^=+ (.* in )…$", "…= \\1…", line.rstrip())
    return ".*".join(map(re.escape, line.split("…"))) + "\n"


def test_an_output_that_differs_is_seen() -> None:
    assert matches("a …\n...\nz\n", "a b\nc\nd\nz\n")
    assert not matches("a …\n...\nz\n", "a b\nc\nd\ny\n")
    assert not matches("a\n", "a\nb\n")


def test_every_page_is_in_the_navigation() -> None:
    told = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    pages = [p.relative_to(DOCS).as_posix() for p in DOCS.rglob("*.md") if p.parent.name != "rules"]
    assert [page for page in pages if f" {page}\n" not in told + "\n"] == []


def test_every_page_with_commands_is_run() -> None:
    with_commands = {
        p.relative_to(DOCS).as_posix()
        for p in DOCS.rglob("*.md")
        if any(b.language == "console" for b in blocks(p.relative_to(DOCS).as_posix()))
    }
    # That page needs a project with a past; tests/test_adoption.py follows it.
    assert with_commands - {"how-to/adopt.md"} == set(PAGES)


def test_the_reference_is_current() -> None:
    run = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "reference_pages.py"), "--check"], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
