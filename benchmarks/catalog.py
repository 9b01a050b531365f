#!/usr/bin/env python3
"""Time reading a catalog, whole and only what was touched, beside what else reads schemas, in one run.

    python benchmarks/catalog.py [--tables 40 400 4000] [--repeats 5] [--postgres RUNG] [--slow-max 400]

Columns: ``whole`` reads everything, ``touched`` reads after one ALTER TABLE, ``nothing`` after no change at all;
``reflect`` is SQLAlchemy's ``MetaData.reflect()``, ``compare`` Alembic's ``compare_metadata`` and ``pg_dump`` is
``pg_dump --schema-only``. The slow ones are left out above ``--slow-max`` tables.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from pytest_migcheck.postgres.catalog import CatalogReader
from pytest_migcheck.postgres.ladder import start_server

if TYPE_CHECKING:
    from pytest_migcheck.postgres.database import Database

TABLE = """
CREATE TABLE t{n} (
    id serial PRIMARY KEY, name text NOT NULL DEFAULT 'x', amount int CHECK (amount > 0), code varchar(20) UNIQUE,
    made timestamptz DEFAULT now(), parent int REFERENCES t{before} (id), a int, b int, c int, note text
);
CREATE INDEX ON t{n} (name, amount);"""
COLUMNS = ("whole", "touched", "nothing", "reflect", "compare", "pg_dump")


def main() -> int:
    """Run every measurement and print the table."""
    options = _options()
    server = start_server(options.postgres)
    print(f"PostgreSQL {server.version} ({server.kind}), milliseconds, medians of {options.repeats}")
    print(f"{'tables':>8}" + "".join(f"{column:>12}" for column in COLUMNS))
    try:
        for tables in options.tables:
            database = server.create_database(f"benchmark_{tables}")
            print(f"{tables:8}" + "".join(_row(database, tables, options)), flush=True)
            database.drop()
    finally:
        server.stop()
    return 0


def _row(database: Database, tables: int, options: argparse.Namespace) -> Iterator[str]:
    with database.connect() as connection:
        for n in range(tables):
            connection.execute(TABLE.format(n=n, before=max(n - 1, 0)).encode())
        connection.execute("VACUUM ANALYZE")
    for column in COLUMNS:
        if column in ("reflect", "compare", "pg_dump") and tables > options.slow_max:
            yield f"{'–':>12}"
            continue
        times = [_timed(work) for work in _works(column, database, options.repeats + 1)]
        # The first time plans statements and fills caches.
        yield f"{statistics.median(times[1:]) * 1000:12.1f}" if times else f"{'–':>12}"


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _works(column: str, database: Database, count: int) -> Iterator[Callable[[], object]]:
    if column == "pg_dump":
        program = _pg_dump(database)
        argv = [str(program), "--schema-only", "--dbname", database.dsn]
        for _ in range(count if program else 0):
            yield lambda: subprocess.run(argv, check=True, capture_output=True)
    elif column in ("reflect", "compare"):
        yield from _alchemy(column, database, count)
    else:
        yield from _ours(column, database, count)


def _ours(column: str, database: Database, count: int) -> Iterator[Callable[[], object]]:
    with database.connect() as user, database.connect() as own:
        reader = CatalogReader(own, incremental=column != "whole")
        reader.read()
        for n in range(count):
            if column == "touched":
                user.execute(f"ALTER TABLE t7 ADD COLUMN added_{n} int".encode())
            yield reader.read


def _alchemy(column: str, database: Database, count: int) -> Iterator[Callable[[], object]]:
    engine = sqlalchemy.create_engine(database.url)
    declared = sqlalchemy.MetaData()
    declared.reflect(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        for _ in range(count):
            if column == "reflect":
                yield lambda: sqlalchemy.MetaData().reflect(connection)
            else:
                yield lambda: compare_metadata(context, declared)
    engine.dispose()


def _pg_dump(database: Database) -> str | None:
    """A pg_dump that is not older than the server, which it would refuse."""
    with database.connect() as connection:
        server = connection.info.server_version // 10000
    installed = map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_dump"), reverse=True))
    for program in filter(None, (shutil.which("pg_dump"), *installed)):
        version = subprocess.run([program, "--version"], check=True, capture_output=True, text=True).stdout.split()[2]
        if int(version.split(".")[0]) >= server:
            return program
    return None


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Benchmark reading a catalog.")
    parser.add_argument("--tables", type=int, nargs="+", default=[40, 400, 4000], metavar="N")
    parser.add_argument("--repeats", type=int, default=5, metavar="N")
    parser.add_argument("--postgres", default="auto", metavar="RUNG", help="the server, as in migcheck_postgres")
    parser.add_argument("--slow-max", type=int, default=400, metavar="N", help="most tables for what is slow")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
