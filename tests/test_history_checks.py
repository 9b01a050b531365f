"""Drift, the one-shot upgrade, the round trip and what declares itself irreversible."""

from __future__ import annotations

import json

import pytest

from history_project import Project

TABLE = 'op.create_table("orders", sa.Column("id", sa.Integer, primary_key=True), sa.Column("email", sa.String(255)))'
UNDO = 'op.drop_table("orders")'
MODEL = """
sa.Table("orders", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("email", sa.String(255)))
"""


def test_models_that_agree_are_silent(project: Project, migcheck) -> None:
    project.env(models=MODEL)
    project.revision("a1", TABLE, UNDO)
    migcheck("--migcheck-checks=drift").assert_outcomes(passed=1)


def test_a_changed_model_and_an_index_that_only_migrations_make(project: Project, migcheck) -> None:
    project.env(models=MODEL.replace("255", "320"))
    project.revision("a1", TABLE + '\nop.create_index("ix_email", "orders", ["email"])', UNDO)
    result = migcheck("--migcheck-checks=drift")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "MC301 drift: index public.orders.ix_email: only in the migrations",
            "  models  target_metadata (env.py)  –",
            "  migrated head a1  INDEX btree (email)",
            '  fix     op.drop_index("ix_email", table_name="orders")   # or declare it in the models',
            "MC301 drift: column public.orders.email: type varchar(255) → varchar(320)",
            "  models  models.py:4  varchar(320)",
            "  migrated head a1  varchar(255)",
            '  fix     op.alter_column("orders", "email", type_=sa.String(320))',
        ]
    )


def test_what_env_py_filters_out_is_left_out(project: Project, migcheck) -> None:
    project.env(
        models=MODEL,
        configure=", include_object=lambda o, name, type_, reflected, compared: name != 'legacy'",
    )
    project.revision("a1", TABLE + '\nop.execute("CREATE TABLE legacy (id integer)")', UNDO)
    migcheck("--migcheck-checks=drift").assert_outcomes(passed=1)


EXTRA = "CREATE TABLE legacy (id int); CREATE SCHEMA app; CREATE TABLE app.t (id int); ALTER TABLE orders ADD old int"
EXTRA += "; CREATE INDEX ix_old ON orders (old); ALTER TABLE orders ADD CONSTRAINT uq_old UNIQUE (old)"
LEGACY = "lambda name, type_, parents: type_ != 'table' or name != 'legacy'"
OLD = "lambda o, name, type_, reflected, compared: 'old' not in (name or '')"


@pytest.mark.parametrize(
    ("configure", "expected"),
    [
        ("", {"public.legacy", "public.orders.old", "public.orders.ix_old", "public.orders.uq_old"}),
        (", include_schemas=True", {"public.legacy", "public.orders.old", "public.orders.ix_old", "public.orders.uq_old", "app.t"}),
        (f", include_name={LEGACY}, include_object={OLD}", set()),
        (", include_schemas=True, include_name=lambda name, type_, parents: type_ != 'schema' or name is None",
         {"public.legacy", "public.orders.old", "public.orders.ix_old", "public.orders.uq_old"}),
    ],
)  # fmt: skip
def test_what_autogenerate_does_not_look_at_is_no_drift(project: Project, migcheck, configure: str, expected) -> None:
    project.env(models=MODEL, configure=configure)
    project.revision("a1", TABLE + f"\nop.execute({EXTRA!r})", UNDO)
    migcheck("--migcheck-checks=drift", "--migcheck-report=json:r.json")
    report = json.loads((project.path / "r.json").read_text())
    assert {f["object"] for f in report["findings"] if f["severity"] == "error"} == expected


def test_the_table_of_versions_may_be_in_a_schema_of_its_own(project: Project, migcheck) -> None:
    project.env(models=MODEL, configure=", version_table='steps', version_table_schema='ops', include_schemas=True")
    path = project.path / "migrations/env.py"
    made = "connect() as connection:\n        connection.exec_driver_sql('CREATE SCHEMA IF NOT EXISTS ops')\n        connection.commit()"
    path.write_text(path.read_text().replace("connect() as connection:", made))
    project.revision("a1", TABLE, UNDO)
    project.revision("b2", 'op.create_index("ix", "orders", ["email"])', 'op.drop_index("ix")')
    report = migcheck("--migcheck-checks=stairway,upgrade,roundtrip,drift", "--migcheck-report=json:r.json")
    told = json.loads((project.path / "r.json").read_text())["findings"]
    assert [f["object"] for f in told if f["severity"] == "error"] == ["public.orders.ix"], report.stdout.str()


def test_schemas_extensions_and_functions_that_only_migrations_make(project: Project, migcheck) -> None:
    project.env(
        models="""
        sa.Table(
            "t", metadata, sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("code", sa.Text, server_default=sa.text("app.next_code()")),
            sa.Index("ix_code", "code", postgresql_using="gin", postgresql_ops={"code": "gin_trgm_ops"}), schema="app",
        )
        """,
        configure=", include_schemas=True",
    )
    project.sql(
        "a1",
        "CREATE SCHEMA app; CREATE EXTENSION pg_trgm;"
        "CREATE FUNCTION app.next_code() RETURNS text LANGUAGE sql AS $$ SELECT 'x'::text $$;"
        "CREATE TABLE app.t (id serial PRIMARY KEY, code text DEFAULT app.next_code());"
        "CREATE INDEX ix_code ON app.t USING gin (code gin_trgm_ops)",
        "DROP SCHEMA app CASCADE; DROP EXTENSION pg_trgm",
    )
    migcheck("--migcheck-checks=drift,stairway").assert_outcomes(passed=2)


def test_models_that_cannot_be_created_are_a_finding(project: Project, migcheck) -> None:
    project.env(models='sa.Table("c", metadata, sa.Column("o", sa.ForeignKey("orders.email")))' + "\n" + MODEL)
    project.revision("a1", TABLE, UNDO)
    result = migcheck("--migcheck-checks=drift")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["MC301 drift: the models cannot be created in an empty database: *"])


@pytest.mark.parametrize(
    ("models", "named"),
    [
        ("class Storage:\n    pass\nmetadata = [metadata, Storage]", "Storage is no MetaData"),
        ("from sqlalchemy.orm import declarative_base\nmetadata = declarative_base()", "Base is no MetaData"),
    ],
)
def test_models_that_are_no_metadata_are_named(project: Project, migcheck, models: str, named: str) -> None:
    project.env(models=models)
    project.revision("a1", TABLE, UNDO)
    result = migcheck("--migcheck-checks=drift")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"*env.py: target_metadata: {named}, so Alembic's autogenerate fails, too"])
    assert "AttributeError" not in result.stdout.str()


def test_a_table_that_several_metadata_declare_is_made_once(project: Project, migcheck) -> None:
    other = "other = sa.MetaData()\n" + MODEL.replace("metadata", "other").strip()
    project.env(models=f"{MODEL}\n{other}\nsa.Table('more', other, sa.Column('id', sa.Integer))\nmetadata = [metadata, other]")
    project.revision("a1", TABLE, UNDO)
    result = migcheck("--migcheck-checks=drift")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["MC301 drift: table public.more: only in the models"])


def test_labels_that_a_new_type_of_the_old_name_maps_are_no_surprise(project: Project, migcheck) -> None:
    project.sql(
        "a1",
        "CREATE TYPE state AS ENUM ('open', 'closed'); CREATE TABLE t (id int PRIMARY KEY, s state)",
        "DROP TABLE t; DROP TYPE state",
    )
    steps = (
        "ALTER TYPE state RENAME TO state_old; CREATE TYPE state AS ENUM ('open', '{0}');"
        "ALTER TABLE t ALTER s TYPE state USING CASE WHEN s::text = '{1}' THEN '{0}'::state ELSE s::text::state END;"
        "DROP TYPE state_old"
    )
    project.sql("b2", steps.format("done", "closed"), steps.format("closed", "done"))
    migcheck("--migcheck-checks=data", "--migcheck-examples=8").assert_outcomes(passed=2)


def test_an_enum_that_two_revisions_make_fails_release_by_release_only(project: Project, migcheck) -> None:
    enum = 'sa.Column("state", sa.Enum("new", "paid", name="state"))'
    project.revision("a1", f'op.create_table("a", {enum})', 'op.drop_table("a")\nop.execute("DROP TYPE state")')
    project.revision("b2", f'op.create_table("b", {enum})', 'op.drop_table("b")')
    result = migcheck("-v", "--migcheck-checks=stairway,upgrade")
    result.stdout.fnmatch_lines(
        [
            "migrations/versions/a1.py::stairway PASSED*",
            "migrations/versions/b2.py::stairway FAILED*",
            "migrations/env.py::upgrade PASSED*",
            'MC002 upgrade-fails: upgrading b2 fails: type "state" already exists',
        ]
    )


def test_a_deliberate_refusal_is_irreversible_and_any_other_error_is_not(project: Project, migcheck) -> None:
    project.revision("a1", TABLE, UNDO)
    project.revision("b2", "pass", 'raise NotImplementedError("no way back")')
    project.revision("c3", "pass", 'raise RuntimeError("gone for good")')
    project.revision("d4", "pass", "undefined_name()")
    project.revision("e5", 'op.add_column("orders", sa.Column("x", sa.Text))', 'op.drop_column("orders", "x")')
    result = migcheck("-v", "-rs", "--migcheck-checks=stairway,roundtrip")
    result.assert_outcomes(passed=2, skipped=2, failed=2)
    result.stdout.fnmatch_lines(
        [
            "*b2.py::stairway SKIPPED*",
            "*c3.py::stairway SKIPPED*",
            "*d4.py::stairway FAILED*",
            "*e5.py::stairway PASSED*",
            "MC003 downgrade-fails: downgrading d4 fails: name 'undefined_name' is not defined",
            "*irreversible: downgrade() raises NotImplementedError: no way back*",
        ]
    )


def test_a_refused_downgrade_after_sql_ran_is_a_failure(project: Project, migcheck) -> None:
    project.revision("a1", TABLE, 'op.drop_table("orders")\nraise NotImplementedError')
    migcheck("--migcheck-checks=stairway").assert_outcomes(failed=1)


def test_the_round_trip_goes_down_to_the_nearest_irreversible_revision(project: Project, migcheck) -> None:
    project.revision("a1", TABLE, "raise NotImplementedError")
    project.revision("b2", 'op.add_column("orders", sa.Column("x", sa.Text))', 'op.drop_column("orders", "x")')
    result = migcheck("--migcheck-checks=roundtrip")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*note: down to b2 only: a1 is irreversible"])


def test_a_failed_upgrade_stops_what_builds_on_it_and_nothing_else(project: Project, migcheck) -> None:
    project.revision("a1", TABLE, UNDO)
    project.revision("b2", "op.execute('SELECT 1/0')")
    project.revision("b3", "pass")
    project.revision("c2", 'op.create_table("c", sa.Column("id", sa.Integer))', 'op.drop_table("c")', parents="a1")
    result = migcheck("-v", "-rs", "--migcheck-checks=stairway")
    result.assert_outcomes(passed=2, failed=1, skipped=1)
    result.stdout.fnmatch_lines(["*not reached: upgrading b2 fails*"])


def test_an_autocommit_block_works_in_the_stairway(project: Project, migcheck) -> None:
    project.revision("a1", TABLE, UNDO)
    project.revision(
        "b2",
        "with op.get_context().autocommit_block():\n"
        '    op.create_index("ix", "orders", ["email"], postgresql_concurrently=True)',
        'with op.get_context().autocommit_block():\n    op.drop_index("ix", "orders", postgresql_concurrently=True)',
    )
    project.env(configure=", transaction_per_migration=True")
    migcheck().assert_outcomes(passed=9, skipped=1)


@pytest.mark.parametrize("isolation", ["AUTOCOMMIT", "READ COMMITTED"])
def test_one_transaction_for_all_is_told_where_there_is_one(project: Project, migcheck, isolation: str) -> None:
    env = project.path / "migrations/env.py"
    options = f"connect().execution_options(isolation_level={isolation!r})"
    env.write_text(env.read_text().replace("connect()", options))
    project.revision("a1", TABLE, UNDO)
    told = migcheck("--migcheck-checks=upgrade").stdout.str()
    assert ("env.py runs all revisions in one transaction" in told) is (isolation != "AUTOCOMMIT")


def test_a_role_that_a_migration_makes_does_not_stand_in_the_way(project: Project, migcheck) -> None:
    project.sql("a1", "CREATE ROLE app_reader", "DROP ROLE app_reader")
    project.sql("b2", "CREATE TABLE t (id integer); GRANT SELECT ON t TO app_reader", "DROP TABLE t")
    migcheck("--migcheck-checks=stairway,upgrade,roundtrip").assert_outcomes(passed=4)


def test_our_redirection_is_not_there_for_other_tests(project: Project, migcheck) -> None:
    project.revision("a1", TABLE, UNDO)
    project.write(
        "test_mine.py",
        """
        import pytest
        import sqlalchemy as sa

        def test_my_own_database_is_not_redirected():
            engine = sa.create_engine("postgresql+psycopg://u:p@127.0.0.1:1/mine", connect_args={"connect_timeout": 2})
            with pytest.raises(sa.exc.OperationalError):
                engine.connect()
        """,
    )
    migcheck("-p", "no:randomly", "migrations", "test_mine.py").assert_outcomes(passed=7, skipped=1)


def test_locks_of_an_upgrade_that_fails_never_pass(project: Project, migcheck) -> None:
    project.revision("a1", TABLE, UNDO)
    project.revision("b2", "op.execute('SELECT 1')\nop.execute('SELECT 1/0')")
    project.revision("c2", "raise RuntimeError('no')", parents="a1")
    project.revision("d2", 'op.create_index("ix", "orders", ["email"])\nop.execute("SELECT 1/0")', parents="a1")
    result = migcheck("-v", "-rs", "--migcheck-checks=locks", "--migcheck-report=json:r.json")
    result.assert_outcomes(passed=1, skipped=2, failed=1)
    result.stdout.fnmatch_lines(
        [
            "MC101 create-index-not-concurrent: *",
            "  note    upgrading d2 fails at line 12 (see stairway); 1 statement before that judged",
            "SKIPPED *c2.py:10: upgrading c2 fails at line 11 (see stairway); nothing ran before that",
            "SKIPPED *b2.py:10: upgrading b2 fails at line 12 (see stairway); 1 statement before that judged",
        ]
    )
    reasons = {c["revision"]: c["reason"] for c in json.loads((project.path / "r.json").read_text())["checks"]}
    assert reasons["a1"] is None and reasons["d2"].startswith("upgrading d2 fails")
    result = migcheck("-v", "--migcheck-checks=locks", "--migcheck-ignore=MC1")
    result.assert_outcomes(passed=1, skipped=3)


def test_a_second_upgrade_that_takes_too_long_is_not_called_unrepeatable(project: Project, migcheck) -> None:
    project.write("pytest.ini", "[pytest]\nmigcheck_step_timeout = 2\n")
    slow = "if pathlib.Path('down').exists():\n    op.execute('SELECT pg_sleep(60)')"
    down = "pathlib.Path('down').touch()"
    project.revision("a1", f"import pathlib\n{slow}", f"import pathlib\n{down}")
    result = migcheck("--migcheck-checks=roundtrip")
    result.stdout.fnmatch_lines(
        ["*(1 revision, head a1)", "MC002 upgrade-fails: going back up to the heads fails at a1: the step did not end*"]
    )
    (project.path / "down").unlink()
    result = migcheck("--migcheck-checks=stairway")
    result.stdout.fnmatch_lines(["MC002 upgrade-fails: upgrading a1 again fails: the step did not end within *"])


def test_a_downgrade_that_forgets_something_is_told_what_to_write(project: Project, migcheck) -> None:
    project.sql("a1", "CREATE TYPE state AS ENUM ('new'); CREATE TABLE t (s state DEFAULT 'new')", "DROP TABLE t; DROP TYPE state")
    project.sql("b2", "ALTER TYPE state ADD VALUE 'paid'")
    project.sql("c3", "COMMENT ON COLUMN t.s IS 'x'")
    result = migcheck("--migcheck-checks=stairway")
    result.stdout.fnmatch_lines(
        [
            "  fix     # in downgrade()",
            '          op.execute("ALTER TYPE public.state RENAME TO state_old")',
            '          sa.Enum("new", name="state").create(op.get_bind())',
            '          op.execute("ALTER TABLE public.t ALTER COLUMN s DROP DEFAULT")',
            '          op.execute("ALTER TABLE public.t ALTER COLUMN s TYPE public.state USING s::text::public.state")',
            """          op.execute("ALTER TABLE public.t ALTER COLUMN s SET DEFAULT 'new'::public.state")""",
            '          op.execute("DROP TYPE public.state_old")',
            '  fix     op.alter_column("t", "s", comment=None)   # in downgrade()',
        ]
    )


def test_differences_name_the_line_of_the_model_and_models_that_nobody_imports(project: Project, migcheck) -> None:
    project.write("shop/__init__.py", "")
    project.write(
        "shop/base.py",
        """
        from sqlalchemy.orm import DeclarativeBase

        class Base(DeclarativeBase):
            pass
        """,
    )
    project.write(
        "shop/orders.py",
        """
        import sqlalchemy as sa
        from sqlalchemy.orm import Mapped, mapped_column

        from shop.base import Base

        class Order(Base):
            __tablename__ = "orders"
            __table_args__ = (sa.UniqueConstraint("email", name="uq_email"),)
            id: Mapped[int] = mapped_column(primary_key=True)
            mail: Mapped[str] = mapped_column("email", sa.String(320))
            kind: Mapped[str] = mapped_column(sa.Enum("a", "b", name="kind"), index=True)

        notes = sa.Table(
            "notes",
            Base.metadata,
            sa.Column("text", sa.Text),
        )
        """,
    )
    for name in ("invoices", "refunds"):
        model = f"class It(Base):\n    __tablename__ = '{name}'\n    id = sa.Column(sa.Integer, primary_key=True)\n"
        project.write(f"shop/{name}.py", f"import sqlalchemy as sa\nfrom shop.base import Base\n\n{model}")
    project.env(models="")
    project.write("models.py", "import shop.orders\nfrom shop.base import Base\nmetadata = Base.metadata\n")
    project.sql(
        "a1",
        "CREATE TYPE kind AS ENUM ('a'); CREATE TABLE orders (id serial PRIMARY KEY, email varchar(255) NOT NULL,"
        " kind kind NOT NULL); CREATE TABLE invoices (id serial PRIMARY KEY); CREATE TABLE notes (text varchar)",
        "DROP TABLE orders; DROP TABLE invoices; DROP TABLE notes; DROP TYPE kind",
    )
    result = migcheck("--migcheck-checks=drift")
    result.assert_outcomes(failed=1)
    text = result.stdout.str()
    lines = {"invoices:": "invoices.py:4", "kind: the": "orders.py:11", "orders.email:": "orders.py:10"}
    lines |= {"uq_email:": "orders.py:8", "ix_orders_kind:": "orders.py:11", "notes.text:": "orders.py:16"}
    lines |= {"table refunds: shop.refunds": "refunds.py:4"}
    for named, place in lines.items():
        headline = next(line for line in text.splitlines() if line.startswith("MC301") and named in line)
        assert f"{headline}\n  shop/{place}\n" in text
    result.stdout.fnmatch_lines(
        [
            "MC301 drift: type public.kind: the migrated type lacks label b",
            """  fix     op.execute("ALTER TYPE public.kind ADD VALUE 'b'")""",
            "MC301 drift: constraint public.orders.uq_email: only in the models",
            "  models  *shop/orders.py:8  UNIQUE (email)",
            '  fix     op.create_unique_constraint("uq_email", "orders", ["email"])',
        ]
    )
    result.stdout.fnmatch_lines(["  fix     import shop.invoices  # in env.py, above target_metadata"])


def test_a_failed_upgrade_is_told_by_what_needs_it_where_the_run_has_no_upgrade(project: Project, migcheck) -> None:
    project.sql("a1", "CREATE TABLE t (id nothing)")
    result = migcheck("--migcheck-checks=drift,roundtrip")
    result.assert_outcomes(failed=2)
    told = "MC002 upgrade-fails: upgrading an empty database to the heads in one shot fails at a1: *"
    again = "  again   pytest --migcheck 'migrations/env.py::{}'"
    result.stdout.fnmatch_lines([told, again.format("roundtrip"), told, again.format("drift")])
    result = migcheck("--migcheck-checks=drift,upgrade", "-rs")
    result.assert_outcomes(failed=1, skipped=1)
    result.stdout.fnmatch_lines(["*not reached: upgrading to the heads fails (see upgrade)"])
