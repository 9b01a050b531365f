#!/usr/bin/env python3
"""Time the checks beside the same SQL down one connection and beside pytest-alembic, in one run.

    python benchmarks/run.py [--sizes 50 200 500] [--repeats 3] [--pytest-alembic-max 200] [--json PATH]

Columns: ``floor`` sends the SQL of every revision (up, down, up, a transaction each) down one psycopg
connection; ``stairway`` is ``pytest --migcheck --migcheck-checks=stairway``; ``without-rows`` all checks but ``data``;
``migcheck`` is the full ``pytest --migcheck``; all of them start a server of their own and that counts.
``pytest-alembic`` is
``pytest --test-alembic`` (its four tests) on a server that is running already.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from gen_alembic_project import generate

from pytest_migcheck.postgres.database import Database
from pytest_migcheck.postgres.ladder import start_server

if TYPE_CHECKING:
    from pytest_migcheck.postgres.server import Server

COLUMNS = ("floor", "stairway", "without-rows", "migcheck", "pytest-alembic")
WITHOUT_ROWS = "heads,upgrade,roundtrip,drift,stairway,locks"
VERSION_TABLE = "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"
CONFTEST = '''\
import os
import secrets

import psycopg
import pytest
import sqlalchemy


@pytest.fixture
def alembic_config():
    return {"file": "alembic.ini"}


@pytest.fixture
def alembic_engine():
    """A database of its own for each test, as its documentation advises."""
    url = sqlalchemy.make_url(os.environ["BENCHMARK_URL"])
    name = "bench_" + secrets.token_hex(4)
    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    engine = sqlalchemy.create_engine(url.set(database=name))
    yield engine
    engine.dispose()
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
'''


def main() -> int:
    """Run every measurement and print the table."""
    options = _options()
    server = start_server(options.postgres)
    try:
        with tempfile.TemporaryDirectory(prefix="migcheck-benchmark-") as folder:
            times = measure(server, options, Path(folder))
    finally:
        server.stop()
    report = summary(times, server, options)
    print(table(report))
    if options.json is not None:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    return 0


def measure(server: Server, options: argparse.Namespace, folder: Path) -> dict[int, dict[str, list[float]]]:
    """Seconds per size and column; the repeats are interleaved, so that a busy moment hits every column."""
    projects = {size: make_project(folder / f"p{size}", size, options.seed) for size in options.sizes}
    steps = {size: record_sql(project) for size, project in projects.items()}
    times: dict[int, dict[str, list[float]]] = {size: {} for size in options.sizes}
    for repeat in range(options.repeats):
        for size, project in projects.items():
            for column in COLUMNS:
                if column == "pytest-alembic" and size > options.pytest_alembic_max:
                    continue
                seconds = _measurement(column, server, project, steps[size], options.postgres)()
                times[size].setdefault(column, []).append(seconds)
                print(f"  {repeat + 1}/{options.repeats}  {size:5}  {column:15} {seconds:8.2f} s", file=sys.stderr)
    return times


def make_project(folder: Path, size: int, seed: int) -> Path:
    """A generated project with what both plugins need."""
    folder.mkdir()
    generate(size, folder, seed)
    # The one place where pytest-alembic looks for its fixtures.
    (folder / "tests").mkdir()
    (folder / "tests" / "conftest.py").write_text(CONFTEST, encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\naddopts = -p no:cacheprovider -q\n", encoding="utf-8")
    return folder


def record_sql(project: Path) -> list[tuple[list[str], list[str]]]:
    """The statements of each revision, (up, down), as Alembic writes them offline; oldest first."""
    ups = _offline(project, "upgrade", "base:head")
    downs = _offline(project, "downgrade", "head:base")
    return list(zip(ups, reversed(downs), strict=True))


def _offline(project: Path, command: str, revisions: str) -> list[list[str]]:
    argv = [sys.executable, "-m", "alembic", command, "--sql", revisions]
    text = subprocess.run(argv, cwd=project, check=True, capture_output=True, text=True).stdout
    parts = re.split(rf"^-- Running {command} .*$", text, flags=re.MULTILINE)[1:]
    return [_statements(part) for part in parts]


def _statements(text: str) -> list[str]:
    found = (part.strip().rstrip(";") for part in re.split(r";\n\n", text))
    # Alembic's single transaction and the end of its version table are not part of a revision.
    return [s for s in found if s and s not in ("BEGIN", "COMMIT", "DROP TABLE alembic_version")]


def _measurement(
    column: str, server: Server, project: Path, steps: list[tuple[list[str], list[str]]], postgres: str
) -> Callable[[], float]:
    if column == "floor":
        return lambda: time_floor(server, steps)
    where = f"--migcheck-postgres={postgres}"
    arguments = {
        "stairway": ["--migcheck", "--migcheck-checks=stairway", where, "-p", "no:pytest_alembic"],
        "without-rows": ["--migcheck", f"--migcheck-checks={WITHOUT_ROWS}", where, "-p", "no:pytest_alembic"],
        "migcheck": ["--migcheck", where, "-p", "no:pytest_alembic"],
        "pytest-alembic": ["--test-alembic", "-p", "no:migcheck"],
    }[column]
    return _timed_pytest(project, arguments, server_url(server) if column == "pytest-alembic" else "")


def server_url(server: Server) -> str:
    """The URL of the database in which others are created, in SQLAlchemy's form."""
    return Database(server, server.params.dbname).url


def _timed_pytest(project: Path, arguments: Sequence[str], url: str) -> Callable[[], float]:
    environment = {k: v for k, v in os.environ.items() if k != "PYTEST_ADDOPTS"}
    environment["BENCHMARK_URL"] = url
    argv = [sys.executable, "-m", "pytest", *arguments]

    def run() -> float:
        started = time.perf_counter()
        done = subprocess.run(argv, cwd=project, env=environment, capture_output=True, text=True, check=False)
        seconds = time.perf_counter() - started
        # Every index of a generated project is made without CONCURRENTLY: `locks` reports them, and exits with 1.
        if done.returncode not in (0, 1) or "passed" not in done.stdout:
            raise SystemExit(f"{' '.join(argv)} failed\n{done.stdout}{done.stderr}")
        return seconds

    return run


def time_floor(server: Server, steps: list[tuple[list[str], list[str]]]) -> float:
    """Up, down and up again for each revision, in a transaction each, down one connection."""
    database = server.create_database("migcheck_floor")
    with psycopg.Connection.connect(database.dsn, autocommit=True, prepare_threshold=None) as connection:
        connection.execute(VERSION_TABLE)
        started = time.perf_counter()
        for up, down in steps:
            for statements in (up, down, up):
                with connection.transaction():
                    for statement in statements:
                        connection.execute(statement.encode())
        seconds = time.perf_counter() - started
    database.drop()
    return seconds


def summary(times: dict[int, dict[str, list[float]]], server: Server, options: argparse.Namespace) -> dict[str, Any]:
    """Medians, their ratios to the floor, and what one revision more costs."""
    medians = {
        size: {column: statistics.median(seconds) for column, seconds in columns.items()}
        for size, columns in times.items()
    }
    report: dict[str, Any] = {
        "postgres": f"{server.version} ({server.kind})",
        "python": platform.python_version(),
        "versions": {name: version(name) for name in ("pytest", "alembic", "sqlalchemy", "psycopg", "pytest-alembic")},
        "repeats": options.repeats,
        "seconds": times,
        "medians": medians,
        "marginal": {},
    }
    small, large = min(medians), max(medians)
    if large > small:
        for column in COLUMNS:
            ends = [s for s in sorted(medians) if column in medians[s]]
            if len(ends) > 1:
                first, last = ends[0], ends[-1]
                cost = (medians[last][column] - medians[first][column]) / (last - first)
                report["marginal"][column] = {"from": first, "to": last, "seconds": cost}
    return report


def table(report: dict[str, Any]) -> str:
    """The report as text."""
    lines = [
        f"PostgreSQL {report['postgres']}, Python {report['python']}, "
        + ", ".join(f"{name} {number}" for name, number in report["versions"].items())
        + f"; medians of {report['repeats']}",
        f"{'revisions':>16} " + " ".join(f"{column:>20}" for column in COLUMNS),
    ]
    for size, medians in sorted(report["medians"].items()):
        lines.append(f"{size:>16} " + " ".join(_cell(medians, column, "s", 1.0) for column in COLUMNS))
    marginal = {column: entry["seconds"] for column, entry in report["marginal"].items()}
    if marginal:
        lines.append(f"{'one more':>16} " + " ".join(_cell(marginal, column, "ms", 1000.0) for column in COLUMNS))
    return "\n".join(lines)


def _cell(values: dict[str, float], column: str, unit: str, factor: float) -> str:
    if column not in values:
        return f"{'–':>20}"
    ratio = values[column] / values["floor"]
    return f"{values[column] * factor:8.2f} {unit:<2} ({ratio:5.1f}x)"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Benchmark pytest-migcheck.")
    parser.add_argument("--sizes", type=int, nargs="+", default=[50, 200, 500], metavar="N")
    parser.add_argument("--repeats", type=int, default=3, metavar="N")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--postgres", default="auto", metavar="WHERE", help="as --migcheck-postgres")
    parser.add_argument(
        "--pytest-alembic-max",
        type=int,
        default=200,
        metavar="N",
        help="largest history to run pytest-alembic on; its time grows faster than the history (default: 200)",
    )
    parser.add_argument("--json", type=Path, metavar="PATH", help="write everything that was measured")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
