"""Run the five edits of the examples' README.md and write what they print into it.

    python tools/example_outputs.py          write every README
    python tools/example_outputs.py --check  exit with 1 where a README says something else

What differs from run to run is left out: the time, the server and where the copy lies.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "example_project"
README = EXAMPLE / "README.md"
SQL_EXAMPLES = tuple(ROOT / "examples" / name for name in ("prisma", "drizzle", "sql"))
NAMES = ("clean", "edit-1", "edit-2", "edit-3", "edit-4", "edit-5")
_BLOCK = re.compile(r"<!-- output: ([\w-]+) -->\n(?:```text\n.*?```\n)?", re.DOTALL)
_PATCH = re.compile(r"<!-- patch: ([\w-]+) -->\n(?:```console\n.*?```\n)?(?:\n?```diff\n.*?```\n)?", re.DOTALL)
_RUN = re.compile(r"run: pytest --migcheck (\S+)\n")


def patch_of(name: str, example: Path) -> Path:
    (patch,) = (example / "breaks").glob(f"{name.removeprefix('edit-')}-*.patch")
    return patch


def shown_patch(name: str, example: Path) -> str:
    """How to apply an edit, what to run then, and the edit itself."""
    patch = patch_of(name, example)
    first, _, edit = patch.read_text(encoding="utf-8").partition("\n")
    command = first.removeprefix("run: ")
    return f"```console\n$ patch -p1 < breaks/{patch.name}\n$ {command}\n```\n\n```diff\n{edit}```"


def printed(name: str, example: Path = EXAMPLE) -> str:
    """What ``pytest --migcheck`` prints for an example, after an edit (``edit-1`` to ``edit-5``) or ``clean``."""
    with tempfile.TemporaryDirectory(prefix="migcheck-example-") as folder:
        copy = Path(folder) / example.name
        shutil.copytree(example, copy, ignore=shutil.ignore_patterns("__pycache__", ".pytest_cache", ".migcheck"))
        targets: list[str] = []
        if name != "clean":
            patch = patch_of(name, example)
            targets = _RUN.findall(patch.read_text(encoding="utf-8"))
            subprocess.run(["patch", "-p1", "-i", str(patch)], cwd=copy, check=True, capture_output=True)
        argv = [sys.executable, "-m", "pytest", "--migcheck", "-p", "no:cacheprovider", "-p", "no:randomly", *targets]
        # A busy machine finds the same.
        argv += ["--migcheck-examples=3", "-o", "migcheck_time_budget=600"]
        # On CI pytest does not cut its summary lines.
        environment = {k: v for k, v in os.environ.items() if k not in ("CI", "BUILD_NUMBER", "PYTEST_ADDOPTS")}
        environment["COLUMNS"] = "80"
        run = subprocess.run(argv, cwd=copy, env=environment, capture_output=True, text=True, check=False)
    return _stable(run.stdout)


def _stable(output: str) -> str:
    """The failures and the summary, without what differs from run to run."""
    start = output.find("==== FAILURES ====")
    start = output.rfind("\n", 0, start) + 1 if start >= 0 else output.rfind("\n", 0, output.index("= migcheck =")) + 1
    kept = [_line(line.rstrip()) for line in output[start:].splitlines() if not line.startswith("PostgreSQL ")]
    return "\n".join(kept).strip()


def _line(line: str) -> str:
    line = re.sub(r"(?<=tried   )\d+", "…", line)
    line = re.sub(r"(?<!')\b[\d.]+ ?s\b", "… s", line)
    # pytest fills its closing line with as many signs as the time leaves room for.
    return re.sub(r"^=+ (.* in) … s =+$", r"=== \1 … s", line)


def filled(text: str, example: Path = EXAMPLE) -> str:
    """The README with every block of an edit and of an output made anew."""
    text = _PATCH.sub(lambda m: f"<!-- patch: {m.group(1)} -->\n{shown_patch(m.group(1), example)}\n", text)
    return _BLOCK.sub(
        lambda m: f"<!-- output: {m.group(1)} -->\n```text\n{printed(m.group(1), example)}\n```\n", text
    )


def main(arguments: list[str]) -> int:
    differ = False
    for example in (EXAMPLE, *SQL_EXAMPLES):
        readme = example / "README.md"
        text = readme.read_text(encoding="utf-8")
        made = filled(text, example)
        differ = differ or made != text
        if arguments != ["--check"]:
            readme.write_text(made, encoding="utf-8")
    return int(differ and arguments == ["--check"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
