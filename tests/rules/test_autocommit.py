"""Hazards outside of Alembic's transaction, where no lock is left to see when a statement has ended."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable
from textwrap import indent
from typing import Any

import pytest

from pytest_migcheck.core.finding import Finding

RunExample = Callable[..., list[Finding]]

SETUP = """
op.execute('''
    CREATE TABLE users (id bigint PRIMARY KEY);
    CREATE TABLE orders (id bigint PRIMARY KEY, email varchar(80), n int, user_id bigint);
    CREATE INDEX ix_user ON orders (user_id);
    CREATE INDEX ix_email ON orders (email);
    CREATE DOMAIN amount AS int;
    CREATE TABLE prices (a amount);
    CREATE MATERIALIZED VIEW totals AS SELECT id FROM orders;
    CREATE UNIQUE INDEX ON totals (id);
    CREATE TABLE events (day date) PARTITION BY RANGE (day);
    CREATE TABLE events_1 (day date)
''')
"""

BLOCKING = [
    ("ALTER TABLE orders ALTER n TYPE bigint", "change-type-rewrite", "ACCESS EXCLUSIVE on public.orders"),
    ("ALTER TABLE orders ALTER email SET NOT NULL", "set-not-null-scan", "ACCESS EXCLUSIVE on public.orders"),
    ("ALTER TABLE orders ADD CHECK (n > 0)", "add-check-without-not-valid", "ACCESS EXCLUSIVE on public.orders"),
    (
        "ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users (id)",
        "add-foreign-key-without-not-valid",
        "SHARE ROW EXCLUSIVE on public.orders",
    ),
    ("ALTER TABLE orders ADD UNIQUE (email)", "add-unique-without-index", "ACCESS EXCLUSIVE on public.orders"),
    ("REINDEX TABLE orders", "reindex-not-concurrent", "SHARE on public.orders"),
    ("REINDEX INDEX ix_email", "reindex-not-concurrent", "SHARE on public.orders"),
    ("CLUSTER orders USING orders_pkey", "table-rewrite-command", "ACCESS EXCLUSIVE on public.orders"),
    ("VACUUM FULL orders", "table-rewrite-command", "ACCESS EXCLUSIVE on public.orders"),
    ("CREATE INDEX ix_n ON orders (n)", "create-index-not-concurrent", "SHARE on public.orders"),
    ("DROP INDEX ix_email", "drop-index-not-concurrent", "ACCESS EXCLUSIVE on public.orders"),
    ("ALTER TABLE orders SET UNLOGGED", "table-rewrite-command", "ACCESS EXCLUSIVE on public.orders"),
    ("ALTER TABLE orders ADD COLUMN s bigserial", "add-column-auto-increment", "ACCESS EXCLUSIVE on public.orders"),
    ("ALTER DOMAIN amount ADD CHECK (VALUE > 0)", "domain-constraint-scan", "SHARE on public.prices"),
    ("REFRESH MATERIALIZED VIEW totals", "refresh-matview-not-concurrent", "ACCESS EXCLUSIVE on public.totals"),
    (
        "ALTER TABLE events ATTACH PARTITION events_1 FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')",
        "attach-partition-scan",
        "ACCESS EXCLUSIVE on public.events_1",
    ),
    ("TRUNCATE orders", "truncate-table", "ACCESS EXCLUSIVE on public.orders"),
    (
        "DO $$ BEGIN EXECUTE 'ALTER TABLE orders ALTER n TYPE bigint'; END $$",
        "blocking-statement",
        "ACCESS EXCLUSIVE on public.orders",
    ),
    ("DO $$ BEGIN CREATE INDEX ix_n ON orders (n); END $$", "blocking-statement", "SHARE on public.orders"),
]
HARMLESS = [
    "CREATE INDEX CONCURRENTLY ix_n ON orders (n)",
    "DROP INDEX CONCURRENTLY ix_email",
    "REINDEX TABLE CONCURRENTLY orders",
    "REFRESH MATERIALIZED VIEW CONCURRENTLY totals",
    "VACUUM orders",
    "ANALYZE orders",
    "ALTER TABLE orders ALTER email TYPE text",
    "ALTER TABLE orders ADD CONSTRAINT ck CHECK (n > 0) NOT VALID",
    "ALTER TABLE orders ALTER id SET STATISTICS 100",
    "UPDATE orders SET n = 1 WHERE id BETWEEN 1 AND 1000",
    "COMMENT ON TABLE orders IS 'orders'",
]


def _autocommit(*statements: str) -> str:
    body = "\n".join(f"op.execute({sql!r})" for sql in statements)
    return f"with op.get_context().autocommit_block():\n{indent(body, '    ')}"


@pytest.mark.parametrize(("sql", "rule", "lock"), BLOCKING)
def test_a_hazard_is_found_and_only_predicted(sql: str, rule: str, lock: str, run_example: RunExample) -> None:
    (finding,) = run_example(SETUP, _autocommit(sql))
    details = dict(finding.details)
    assert finding.rule == rule
    assert details["lock"].startswith(lock)
    assert details["basis"] == "predicted only"


@pytest.mark.parametrize("sql", HARMLESS)
def test_what_blocks_nobody_is_silent(sql: str, run_example: RunExample) -> None:
    assert run_example(SETUP, _autocommit(sql)) == []


def test_a_validated_check_makes_set_not_null_free(run_example: RunExample) -> None:
    sql = "ALTER TABLE orders ADD CONSTRAINT ck CHECK (email IS NOT NULL) NOT VALID"
    validate, require = "ALTER TABLE orders VALIDATE CONSTRAINT ck", "ALTER TABLE orders ALTER email SET NOT NULL"
    assert run_example(SETUP, _autocommit(sql, validate, require)) == []


def test_tables_that_the_revision_makes_are_exempt(run_example: RunExample) -> None:
    body = _autocommit(
        "CREATE TABLE fresh (n int)", "ALTER TABLE fresh ALTER n TYPE bigint", "CREATE INDEX ix_fresh ON fresh (n)"
    )
    assert [f.rule for f in run_example(SETUP, body) if f.severity.value == "error"] == []


def test_a_scan_counts_however_often_it_is_reported(run_example: RunExample, server: Any) -> None:
    """The session reports its counters now and then; a statement in between is neither lost nor seen twice."""
    if server.version_num < 150000:
        pytest.skip("pg_stat_force_next_flush() came with PostgreSQL 15")
    statements = ["SELECT pg_stat_force_next_flush()", "ALTER TABLE orders ALTER email SET NOT NULL", "ANALYZE orders"]
    findings = run_example(SETUP, _autocommit(*statements))
    assert [(f.rule, f.sql) for f in findings] == [("set-not-null-scan", statements[1])]


def test_a_lock_timeout_is_read_as_it_is_at_that_moment(run_example: RunExample) -> None:
    body = _autocommit(
        "ALTER TABLE orders ADD COLUMN a int", "SET lock_timeout = '2s'", "ALTER TABLE orders ADD COLUMN b int"
    )
    findings: list[Any] = run_example(SETUP, body, select=("missing-lock-timeout",))
    assert [f.sql for f in findings if f.rule == "missing-lock-timeout"] == ["ALTER TABLE orders ADD COLUMN a int"]


@pytest.mark.parametrize(
    ("first", "second", "headline"),
    [
        ("ALTER TABLE users ADD a int", "ALTER TABLE users ADD b int", "users.a is there already *after making users.b"),
        (
            "ALTER TABLE users ADD CHECK (id > 0) NOT VALID",
            "ALTER TABLE users ADD CONSTRAINT ck CHECK (id > 1) NOT VALID",
            "the check of users is there already *after making ck",
        ),
        (
            "DROP INDEX CONCURRENTLY ix_user",
            "DROP INDEX CONCURRENTLY ix_email",
            "ix_user is gone already *after dropping ix_email",
        ),
        (
            "CREATE INDEX CONCURRENTLY ON orders (n)",
            "DROP INDEX CONCURRENTLY ix_email",
            "the index of orders is there already *after dropping ix_email",
        ),
    ],
)
def test_what_is_there_or_gone_is_named(first: str, second: str, headline: str, run_example: RunExample) -> None:
    findings = run_example(SETUP, _autocommit(first, second))
    said = [f.headline for f in findings if f.rule == "not-rerunnable-outside-transaction"]
    assert fnmatch.filter(said, headline.replace("*", "when the revision runs again ") + " has failed") == said != []


def test_a_short_wait_is_set_where_it_has_an_effect(run_example: RunExample) -> None:
    """SET LOCAL outside of a transaction is a warning and nothing else."""
    keyed = SETUP + "\nop.execute('ALTER TABLE orders ADD CONSTRAINT fk FOREIGN KEY (user_id) REFERENCES users')"
    drop = "ALTER TABLE orders DROP CONSTRAINT fk"
    fixes = [
        dict(f.details)["fix"].splitlines()[0]
        for body in (_autocommit(drop), f"op.execute({drop!r})")
        for f in run_example(keyed, body)
        if f.rule == "drop-foreign-key-locks-referenced-table"
    ]
    assert fixes == ["op.execute(\"SET lock_timeout = '2s'\")", "op.execute(\"SET LOCAL lock_timeout = '2s'\")"]


def test_batches_are_not_advised_by_a_key_that_is_gone(run_example: RunExample) -> None:
    keyed = "op.execute('CREATE TABLE orders (id bigint PRIMARY KEY, n int)')"
    findings = run_example(keyed, _autocommit("ALTER TABLE orders DROP COLUMN id", "UPDATE orders SET n = 1"))
    (fix,) = [dict(f.details)["fix"] for f in findings if f.rule == "unbatched-backfill"]
    assert fix == "# the same update in ranges of a key, each in a transaction of its own"


@pytest.mark.parametrize(
    ("before", "more", "found"),
    [
        ("", "", True),
        ("CREATE INDEX ix_both ON orders (email, n)", "", False),
        ("CREATE INDEX ix_some ON orders (email) WHERE n > 0", "", True),
        ("CREATE INDEX ix_all ON orders (email) WHERE email IS NOT NULL", "", False),
        ("", "CREATE INDEX CONCURRENTLY ix_both ON orders (email, n) WHERE email IS NOT NULL", False),
        ("CREATE INDEX ix_both ON orders (email, n)", "DROP INDEX CONCURRENTLY ix_both", True),
    ],
)
def test_an_index_is_missed_where_no_other_serves(before: str, more: str, found: bool, run_example: RunExample) -> None:
    steps = [more, "DROP INDEX CONCURRENTLY ix_email", "CREATE INDEX CONCURRENTLY ix_new ON orders (email, user_id)"]
    setup = f"{SETUP}\nop.execute({before!r})" if before else SETUP
    rules = {f.rule for f in run_example(setup, _autocommit(*filter(None, steps)))}
    assert ("replace-index-order" in rules) is found
