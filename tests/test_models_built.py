"""The models are built as the project builds them: beside what only migrations make, in the schemas of its connection."""

from __future__ import annotations

import json
from typing import Any

import pytest

from history_project import Project

ID = 'sa.Column("id", sa.Integer, primary_key=True)'


def drift_of(project: Project, migcheck: Any, *, checks: str = "upgrade,drift") -> list[tuple[str, str]]:
    result = migcheck(f"--migcheck-checks={checks}", "--migcheck-report=json:r.json")
    report = json.loads((project.path / "r.json").read_text())
    assert not report.get("internal_errors"), result.stdout.str()
    return sorted((f["severity"], f["headline"]) for f in report["findings"])


# (models, SQL of the migration): create_all() needs what only the migration makes.
NEEDED = {
    "a sequence": (
        f'sa.Table("t", metadata, {ID}, sa.Column("no", sa.BigInteger, server_default=sa.text("nextval(\'order_no\')")))',
        "CREATE SEQUENCE order_no; CREATE TABLE t (id serial PRIMARY KEY, no bigint DEFAULT nextval('order_no'))",
    ),
    "a domain": (
        f"""
class Email(sa.types.UserDefinedType):
    cache_ok = True
    def get_col_spec(self, **_): return "email"
sa.Table("t", metadata, {ID}, sa.Column("e", Email))
""",
        "CREATE DOMAIN email AS text CHECK (VALUE LIKE '%@%'); CREATE TABLE t (id serial PRIMARY KEY, e email)",
    ),
    "a composite type and a range": (
        f"""
class Named(sa.types.UserDefinedType):
    cache_ok = True
    def __init__(self, name): self.name = name
    def get_col_spec(self, **_): return self.name
sa.Table("t", metadata, {ID}, sa.Column("a", Named("addr")), sa.Column("r", Named("floats")))
""",
        "CREATE TYPE addr AS (street text, no int); CREATE TYPE floats AS RANGE (subtype = float8); "
        "CREATE TABLE t (id serial PRIMARY KEY, a addr, r floats)",
    ),
    "a function of an enum that the models make": (
        f'sa.Table("t", metadata, {ID}, sa.Column("s", sa.Enum("a", "b", name="st")), '
        'sa.Index("ix_rank", sa.text("st_rank(s)")))',
        "CREATE TYPE st AS ENUM ('a', 'b'); CREATE FUNCTION st_rank(s st) RETURNS int LANGUAGE sql IMMUTABLE AS "
        "$$ SELECT CASE s WHEN 'a' THEN 1 ELSE 2 END $$; CREATE TABLE t (id serial PRIMARY KEY, s st); "
        "CREATE INDEX ix_rank ON t (st_rank(s))",
    ),
    "a text search configuration": (
        f'sa.Table("t", metadata, {ID}, sa.Column("x", sa.Text), '
        'sa.Column("v", TSVECTOR, sa.Computed("to_tsvector(\'public.plain\', x)", persisted=True)))',
        "CREATE TEXT SEARCH CONFIGURATION plain (COPY = simple); CREATE TABLE t (id serial PRIMARY KEY, x text, "
        "v tsvector GENERATED ALWAYS AS (to_tsvector('public.plain', x)) STORED)",
    ),
    "an enum whose labels hold commas": (
        f'sa.Table("t", metadata, {ID}, sa.Column("s", ENUM("a, b", "c", name="st", create_type=False), '
        'server_default="a, b"))',
        "CREATE TYPE st AS ENUM ('a, b', 'c'); CREATE TABLE t (id serial PRIMARY KEY, s st DEFAULT 'a, b')",
    ),
    "a function that reads a table": (
        f'sa.Table("t", metadata, {ID}); sa.Table("u", metadata, {ID}, '
        'sa.Column("n", sa.BigInteger, server_default=sa.text("counted()")))',
        "CREATE TABLE t (id serial PRIMARY KEY); CREATE FUNCTION counted() RETURNS bigint LANGUAGE sql "
        "BEGIN ATOMIC SELECT count(*) FROM t; END; CREATE TABLE u (id serial PRIMARY KEY, n bigint DEFAULT counted())",
    ),
}


@pytest.mark.parametrize("needed", NEEDED)
def test_models_may_need_what_only_migrations_make(project: Project, migcheck, needed: str) -> None:
    models, sql = NEEDED[needed]
    project.env(models=f"from sqlalchemy.dialects.postgresql import ENUM, TSVECTOR\n{models}")
    project.sql("a1", sql, "SELECT 1")
    assert drift_of(project, migcheck) == []


# (models, SQL): the models make it themselves, in ways that are not seen on a column.
MADE = {
    "a variant": (
        f'sa.Table("t", metadata, {ID}, sa.Column("a", sa.String().with_variant(ENUM("a", name="v"), "postgresql")))',
        "CREATE TYPE v AS ENUM ('a'); CREATE TABLE t (id serial PRIMARY KEY, a v)",
    ),
    "a decorator": (
        f"""
class Mood(sa.types.TypeDecorator):
    impl = sa.Enum("a", name="deco")
    cache_ok = True
sa.Table("t", metadata, {ID}, sa.Column("a", Mood))
""",
        "CREATE TYPE deco AS ENUM ('a'); CREATE TABLE t (id serial PRIMARY KEY, a deco)",
    ),
    "an enum without a table": (
        f'sa.Enum("a", name="lone", metadata=metadata); sa.Table("t", metadata, {ID})',
        "CREATE TYPE lone AS ENUM ('a'); CREATE TABLE t (id serial PRIMARY KEY)",
    ),
    "an enum in another schema than its table": (
        f'sa.Table("t", metadata, {ID}, sa.Column("a", sa.Enum("a", name="m", inherit_schema=False)), schema="app")',
        "CREATE SCHEMA app; CREATE TYPE m AS ENUM ('a'); CREATE TABLE app.t (id serial PRIMARY KEY, a m)",
    ),
    "events": (
        f"""
for made in ("CREATE SCHEMA app", "CREATE EXTENSION citext", "CREATE FUNCTION app.f() RETURNS int RETURN 1"):
    sa.event.listen(metadata, "before_create", sa.DDL(made))
sa.Table("t", metadata, {ID}, sa.Column("n", sa.Integer, server_default=sa.text("app.f()")), schema="app")
""",
        "CREATE SCHEMA app; CREATE EXTENSION citext; CREATE FUNCTION app.f() RETURNS int RETURN 1; "
        "CREATE TABLE app.t (id serial PRIMARY KEY, n int DEFAULT app.f())",
    ),
}


@pytest.mark.parametrize("made", MADE)
def test_models_may_make_what_migrations_make_too(project: Project, migcheck, made: str) -> None:
    models, sql = MADE[made]
    project.env(models=f"from sqlalchemy.dialects.postgresql import ENUM\n{models}", configure=", include_schemas=True")
    project.sql("a1", sql, "SELECT 1")
    assert drift_of(project, migcheck) == []


EXTRAS = (
    "CREATE SCHEMA other; CREATE EXTENSION citext; CREATE FUNCTION f() RETURNS int RETURN 1; "
    "CREATE TYPE left_behind AS ENUM ('a'); CREATE TYPE used AS ENUM ('a'); "
    "CREATE TABLE t (id serial PRIMARY KEY, u used)"
)
WITH_USED = f'sa.Table("t", metadata, {ID}, sa.Column("u", ENUM("a", name="used", create_type=False)))'


def test_what_the_models_do_not_need_is_told(project: Project, migcheck) -> None:
    project.env(models=f"from sqlalchemy.dialects.postgresql import ENUM\n{WITH_USED}", configure=", include_schemas=True")
    project.sql("a1", EXTRAS, "SELECT 1")
    only = "only in the migrations"
    assert drift_of(project, migcheck) == [
        ("info", f"extension citext: {only}"),
        ("info", f"function public.f(): {only}"),
        ("info", f"schema other: {only}"),
        ("warning", f"type public.left_behind: {only}"),
    ]
    told = migcheck("--migcheck-checks=drift", "-v").stdout
    told.fnmatch_lines(
        [
            f"  warning  MC301 drift  public.left_behind   type public.left_behind: {only}",
            '           fix  sa.Enum(name="left_behind").drop(op.get_bind())   # or declare it in the models',
        ]
    )
    told.no_fnmatch_line("*DROP FUNCTION*")
    project.write("pytest.ini", "[pytest]\nmigcheck_drift =\n    function: error\n    extension: ignore\n    schema: warning\n")
    assert drift_of(project, migcheck) == [
        ("error", f"function public.f(): {only}"),
        ("warning", f"schema other: {only}"),
        ("warning", f"type public.left_behind: {only}"),
    ]


def test_labels_of_an_enum_that_the_models_do_not_make_are_compared(project: Project, migcheck) -> None:
    models = WITH_USED.replace('"a", name', '"a", "b", name')
    project.env(models=f"from sqlalchemy.dialects.postgresql import ENUM\n{models}")
    project.sql("a1", "CREATE TYPE used AS ENUM ('a'); CREATE TABLE t (id serial PRIMARY KEY, u used)", "SELECT 1")
    assert drift_of(project, migcheck) == [("error", "type public.used: the migrated type lacks label b")]


# How env.py connects: (what connect() is followed by, an argument of the engine).
CONNECTIONS = {
    "SET search_path": "connection.exec_driver_sql('SET search_path TO app'); connection.commit(); "
    "connection.dialect.default_schema_name = 'app'",
    "a schema_translate_map": "connection = connection.execution_options(schema_translate_map={None: 'app'})",
}
IN_APP = "CREATE TABLE app.t (id serial PRIMARY KEY, a varchar(20)); CREATE INDEX ix_a ON app.t (a)"


@pytest.mark.parametrize("way", CONNECTIONS)
def test_models_without_a_schema_are_where_the_connection_puts_them(project: Project, migcheck, way: str) -> None:
    # With a schema_translate_map Alembic itself does not find its table without being told.
    configure = ", version_table_schema='app'" if "translate" in way else ""
    project.env(models=f'sa.Table("t", metadata, {ID}, sa.Column("a", sa.String(20), index=True))', configure=configure)
    path = project.path / "migrations/env.py"
    made = "connection.exec_driver_sql('CREATE SCHEMA IF NOT EXISTS app'); connection.commit()"
    opened = "connect() as connection:"
    path.write_text(path.read_text().replace(opened, f"{opened}\n        {made}; {CONNECTIONS[way]}"))
    project.sql("a1", IN_APP.replace("ix_a", "ix_t_a"), "DROP TABLE app.t")
    assert drift_of(project, migcheck, checks="upgrade,stairway,roundtrip,drift") == []
    project.sql("b2", "ALTER TABLE app.t ADD b int", "ALTER TABLE app.t DROP b")
    assert drift_of(project, migcheck) == [("error", "column app.t.b: only in the migrations")]


def test_a_schema_of_the_search_path_may_be_made_by_a_migration(project: Project, migcheck) -> None:
    project.env(models=f'sa.Table("t", metadata, {ID}, sa.Column("a", sa.String(20)))')
    path = project.path / "migrations/env.py"
    options = "poolclass=pool.NullPool, connect_args={'options': '-csearch_path=app,public'}"
    path.write_text(path.read_text().replace("poolclass=pool.NullPool", options))
    project.sql("a1", "CREATE SCHEMA app", "DROP SCHEMA app")
    project.sql("b2", "CREATE TABLE t (id serial PRIMARY KEY, a varchar(20))", "DROP TABLE t")
    assert drift_of(project, migcheck, checks="upgrade,stairway,drift") == []


# (env.py's filter, models, SQL): Alembic's autogenerate would be silent.
FILTERS = {
    "the documented include_name": (
        "include_name=lambda n, t, p: p['schema_qualified_table_name'] in target_metadata.tables if t == 'table' else True",
        f'sa.Table("t", metadata, {ID})',
        "CREATE TABLE t (id serial PRIMARY KEY); CREATE TABLE foreign_to_us (id serial PRIMARY KEY)",
    ),
    "the default schema": (
        "include_schemas=True, include_name=lambda n, t, p: n == 'app' if t == 'schema' else True",
        f'sa.Table("t", metadata, {ID}, schema="app")',
        "CREATE SCHEMA app; CREATE TABLE app.t (id serial PRIMARY KEY); CREATE TABLE others (id int)",
    ),
    "columns of a table that only migrations make": (
        "include_object=lambda o, n, t, r, c: not (t == 'table' and r and c is None and 'legacy_flag' in o.columns)",
        f'sa.Table("t", metadata, {ID})',
        "CREATE TABLE t (id serial PRIMARY KEY); CREATE TABLE old (id int, legacy_flag bool)",
    ),
    "columns of an index that only migrations make": (
        "include_object=lambda o, n, t, r, c: not (t == 'index' and r and [x.name for x in o.columns] == ['a', 'b'])",
        f'sa.Table("t", metadata, {ID}, sa.Column("a", sa.Integer), sa.Column("b", sa.Integer))',
        "CREATE TABLE t (id serial PRIMARY KEY, a int, b int); CREATE INDEX by_hand ON t (a, b)",
    ),
    "what is compared to": (
        "include_object=lambda o, n, t, r, c: not (t == 'column' and c is not None and c.type.__class__.__name__ == 'TEXT')",
        f'sa.Table("t", metadata, {ID}, sa.Column("a", sa.String(20)))',
        "CREATE TABLE t (id serial PRIMARY KEY, a text)",
    ),
    "the table that a foreign key leads to": (
        "include_object=lambda o, n, t, r, c: not (t == 'foreign_key_constraint' and o.referred_table.name == 'old')",
        f'sa.Table("t", metadata, {ID}); sa.Table("old", metadata, {ID})',
        "CREATE TABLE old (id serial PRIMARY KEY); "
        "CREATE TABLE t (id serial PRIMARY KEY REFERENCES old (id))",
    ),
    "a hidden table that a shown one references": (
        "include_object=lambda o, n, t, r, c: not (t == 'table' and o.info.get('skip_autogenerate'))",
        f'sa.Table("ext", metadata, {ID}, info={{"skip_autogenerate": True}}); '
        f'sa.Table("u", metadata, {ID}, sa.Column("e", sa.ForeignKey("ext.id")))',
        "CREATE TABLE ext (id bigint PRIMARY KEY); CREATE TABLE u (id serial PRIMARY KEY, e int REFERENCES ext (id))",
    ),
}


@pytest.mark.parametrize("asked", FILTERS)
def test_filters_are_asked_as_autogenerate_asks_them(project: Project, migcheck, asked: str) -> None:
    configure, models, sql = FILTERS[asked]
    project.env(models=models, configure=f", {configure}")
    project.sql("a1", sql, "SELECT 1")
    assert [d for d in drift_of(project, migcheck) if d[0] == "error"] == []


def test_a_filter_that_raises_is_named(project: Project, migcheck) -> None:
    project.env(models=f'sa.Table("t", metadata, {ID})', configure=", include_object=lambda o, n, t, r, c: o.info['x']")
    project.sql("a1", "CREATE TABLE t (id serial PRIMARY KEY)", "DROP TABLE t")
    result = migcheck("--migcheck-checks=drift")
    result.stdout.fnmatch_lines(["include_object of env.py raises for the table t: KeyError: 'x' (*env.py:*)"])
    result.stdout.no_fnmatch_line("*Traceback*")


def test_a_difference_is_told_in_one_line_at_its_own_table(project: Project, migcheck) -> None:
    """Two tables of one name, a sequence that a column owns, and a comment of two lines."""
    table = 'sa.Table("t", metadata, {id}, sa.Column("w", sa.String(9), comment="a\\nb"), schema={schema})'
    ids = (ID, 'sa.Column("id", sa.Integer, sa.Identity(start=7), primary_key=True)')
    models = "\n".join(table.format(id=i, schema=schema) for i, schema in zip(ids, (None, "'app'"), strict=True))
    project.env(models=models, configure=", include_schemas=True")
    made = "CREATE TABLE {} (id {} PRIMARY KEY, w varchar(5)); COMMENT ON COLUMN {}.w IS 'a'"
    identity = "int GENERATED BY DEFAULT AS IDENTITY"
    sql = f"CREATE SCHEMA app; {made.format('t', 'serial', 't')}; {made.format('app.t', identity, 'app.t')}"
    project.sql("a1", sql, "SELECT 1")
    drift_of(project, migcheck)
    findings = json.loads((project.path / "r.json").read_text())["findings"]
    assert {(f["headline"].partition(":")[0], f["path"], f["line"]) for f in findings} == {
        ("column public.t.w", "models.py", 3),
        ("comment public.t.w", "models.py", 3),
        ("column app.t.w", "models.py", 4),
        ("comment app.t.w", "models.py", 4),
        ("sequence app.t_id_seq", "models.py", 4),
    }
    assert not [f["headline"] for f in findings if "\n" in f["headline"]]


def test_models_that_take_too_long_are_ended(project: Project, migcheck) -> None:
    project.env(models=f'sa.event.listen(metadata, "before_create", sa.DDL("SELECT pg_sleep(600)"))\nsa.Table("t", metadata, {ID})')
    project.sql("a1", "CREATE TABLE t (id serial PRIMARY KEY)", "DROP TABLE t")
    project.write("pytest.ini", "[pytest]\nmigcheck_step_timeout = 3\n")
    result = migcheck("--migcheck-checks=drift")
    assert result.ret != 0
    result.stdout.fnmatch_lines(["*building the models did not end within migcheck_step_timeout = 3 seconds"])
    result.stdout.no_fnmatch_line("*Traceback*")
