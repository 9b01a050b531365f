"""The printed fix, pasted: the finding is gone, and the database ends up the same."""

from __future__ import annotations

import ast
import re
from typing import Any

import pytest

from history_project import Project
from pytest_migcheck.core.catalog import Catalog
from pytest_migcheck.core.finding import Finding
from pytest_migcheck.rules import all_rules
from pytest_migcheck.rules._rule import NEXT_REVISION, Example, Rule

# The fix is the whole replacement of the revision, in as many revisions as it says.
EXACT = (
    "create-index-not-concurrent",
    "drop-index-not-concurrent",
    "concurrently-in-transaction",
    "set-not-null-scan",
    "add-check-without-not-valid",
    "add-foreign-key-without-not-valid",
    "add-unique-without-index",
    "add-primary-key-without-index",
    "reindex-not-concurrent",
    "attach-partition-scan",
    "change-type-recheck",
    "concurrent-index-if-not-exists",
    "pending-trigger-events",
)
# What it leaves differs on purpose: a default instead of none, a check instead of a domain, a view in addition.
DIFFERENT_END = (
    "add-column-not-null-no-default",
    "add-column-volatile-default",
    "add-column-auto-increment",
    "add-column-stored-generated",
    "add-column-constrained-domain",
    "add-column-with-check",
    "create-partition-locks-parent",
    "detach-partition-not-concurrent",
    "domain-constraint-scan",
    "mixed-strength-alter",
    "rename-table",
    "set-schema",
    "unbatched-backfill",
    "truncate-table",
    "truncate-cascade",
    "rename-enum-value",
    "add-exclusion-constraint",
    "replace-index-order",
    "transaction-control-in-migration",
    "change-type-rewrite",
    "rename-column",
    "repeated-table-scan",
    "enum-remove-value",
)
# The fix is for the one statement of several that the finding points to.
STATEMENT = (
    "primary-key-on-nullable-column",
    "concurrently-on-partitioned",
    "explicit-lock-table",
    "wide-index",
    "enum-add-value-without-position",
    "inheritance-column",
)
# The fix is a column, with all that the statement says of it.
COLUMN = (
    "prefer-bigint-key",
    "prefer-bigint",
    "prefer-identity",
    "prefer-text",
    "ban-char",
    "prefer-timestamptz",
    "prefer-jsonb",
    "foreign-key-type-mismatch",
)
# The fix is a name.
NAME = ("naming", "identifier-too-long")
# The fix is the same statement a release later, with the reason why it is right then.
RELEASE = (
    "drop-column",
    "drop-table",
    "drop-schema",
    "drop-view",
    "drop-type",
    "drop-sequence",
    "drop-not-null",
    "drop-default",
    "alter-default",
    "drop-constraint",
    "change-type-compat",
)
# The fix is for the statement before it.
FIRST = ("enum-value-used-in-same-transaction",)
# The fix is a line that comes before the statement.
BEFORE = (
    "foreign-key-locks-referenced-table",
    "drop-foreign-key-locks-referenced-table",
    "trigger-lock",
    "missing-lock-timeout",
    "lock-timeout-too-long",
    "missing-statement-timeout",
)
# The fix comes after it.
AFTER = ("foreign-key-without-index", "disable-trigger")
# The statement goes into a revision of its own, as the fix spells it.
ALONE = ("validate-in-same-transaction", "statement-under-access-exclusive", "backfill-with-ddl")
# The rest says in words what to do or to leave out: there is no code to paste.

_BODY = 10  # the lines of a revision before those of its upgrade()
_TABLES = """
op.execute('''
    CREATE TABLE users (id bigint PRIMARY KEY, email text);
    CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, status text, total numeric, "Order By" text);
    CREATE SCHEMA app; CREATE TABLE app."Order Items" ("Id" bigint NOT NULL, "user" text, ref bigint);
    CREATE TABLE events (id bigint, day date NOT NULL, user_id bigint) PARTITION BY RANGE (day);
    CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
    CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
    CREATE TABLE kinds (k text) PARTITION BY LIST (k);
    CREATE TABLE kinds_1 (k text);
    CREATE DOMAIN amount AS int CONSTRAINT low CHECK (VALUE > 0) CONSTRAINT high CHECK (VALUE < 9)
''')
"""
_UNIQUE, _KEY, _CHECK = "add-unique-without-index", "add-foreign-key-without-not-valid", "add-check-without-not-valid"
_INDEX, _PRIMARY = "create-index-not-concurrent", "add-primary-key-without-index"
# Forms that the rules' own examples do not have: rule, upgrade, whether the same is left as by the upgrade.
FORMS = (
    (_INDEX, 'op.create_index("ix", "events", ["user_id"])', False),
    (_INDEX, 'op.create_index("ix", "orders", ["Order By", sa.text("lower(status) DESC")])', True),
    (
        _INDEX,
        'op.create_index("i x", "Order Items", ["user"], schema="app", postgresql_where=sa.text("ref > 0"))',
        True,
    ),
    (_INDEX, "op.create_index('ix', 'orders', ['id'], postgresql_where=sa.text(\"status LIKE 'x%'\"))", True),
    (_INDEX, 'op.execute("CREATE INDEX IF NOT EXISTS ix ON orders (status)")', True),
    (_UNIQUE, 'op.create_unique_constraint("u", "events", ["id", "day"])', False),
    (_UNIQUE, 'op.execute("ALTER TABLE orders ADD UNIQUE (status) INCLUDE (total, \\"Order By\\") DEFERRABLE")', True),
    (_UNIQUE, 'op.execute("ALTER TABLE orders ADD CONSTRAINT u UNIQUE NULLS NOT DISTINCT (status)")', True),
    (_UNIQUE, 'op.create_unique_constraint("u \\"x", "Order Items", ["Id"], schema="app")', True),
    (_UNIQUE, 'op.add_column("orders", sa.Column("code", sa.Text, unique=True, server_default="a"))', True),
    (_PRIMARY, 'op.create_primary_key("p", "events", ["id", "day"])', False),
    (_PRIMARY, 'op.create_primary_key("p", "Order Items", ["Id"], schema="app")', True),
    (_KEY, 'op.create_foreign_key("f", "events", "users", ["user_id"], ["id"])', False),
    (_KEY, 'op.add_column("orders", sa.Column("owner", sa.BigInteger, sa.ForeignKey("users.id")))', True),
    (_KEY, 'op.execute("ALTER TABLE orders ADD COLUMN owner bigint DEFAULT 1 REFERENCES users (id)")', True),
    (
        _KEY,
        'op.execute("ALTER TABLE orders ADD COLUMN owner bigint DEFAULT 1 REFERENCES users ON DELETE CASCADE")',
        True,
    ),
    (_CHECK, 'op.create_check_constraint("c", "orders", "total % 2 = 0 AND status <> \' :a\'")', True),
    (_CHECK, 'op.execute("ALTER TABLE orders ADD CHECK (total > 0) NO INHERIT")', True),
    (_CHECK, 'op.create_check_constraint("c", "Order Items", \'"user" <> chr(1)\', schema="app")', True),
    ("set-not-null-scan", 'op.alter_column("Order Items", "user", nullable=False, schema="app")', True),
    ("set-not-null-scan", 'op.alter_column("events", "id", nullable=False)', True),
    (
        "attach-partition-scan",
        "op.execute(\"ALTER TABLE kinds ATTACH PARTITION kinds_1 FOR VALUES IN ('a', 'b')\")",
        True,
    ),
    (
        "attach-partition-scan",
        "op.execute(\"ALTER TABLE kinds ATTACH PARTITION kinds_1 FOR VALUES IN ('a', NULL)\")",
        True,
    ),
    ("add-column-constrained-domain", 'op.execute("ALTER TABLE orders ADD COLUMN n amount")', False),
    ("add-column-auto-increment", "op.execute('ALTER TABLE app.\"Order Items\" ADD n bigserial')", False),
    ("add-column-volatile-default", 'op.execute("ALTER TABLE orders ADD n float DEFAULT random() NOT NULL")', False),
    ("add-column-with-check", 'op.execute("ALTER TABLE orders ADD n int CHECK (n > 0) CHECK (n < 9)")', False),
    ("drop-index-not-concurrent", 'op.drop_index("ix_a", schema="app")', True),
    (
        "change-type-rewrite",
        'op.execute("ALTER TABLE app.\\"Order Items\\" ALTER \\"user\\" TYPE int USING length(\\"user\\")")',
        False,
    ),
    ("rename-column", 'op.alter_column("Order Items", "Id", new_column_name="id", schema="app")', False),
    (
        "prefer-text",
        'op.create_table("n", sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True), '
        'sa.Column("a", sa.String(9), sa.CheckConstraint("a <> \'y\'"), nullable=False, unique=True, server_default="x"))',
        False,
    ),
    ("foreign-key-without-index", 'op.create_foreign_key("f", "events", "users", ["user_id"], ["id"])', False),
)


def _bad(names: tuple[str, ...] | None = None) -> list[object]:
    return [
        pytest.param(rule, example, id=f"{rule.name}-{number}")
        for rule in all_rules()
        for number, example in enumerate(rule.bad)
        if names is None or rule.name in names
    ]


def _found(name: str, example: Example, run_example: Any) -> Finding:
    off = next(rule.off for rule in all_rules() if rule.name == name)
    found = run_example(example.setup, example.upgrade, example.downgrade, every=True, select=(name,) if off else ())
    return next(finding for finding in found if finding.rule == name)


_APPLIED = (*EXACT, *DIFFERENT_END, *STATEMENT, *COLUMN, *NAME, *FIRST, *BEFORE, *AFTER, *ALONE)
_WORDS = tuple(rule.name for rule in all_rules() if rule.name not in (*_APPLIED, *RELEASE))


@pytest.mark.parametrize(("rule", "example"), _bad(_WORDS))
def test_a_fix_that_cannot_be_pasted_is_python(rule: Rule, example: Example, run_example: Any, server: Any) -> None:
    _skip_on_other_versions(example, server)
    compile(dict(_found(rule.name, example, run_example).details)["fix"], rule.name, "exec")


@pytest.mark.parametrize(("rule", "example"), _bad(_APPLIED))
def test_a_fix_that_is_applied_takes_the_finding_away(
    rule: Rule, example: Example, run_example: Any, server: Any
) -> None:
    _skip_on_other_versions(example, server)
    same = (*EXACT, "explicit-lock-table", "primary-key-on-nullable-column", *BEFORE, *ALONE)
    failing = ("concurrently-in-transaction", "pending-trigger-events")
    _apply(rule.name, example, run_example, same=rule.name in same and rule.name not in failing)


@pytest.mark.parametrize(("rule", "example"), _bad(RELEASE))
def test_a_statement_that_waited_for_a_release_says_so(
    rule: Rule, example: Example, run_example: Any, server: Any, project: Project, migcheck: Any
) -> None:
    _skip_on_other_versions(example, server)
    fix = dict(_found(rule.name, example, run_example).details)["fix"]
    project.revision("a1", example.setup)
    project.revision("b2", fix)
    result = migcheck("--migcheck-checks=locks", "-v", f"--migcheck-select={rule.name}")
    result.stdout.fnmatch_lines([f"  ignored  {rule.id} {rule.name} *comment: released: *"])
    result.stdout.no_fnmatch_line(f"{rule.id} {rule.name}: *")


@pytest.mark.parametrize(("name", "upgrade", "same"), FORMS)
def test_so_does_the_fix_of_a_rarer_form(name: str, upgrade: str, same: bool, run_example: Any, server: Any) -> None:
    if "NULLS NOT DISTINCT" in upgrade and server.version_num < 150000:
        pytest.skip("NULLS NOT DISTINCT came with PostgreSQL 15")
    setup = _TABLES + ('op.create_index("ix_a", "Order Items", ["ref"], schema="app")' if "ix_a" in upgrade else "")
    _apply(name, Example(setup=setup, upgrade=upgrade, also=(_KEY,)), run_example, same=same)


def _apply(name: str, example: Example, run_example: Any, *, same: bool) -> None:
    finding = _found(name, example, run_example)
    expected: Catalog = run_example.catalog
    *earlier, last = re.split(rf"(?m)^{NEXT_REVISION}.*\n", _pasted(name, example, finding))
    select = (name,) if next(rule.off for rule in all_rules() if rule.name == name) else ()
    # A step may be words alone.
    steps = [f"{step}\npass" for step in earlier]
    found = run_example((example.setup, *steps), last, "raise NotImplementedError", every=True, select=select)
    assert run_example.unfinished == []
    before = [f for f in found if f.severity.value == "error" and f.rule not in example.also]
    assert name not in {f.rule for f in found}
    assert [f for f in before if f.rule != "create-index-not-concurrent" or name not in BEFORE] == []
    if same:
        assert _without_positions(run_example.catalog) == _without_positions(expected)


def _pasted(name: str, example: Example, finding: Finding) -> str:
    """The upgrade with the fix in it, as a reader of the finding would put it there."""
    fix = dict(finding.details)["fix"]
    if name in EXACT + DIFFERENT_END:
        return fix
    if name in COLUMN:
        return "from sqlalchemy.dialects import postgresql\n" + _with_column(example.upgrade, fix)
    if name in NAME:
        return example.upgrade.replace(finding.object, ast.literal_eval(fix))
    statements = [ast.get_source_segment(example.upgrade, node) or "" for node in ast.parse(example.upgrade).body]
    lines = [(node.lineno, node.end_lineno or 0) for node in ast.parse(example.upgrade).body]
    assert finding.line is not None
    at = next(n for n, (start, end) in enumerate(lines) if start <= finding.line - _BODY <= end)
    at -= name in FIRST
    before, statement, after = statements[:at], statements[at], statements[at + 1 :]
    if name in BEFORE:
        return "\n".join((*before, fix, statement, *after))
    if name in AFTER:
        return "\n".join((*statements, fix))
    if name in ALONE:
        return "\n".join((*before, *after, NEXT_REVISION, fix))
    return "\n".join((*before, fix, *after, "pass"))


def _with_column(upgrade: str, column: str) -> str:
    """The upgrade with a column in place of the one of the same name."""
    named = ast.parse(column, mode="eval").body.args[0].value
    calls = (node for node in ast.walk(ast.parse(upgrade)) if isinstance(node, ast.Call))
    old = next(call for call in calls if ast.unparse(call.func) == "sa.Column" and call.args[0].value == named)
    return upgrade.replace(ast.get_source_segment(upgrade, old) or "", column)


def _skip_on_other_versions(example: Example, server: Any) -> None:
    if not example.version <= server.version_num // 10000 <= example.until:
        pytest.skip("for another version")


def _without_positions(catalog: Catalog) -> dict[object, dict[str, object]]:
    return {
        key: {name: value for name, value in values.items() if not name.startswith("_")}
        for key, values in catalog.objects.items()
    }
