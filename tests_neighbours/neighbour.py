"""A project that uses a library beside Alembic, and what ``pytest --migcheck`` says of it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROJECTS = Path(__file__).parent / "projects"
WHOLE = ("heads", "stairway", "upgrade", "roundtrip", "drift", "data")


@dataclass(frozen=True)
class Report:
    """One run: the JSON report, and what was printed."""

    json: dict[str, Any]
    printed: str

    @property
    def outcomes(self) -> set[str]:
        """The outcomes of the checks that tell right from wrong; locks are the tables' business."""
        return {c["outcome"] for c in self.json["checks"] if c["check"] in WHOLE}

    @property
    def errors(self) -> dict[str, dict[str, Any]]:
        """The errors of these checks by the object that they name."""
        return {
            f["object"]: f for f in self.json["findings"] if f["severity"] == "error" and f["check"] in WHOLE
        }

    def findings(self, check: str) -> list[tuple[str, str]]:
        return sorted((f["rule"], f["object"]) for f in self.json["findings"] if f["check"] == check)


def fix(finding: dict[str, Any]) -> str:
    return dict(finding["details"])["fix"]


class Neighbour:
    """A copy of a project, to make mistakes in."""

    def __init__(self, path: Path, postgres: str = "auto") -> None:
        self.path = path
        self.postgres = postgres

    @classmethod
    def copied(cls, project: Path, place: Path) -> Neighbour:
        return cls(Path(shutil.copytree(project, place / project.name)))

    def edit(self, pattern: str, old: str, new: str) -> None:
        """Replace what stands once in the file of this pattern."""
        (file,) = self.path.glob(pattern)
        text = file.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file}"
        file.write_text(text.replace(old, new), encoding="utf-8")

    def without_downgrade(self, pattern: str, body: str = "pass") -> None:
        """A downgrade that does only this."""
        (file,) = (self.path / "migrations" / "versions").glob(pattern)
        kept = file.read_text(encoding="utf-8").partition("def downgrade")[0]
        code = textwrap.indent(body, "    ")
        file.write_text(f"{kept}def downgrade() -> None:\n{code}\n", encoding="utf-8")

    def revision(self, upgrade: str, downgrade: str = "pass") -> None:
        """A revision after the last one."""
        bodies = [textwrap.indent(code, "    ") for code in (upgrade, downgrade)]
        (self.path / "migrations/versions/e5_fix.py").write_text(
            f"import sqlalchemy as sa\nfrom alembic import op\n\nrevision = 'e5'\ndown_revision = 'd4'\n\n\n"
            f"def upgrade():\n{bodies[0]}\n\n\ndef downgrade():\n{bodies[1]}\n",
            encoding="utf-8",
        )

    def run(self, checks: str = "", *options: str) -> Report:
        file = self.path / "report.json"
        file.unlink(missing_ok=True)
        argv = [sys.executable, "-m", "pytest", "--migcheck", f"--migcheck-postgres={self.postgres}"]
        argv += ["-p", "no:cacheprovider", f"--migcheck-report=json:{file}", "--migcheck-examples=6", *options]
        argv += [f"--migcheck-checks={checks}"] if checks else []
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
        run = subprocess.run(argv, cwd=self.path, env=environment, capture_output=True, text=True, check=False)
        printed = run.stdout + run.stderr
        assert run.returncode in (0, 1), printed
        assert "INTERNALERROR" not in printed, printed
        return Report(json.loads(file.read_text(encoding="utf-8")), printed)
