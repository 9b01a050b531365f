"""Run the five edits of example_project/README.md and write what they print into it.

    python tools/example_outputs.py          write the README
    python tools/example_outputs.py --check  exit with 1 where the README says something else

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
_BLOCK = re.compile(r"<!-- output: ([\w-]+) -->\n(?:```text\n.*?```\n)?", re.DOTALL)


def printed(name: str) -> str:
    """What ``pytest --migcheck`` prints for the example, after an edit (``edit-1`` to ``edit-5``) or ``clean``."""
    with tempfile.TemporaryDirectory(prefix="migcheck-example-") as folder:
        copy = Path(folder) / "example_project"
        shutil.copytree(EXAMPLE, copy, ignore=shutil.ignore_patterns("__pycache__", ".pytest_cache", ".migcheck"))
        if name != "clean":
            (patch,) = (EXAMPLE / "breaks").glob(f"{name.removeprefix('edit-')}-*.patch")
            subprocess.run(["patch", "-p1", "-i", str(patch)], cwd=copy, check=True, capture_output=True)
        argv = [sys.executable, "-m", "pytest", "--migcheck", "-p", "no:cacheprovider", "-p", "no:randomly"]
        # On CI pytest does not cut its summary lines.
        environment = {k: v for k, v in os.environ.items() if k not in ("CI", "BUILD_NUMBER", "PYTEST_ADDOPTS")}
        environment["COLUMNS"] = "80"
        run = subprocess.run(argv, cwd=copy, env=environment, capture_output=True, text=True, check=False)
    return _stable(run.stdout)


def _stable(output: str) -> str:
    """The failures and the summary, without what differs from run to run."""
    start = output.find("==== FAILURES ====")
    start = output.rfind("\n", 0, start) + 1 if start >= 0 else output.rfind("\n", 0, output.index("= migcheck =")) + 1
    kept = [
        re.sub(r" … s =+$", " … s", re.sub(r"[\d.]+ ?s\b", "… s", re.sub(r"(?<=tried   )\d+", "…", line.rstrip())))
        for line in output[start:].splitlines()
        if not line.startswith("PostgreSQL ")
    ]
    return "\n".join(kept).strip()


def filled(text: str) -> str:
    """The README with every output block made anew."""
    return _BLOCK.sub(lambda m: f"<!-- output: {m.group(1)} -->\n```text\n{printed(m.group(1))}\n```\n", text)


def main(arguments: list[str]) -> int:
    text = README.read_text(encoding="utf-8")
    made = filled(text)
    if arguments == ["--check"]:
        return int(made != text)
    README.write_text(made, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
