"""Runs a piece of a user's code in a fresh interpreter under the guard, with its database elsewhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_PROCESS = """
import importlib, json, os, sys, traceback

given = json.load(open(sys.argv[1]))
sys.path.insert(0, given["directory"])
for name in given["early"]:
    importlib.import_module(name)

from pytest_migcheck.guard.drivers import Guard
from pytest_migcheck.guard.places import Place

answers, asked, guard = [], [], None

def answer(value):
    answers.append(value)

def place(target):
    asked.append([target.host, target.port, target.dbname])
    return Place(**given["place"], label="main")

HOST, PORT = "127.0.0.1", given["port"]
DSN = f"host={HOST} port={PORT} user=u password=p dbname=prod"
URL = f"postgresql://u:p@{HOST}:{PORT}/prod"
QUERY = "SELECT current_database()::text"

if given["guarded"]:
    guard = Guard(
        is_users=lambda path: path.endswith("users.py"),
        allowed=[tuple(pair) for pair in given["allowed"]],
        ports=[given["place"]["tcp_port"]],
    )
    guard.places = place if given["places"] else None
    guard.install()

sys.modules["process"] = sys.modules["__main__"]
error = ""
try:
    import users
except BaseException:
    error = traceback.format_exc()
refusals = guard.take_refusals() if guard else ()
print(json.dumps({
    "answers": answers, "asked": asked, "error": error,
    "refusals": [[r.what, r.host, r.port, r.path, r.line] for r in refusals],
    "open": guard.open_connections() if guard else 0,
}))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the code said, what it asked for, how it failed, and what was refused."""

    answers: list[Any]
    asked: list[list[str]]
    error: str
    refusals: list[list[Any]]
    open: int


class Guarded:
    """A directory for the code, the place that it is led to, and the port of the decoy."""

    def __init__(self, directory: Path, place: dict[str, Any], port: int) -> None:
        self.directory = directory
        self._place = place
        self._port = port

    def run(self, body, *, early=(), guarded=True, places=True, allowed=(), environment=None, files=None) -> Outcome:
        """Run ``body`` as the user's module; ``early`` are imported before the guard comes."""
        users = "from process import DSN, HOST, PORT, QUERY, URL, answer, guard\n" + textwrap.dedent(body)
        self.directory.joinpath("users.py").write_text(users)
        for name, text in (files or {}).items():
            self.directory.joinpath(name).write_text(textwrap.dedent(text))
        given = {
            "directory": str(self.directory), "early": list(early), "guarded": guarded, "places": places,
            "allowed": list(allowed), "place": self._place, "port": self._port,
        }  # fmt: skip
        self.directory.joinpath("given.json").write_text(json.dumps(given))
        self.directory.joinpath("run.py").write_text(_PROCESS)
        place = self._place
        ours = {
            "PGHOST": place["host"], "PGPORT": str(place["port"]), "PGUSER": place["user"],
            "PGPASSWORD": place["password"], "PGDATABASE": place["dbname"],
        }  # fmt: skip
        run = subprocess.run(
            [sys.executable, "run.py", "given.json"],
            cwd=self.directory,
            env={**os.environ, **ours, **(environment or {})},
            capture_output=True,
            text=True,
            check=False,
        )
        lines = [line for line in run.stdout.splitlines() if line.startswith('{"answers"')]
        assert lines, run.stdout + run.stderr
        return Outcome(**json.loads(lines[-1]))

    def line_of(self, text: str) -> int:
        """The number of the user's line that has a text."""
        lines = self.directory.joinpath("users.py").read_text().splitlines()
        (number,) = [number for number, line in enumerate(lines, 1) if text in line]
        return number
