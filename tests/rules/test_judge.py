"""The judge on statements written by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pytest_migcheck.core.catalog import Catalog, ObjectKey
from pytest_migcheck.core.finding import Direction, Finding, Severity
from pytest_migcheck.core.lock import HeldLock, LockMode
from pytest_migcheck.core.statement import Source, Statement, StatementError
from pytest_migcheck.rules.judge import RuleContext, judge

SOURCE = Source(path="/m/1.py", line=21, function="upgrade", text="op.do()")
CATALOG = Catalog(
    {
        ObjectKey("table", "public", "", "orders"): {},
        ObjectKey("table", "public", "", "users"): {},
        ObjectKey("column", "public", "orders", "n"): {"type": "integer"},
    }
)


def lock(table: str, mode: LockMode, *, preexisting: bool = True, kind: str = "r") -> HeldLock:
    return HeldLock(relation=table, kind=kind, mode=mode, preexisting=preexisting, table=table)


def statement(sql: str, *held: HeldLock, **more: Any) -> Statement:
    more.setdefault("transaction", 1)
    more.setdefault("scans", tuple(h.table for h in held))
    return Statement(sql=sql, source=SOURCE, seconds=0.0, acquired=held, held=held, **more)


def run(*statements: Statement, **more: Any) -> list[Finding]:
    context = RuleContext(
        revision="r1",
        direction=more.pop("direction", Direction.UPGRADE),
        path="/m/1.py",
        version_num=170000,
        version_tables=frozenset({"public.alembic_version"}),
        created_in_revision=frozenset(name for s in statements for name in s.created),
        catalog=more.pop("catalog", CATALOG),
    )
    return judge(statements, context, **more)


def detail(finding: Finding, label: str) -> str:
    return dict(finding.details)[label]


INDEX = "CREATE INDEX ix_orders_email ON orders (email)"


def test_an_index_in_the_words_of_the_specification() -> None:
    (finding,) = run(statement(INDEX, lock("public.orders", LockMode.SHARE)))
    assert (finding.id, finding.rule) == ("MC101", "create-index-not-concurrent")
    assert finding.headline == "building ix_orders_email blocks writes to orders"
    assert finding.object == "public.orders"
    assert (finding.path, finding.line, finding.source_text) == ("/m/1.py", 21, "op.do()")
    assert [label for label, _ in finding.details] == ["lock", "basis", "why", "fix"]
    assert detail(finding, "lock") == (
        "SHARE on public.orders, predicted and observed; blocks INSERT UPDATE DELETE MERGE"
    )
    assert detail(finding, "fix") == (
        "with op.get_context().autocommit_block():\n"
        '    op.create_index("ix_orders_email", "orders", ["email"], postgresql_concurrently=True)'
    )


def test_the_fix_of_an_index_keeps_all_of_it() -> None:
    sql = "CREATE UNIQUE INDEX ix ON app.orders USING gist (lower(a || ','), \"B\") INCLUDE (c) WHERE status = 'x'"
    (finding,) = run(statement(sql, lock("app.orders", LockMode.SHARE)))
    assert detail(finding, "fix").splitlines()[1].strip() == (
        'op.create_index("ix", "orders", [sa.text("lower(a || \',\')"), "B"], schema="app", unique=True, '
        'postgresql_using="gist", postgresql_include=["c"], postgresql_where=sa.text("status = \'x\'"), '
        "postgresql_concurrently=True)"
    )


def test_what_alembic_cannot_say_is_sql_in_the_fix() -> None:
    sql = "CREATE INDEX ix ON orders (a) WITH (fillfactor = 70)"
    (finding,) = run(statement(sql, lock("public.orders", LockMode.SHARE)))
    assert 'op.execute("CREATE INDEX CONCURRENTLY ix ON orders (a) WITH (fillfactor = 70)")' in detail(finding, "fix")


def test_an_index_on_a_partitioned_table_goes_partition_by_partition() -> None:
    (finding,) = run(statement(INDEX, lock("public.orders", LockMode.SHARE, kind="p")))
    assert "ON ONLY orders" in detail(finding, "fix")


def test_a_fix_replaces_a_call_only_where_it_is_all_that_the_call_does() -> None:
    (alone,) = run(statement(INDEX, lock("public.orders", LockMode.SHARE)))
    (among,) = run(statement(f"SELECT 1; {INDEX}", lock("public.orders", LockMode.SHARE)))
    assert alone.replacement is not None
    assert among.replacement is None


def test_a_type_change_names_the_type_before_the_statement() -> None:
    held = lock("public.orders", LockMode.ACCESS_EXCLUSIVE)
    free = statement("ALTER TABLE orders RENAME n TO m; ALTER TABLE orders ALTER m TYPE bigint", held, scans=())
    change = statement(
        "ALTER TABLE public.orders ALTER m TYPE numeric; ALTER TABLE orders ALTER m TYPE text",
        held,
        rewrites=("public.orders",),
    )
    texts = [finding.headline for finding in run(free, change) if finding.rule == "change-type-rewrite"]
    assert [text.partition(" rewrites")[0] for text in texts] == [
        "changing public.orders.m from bigint to numeric",
        "changing orders.m from numeric to text",
    ]


def test_without_a_transaction_the_lock_is_only_predicted() -> None:
    (finding,) = run(statement(INDEX, transaction=None, scans=("public.orders",)))
    assert detail(finding, "lock").startswith("SHARE on public.orders, predicted; ")
    assert detail(finding, "basis") == "predicted only"


def test_a_lock_from_an_earlier_statement_is_only_observed() -> None:
    (finding,) = run(statement(INDEX, lock("public.orders", LockMode.ACCESS_EXCLUSIVE)))
    assert detail(finding, "lock") == ("ACCESS EXCLUSIVE on public.orders, observed; blocks reads and writes")
    assert detail(finding, "basis") == "observed only"


def test_new_and_version_tables_are_nobodys_business() -> None:
    assert run(statement(INDEX, lock("public.orders", LockMode.SHARE, preexisting=False))) == []
    sql = "ALTER TABLE alembic_version SET LOGGED"
    assert run(statement(sql, lock("public.alembic_version", LockMode.ACCESS_EXCLUSIVE))) == []


def test_a_table_made_earlier_in_the_revision_is_new() -> None:
    made = statement("CREATE TABLE fresh (id int)", created=("public.fresh",))
    later = statement("CREATE INDEX i ON fresh (id)", lock("public.fresh", LockMode.SHARE), transaction=2)
    assert run(made, later) == []


def test_a_table_that_is_replaced_later_counts_until_then() -> None:
    swap = statement("ALTER TABLE orders_new RENAME TO orders", created=("public.orders",))
    (finding,) = run(statement(INDEX, lock("public.orders", LockMode.SHARE)), swap)
    assert finding.id == "MC101"


def test_set_not_null_is_found_by_its_scan() -> None:
    sql = "ALTER TABLE orders ALTER COLUMN email SET NOT NULL"
    held = lock("public.orders", LockMode.ACCESS_EXCLUSIVE)
    (finding,) = run(statement(sql, held))
    assert (finding.id, finding.object) == ("MC105", "public.orders.email")
    assert '"email IS NOT NULL", postgresql_not_valid=True' in detail(finding, "fix")
    assert run(statement(sql, held, scans=())) == []


def test_a_foreign_key_explains_both_tables() -> None:
    sql = "ALTER TABLE orders ADD CONSTRAINT fk FOREIGN KEY (u) REFERENCES users (id) ON DELETE CASCADE"
    mode = LockMode.SHARE_ROW_EXCLUSIVE
    (finding,) = run(statement(sql, lock("public.orders", mode), lock("public.users", mode)))
    assert finding.headline == "adding fk blocks writes to orders and users while the rows are read"
    assert detail(finding, "fix").splitlines() == [
        "# this revision",
        'op.create_foreign_key("fk", "orders", "users", ["u"], ["id"], ondelete="CASCADE", postgresql_not_valid=True)',
        "# the next revision",
        'op.execute("ALTER TABLE orders VALIDATE CONSTRAINT fk")',
    ]


def test_a_type_change_is_found_by_its_rewrite() -> None:
    sql = "ALTER TABLE orders ALTER COLUMN n TYPE BIGINT"
    held = lock("public.orders", LockMode.ACCESS_EXCLUSIVE)
    (finding,) = run(statement(sql, held, rewrites=("public.orders",)))
    assert finding.headline == ("changing orders.n from integer to BIGINT rewrites orders and blocks reads and writes")
    assert 'sa.Column("n_new", sa.BigInteger())' in detail(finding, "fix")
    assert [f.id for f in run(statement(sql, held))] == ["MC202"]


def test_a_required_column_is_found_even_when_the_statement_failed() -> None:
    sql = "ALTER TABLE orders ADD COLUMN total INTEGER NOT NULL"
    error = StatementError(sqlstate="23502", kind="NotNullViolation", message="...")
    for one in (
        statement(sql, lock("public.orders", LockMode.ACCESS_EXCLUSIVE)),
        statement(sql, error=error),
        statement(sql, transaction=None),
    ):
        (finding,) = run(one)
        assert (finding.id, finding.object) == ("MC104", "public.orders.total")
    assert run(statement(sql.replace("orders", "other"), error=error)) == []


def test_a_column_that_fills_itself_is_silent() -> None:
    held = lock("public.orders", LockMode.ACCESS_EXCLUSIVE)
    for column in (
        "n2 int NOT NULL DEFAULT 0",
        "n2 bigserial NOT NULL",
        "n2 int",
        "n2 int CHECK (n2 IS NOT NULL)",
    ):
        assert run(statement(f"ALTER TABLE orders ADD COLUMN {column}", held, scans=())) == []


def test_concurrently_in_a_transaction() -> None:
    sql = "CREATE INDEX CONCURRENTLY ix ON orders (a)"
    error = StatementError(sqlstate="25001", kind="ActiveSqlTransaction", message="...")
    (finding,) = run(statement(sql, error=error))
    assert finding.id == "MC103"
    assert detail(finding, "fix").startswith("with op.get_context().autocommit_block():\n    op.create_index(")
    assert run(statement(sql, transaction=None)) == []
    reindex = "REINDEX TABLE partitioned"
    assert [f.id for f in run(statement(reindex, error=error))] == ["MC103"]
    assert run(statement(reindex)) == []


def test_what_no_rule_names_is_a_blocking_statement() -> None:
    sql = "DO $$ BEGIN EXECUTE 'ALTER TABLE orders ...'; END $$"
    (finding,) = run(statement(sql, lock("public.orders", LockMode.ACCESS_EXCLUSIVE)))
    assert (finding.id, finding.severity) == ("MC199", Severity.ERROR)
    assert finding.headline == "reading all of public.orders blocks reads and writes to it"
    assert detail(finding, "lock") == ("ACCESS EXCLUSIVE on public.orders, observed; blocks reads and writes")


def test_a_named_rule_leaves_other_tables_to_the_live_rule() -> None:
    sql = f"{INDEX}; ALTER TABLE users SET UNLOGGED"
    found = run(statement(sql, lock("public.orders", LockMode.SHARE), lock("public.users", LockMode.ACCESS_EXCLUSIVE)))
    assert [(f.id, f.object) for f in found] == [("MC101", "public.orders"), ("MC199", "public.users")]


def test_queries_truncate_and_concurrent_refresh_do_not_block_for_long() -> None:
    held = lock("public.orders", LockMode.ACCESS_EXCLUSIVE)
    update = statement("UPDATE orders SET a = 1 WHERE id = 1", held, utility=False)
    assert run(replace(update, acquired=())) == []
    truncated = run(statement("TRUNCATE orders", held, rewrites=("public.orders",)))
    assert [f.rule for f in truncated] == ["truncate-table"]
    view = lock("public.orders", LockMode.EXCLUSIVE, kind="m")
    assert run(statement("REFRESH MATERIALIZED VIEW CONCURRENTLY orders", view)) == []


def test_a_downgrade_is_one_lower() -> None:
    (finding,) = run(statement(INDEX, lock("public.orders", LockMode.SHARE)), direction=Direction.DOWNGRADE)
    assert finding.severity is Severity.WARNING


def test_names_that_must_be_quoted_are_quoted_in_the_fix() -> None:
    sql = 'ALTER TABLE "Order" ALTER COLUMN "user" SET NOT NULL'
    (finding,) = run(statement(sql, lock("public.Order", LockMode.ACCESS_EXCLUSIVE)))
    assert 'op.create_check_constraint("ck_Order_user_not_null", "Order", "\\"user\\" IS NOT NULL"' in detail(
        finding, "fix"
    )
