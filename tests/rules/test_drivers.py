"""The same hazards are found whichever driver env.py uses, and when it commits every statement by itself."""

from __future__ import annotations

import json

import pytest

from history_project import ENV_PY, INI, Project

ASYNC_ENV = """
import asyncio
from alembic import context
from sqlalchemy import pool
from sqlalchemy.ext.asyncio import create_async_engine

def do_run(connection):
    context.configure(connection=connection, target_metadata=None)
    with context.begin_transaction():
        context.run_migrations()

async def run():
    engine = create_async_engine("postgresql+asyncpg://u@localhost/d", poolclass=pool.NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(do_run)
    await engine.dispose()

asyncio.run(run())
"""
UPGRADE = """
op.create_index("ix_a", "orders", ["a"])
op.alter_column("orders", "a", nullable=False)
with op.get_context().autocommit_block():
    op.create_index("ix_b", "orders", ["b"])
    op.create_index("ix_c", "orders", ["c"], postgresql_concurrently=True)
op.alter_column("orders", "b", type_=sa.BigInteger)
"""
FOUND = [
    ("create-index-not-concurrent", "SHARE", True),
    ("set-not-null-scan", "ACCESS EXCLUSIVE", True),
    ("create-index-not-concurrent", "SHARE", False),
    ("change-type-rewrite", "ACCESS EXCLUSIVE", True),
]


def _history(project: Project, env: str, url: str) -> None:
    project.write("migrations/env.py", env)
    project.write("alembic.ini", INI.replace("driver://user:pass@localhost/dbname", url))
    project.sql("a1", "CREATE TABLE orders (a text, b int, c int)", "DROP TABLE orders")
    project.revision("b2", UPGRADE, "raise NotImplementedError")


def _errors(project: Project, migcheck) -> list[tuple[str, str, bool]]:
    migcheck("--migcheck-checks=locks", "--migcheck-report=json:report.json")
    report = json.loads((project.path / "report.json").read_text())
    found = [f for f in report["findings"] if f["severity"] == "error"]
    return [(f["rule"], f["locks"][0]["mode"], f["locks"][0]["observed"]) for f in found]


@pytest.mark.parametrize("driver", ["psycopg", "psycopg2", "asyncpg"])
def test_every_driver_shows_the_same(project: Project, migcheck, driver: str):
    env = ASYNC_ENV if driver == "asyncpg" else ENV_PY.format(metadata="target_metadata = None", configure="")
    _history(project, env, f"postgresql+{driver}://u@localhost/d")
    assert _errors(project, migcheck) == FOUND


def test_an_engine_in_autocommit(project: Project, migcheck):
    env = ENV_PY.format(metadata="target_metadata = None", configure="").replace(
        "poolclass=pool.NullPool", 'poolclass=pool.NullPool, isolation_level="AUTOCOMMIT"'
    )
    _history(project, env, "postgresql+psycopg://u@localhost/d")
    # After its block Alembic sets the isolation level that the server names, which is READ COMMITTED.
    assert _errors(project, migcheck) == [(*FOUND[n][:2], n == 3) for n in range(4)]
