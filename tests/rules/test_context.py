"""What surrounds a statement decides: earlier revisions, the transaction, the direction, the version."""

from __future__ import annotations

from collections.abc import Callable

from pytest_migcheck.core.finding import Direction, Finding, Severity

RunExample = Callable[..., list[Finding]]

ORDERS = (
    'op.create_table("users", sa.Column("id", sa.BigInteger, primary_key=True))\n'
    'op.create_table("orders", sa.Column("id", sa.BigInteger, primary_key=True), sa.Column("email", sa.Text), '
    'sa.Column("user_id", sa.BigInteger, index=True))'
)
CHECK = 'op.create_check_constraint("ck", "orders", "email IS NOT NULL", postgresql_not_valid=True)'
VALIDATE = 'op.execute("ALTER TABLE orders VALIDATE CONSTRAINT ck")'
REQUIRE = 'op.alter_column("orders", "email", nullable=False)'


def rules(findings: list[Finding]) -> list[str]:
    return [finding.rule for finding in findings]


def test_a_check_that_an_earlier_revision_validated_makes_set_not_null_free(run_example: RunExample) -> None:
    assert run_example((ORDERS, CHECK, VALIDATE), REQUIRE) == []


def test_a_check_that_nobody_validated_does_not(run_example: RunExample) -> None:
    assert rules(run_example((ORDERS, CHECK), REQUIRE)) == ["set-not-null-scan"]


def test_a_constraint_of_the_same_revision_is_validated_under_its_lock(run_example: RunExample) -> None:
    assert rules(run_example(ORDERS, f"{CHECK}\n{VALIDATE}")) == ["validate-in-same-transaction"]


def test_a_table_that_an_earlier_revision_made_is_in_use(run_example: RunExample) -> None:
    index = 'op.create_index("ix", "fresh", ["a"])'
    fresh = 'op.create_table("fresh", sa.Column("a", sa.Text))'
    assert run_example(ORDERS, f"{fresh}\n{index}") == []
    assert rules(run_example((ORDERS, fresh), index)) == ["create-index-not-concurrent"]


def test_a_downgrade_is_judged_one_severity_lower(run_example: RunExample) -> None:
    downgrade = 'op.create_index("ix", "orders", ["email"])'
    found = run_example((ORDERS, downgrade), 'op.drop_index("ix", "orders")', downgrade, both=True)
    assert [(f.rule, f.direction, f.severity) for f in found] == [
        ("drop-index-not-concurrent", Direction.UPGRADE, Severity.WARNING),
        ("create-index-not-concurrent", Direction.DOWNGRADE, Severity.WARNING),
    ]


def test_a_downgrade_breaks_no_code_that_is_running(run_example: RunExample) -> None:
    """The code that a downgrade goes back to never knew what the upgrade added."""
    found = run_example(
        ORDERS, 'op.add_column("orders", sa.Column("a", sa.Text))', 'op.drop_column("orders", "a")', both=True
    )
    assert found == []


def test_locks_on_tables_that_the_text_never_names_are_named(run_example: RunExample) -> None:
    key = 'op.create_foreign_key("fk", "orders", "users", ["user_id"], ["id"])'
    (finding,) = (
        f
        for f in run_example((ORDERS, key), 'op.drop_constraint("fk", "orders")')
        if f.rule == "drop-foreign-key-locks-referenced-table"
    )
    assert [lock.relation for lock in finding.locks] == ["public.users"]
    assert dict(finding.details)["basis"] == "confirmed"


def test_a_lock_timeout_counts_as_the_server_says_at_that_moment(run_example: RunExample) -> None:
    alter = 'op.add_column("orders", sa.Column("{}", sa.Text))'
    body = "\n".join(
        (
            alter.format("a"),
            "op.execute(\"SELECT set_config('lock_timeout', '2s', true)\")",
            alter.format("b"),
            'op.execute("RESET lock_timeout")',
            alter.format("c"),
        )
    )
    found = run_example(ORDERS, body, select=("missing-lock-timeout",))
    # The second and the third statement strengthen no lock: what is held already is not waited for.
    assert [(f.rule, f.sql) for f in found] == [("missing-lock-timeout", "ALTER TABLE orders ADD COLUMN a TEXT")]


def test_the_version_in_production_decides_where_it_is_set(run_example: RunExample) -> None:
    generated = 'op.execute("ALTER TABLE orders ADD COLUMN t bigint GENERATED ALWAYS AS (id) STORED")'
    (on_18,) = run_example(ORDERS, generated, target_version=18)
    (on_15,) = run_example(ORDERS, generated, target_version=15)
    assert "VIRTUAL" in dict(on_18.details)["fix"]
    assert "VIRTUAL" not in dict(on_15.details)["fix"]


def test_loops_over_the_inspector_and_several_statements_are_seen(run_example: RunExample) -> None:
    body = """
    for column in sa.inspect(op.get_bind()).get_columns("orders"):
        if column["nullable"]:
            op.alter_column("orders", column["name"], nullable=False)
    """
    assert rules(run_example(ORDERS, body)) == ["set-not-null-scan", "set-not-null-scan", "repeated-table-scan"]
    several = 'op.execute("ALTER TABLE users ADD a int; CREATE INDEX ix ON orders (email)")'
    assert "create-index-not-concurrent" in rules(run_example(ORDERS, several))


def test_a_type_change_names_the_tables_at_the_other_end_of_its_keys(run_example: RunExample) -> None:
    key = 'op.create_foreign_key("fk", "orders", "users", ["user_id"], ["id"])'
    (finding,) = run_example((ORDERS, key), 'op.alter_column("users", "id", type_=sa.Integer)')
    assert finding.rule == "change-type-rewrite"
    assert {lock.table for lock in finding.locks} == {"public.users", "public.orders"}


def test_a_query_that_reads_a_table_prolongs_the_lock_on_another(run_example: RunExample) -> None:
    body = 'op.add_column("orders", sa.Column("a", sa.Text))\nop.execute("SELECT count(*) FROM users")'
    assert rules(run_example(ORDERS, body)) == ["statement-under-access-exclusive"]


def test_a_lock_that_an_earlier_statement_took_says_since_when(run_example: RunExample) -> None:
    upgrade = 'op.add_column("orders", sa.Column("n", sa.Integer))\nop.create_index("ix_email", "orders", ["email"])'
    locks = {finding.rule: dict(finding.details).get("lock", "") for finding in run_example(ORDERS, upgrade)}
    said = "ACCESS EXCLUSIVE on public.orders, held since line 11, observed; blocks reads and writes"
    assert said in locks["create-index-not-concurrent"]
    alone = run_example(ORDERS, 'op.create_index("ix_email", "orders", ["email"])')
    assert "since" not in dict(alone[0].details)["lock"]


def test_advice_for_a_downgrade_can_be_followed_in_a_downgrade(run_example: RunExample) -> None:
    setup = 'op.create_table("t", sa.Column("a", sa.Text, nullable=False), sa.Column("b", sa.Text, nullable=False))'
    upgrade = 'op.drop_column("t", "a")\nop.alter_column("t", "b", nullable=True)'
    downgrade = 'op.add_column("t", sa.Column("a", sa.Text, nullable=False))\nop.alter_column("t", "b", nullable=False)'
    found = run_example(setup, upgrade, downgrade, both=True)
    fixes = {f.rule: dict(f.details)["fix"] for f in found if f.direction is Direction.DOWNGRADE}
    assert fixes["add-column-not-null-no-default"] == (
        'op.add_column("t", sa.Column("a", sa.Text(), nullable=False, server_default=""))\n'
        'op.alter_column("t", "a", server_default=None)'
    )
    assert fixes["set-not-null-scan"].endswith("op.execute(\"SET LOCAL lock_timeout = '2s'\")")
