"""Tables of every kind are filled with valid rows, and what cannot be filled is named."""

from __future__ import annotations

import textwrap

import pytest

EVERYTHING = """
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE DOMAIN posint AS int NOT NULL CHECK (VALUE > 10);
CREATE TYPE pair AS (a int, b text);
CREATE TABLE teams (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name varchar(5) NOT NULL UNIQUE);
CREATE TABLE people (
    id bigserial PRIMARY KEY, team int NOT NULL REFERENCES teams, boss bigint REFERENCES people,
    mood mood NOT NULL, moods mood[] NOT NULL, size posint, pair pair NOT NULL, code char(3) NOT NULL,
    status text NOT NULL CHECK (status IN ('new', 'paid')), price numeric(6, 2) NOT NULL CHECK (price > 100),
    born date NOT NULL, at timestamptz NOT NULL, during tstzrange NOT NULL, spans int4multirange NOT NULL,
    data jsonb NOT NULL CHECK (jsonb_typeof(data) = 'object'), raw bytea NOT NULL, key uuid NOT NULL UNIQUE,
    ip inet NOT NULL, net cidr NOT NULL, mac macaddr NOT NULL, bits bit(3) NOT NULL, more varbit NOT NULL,
    spot point NOT NULL, area polygon NOT NULL, cash money NOT NULL, span interval NOT NULL, "odd ""name" text NOT NULL,
    vector tsvector NOT NULL, flag boolean NOT NULL, real real NOT NULL, clock timetz NOT NULL,
    total numeric GENERATED ALWAYS AS (price * 2) STORED, CHECK (length(code) <= 3), CHECK (born < '3000-01-01'));
CREATE TABLE rooms (during int4range NOT NULL, EXCLUDE USING gist (during WITH &&));
CREATE TABLE hens (id int PRIMARY KEY, egg int NOT NULL);
CREATE TABLE eggs (id int PRIMARY KEY, hen int NOT NULL REFERENCES hens DEFERRABLE INITIALLY DEFERRED);
ALTER TABLE hens ADD FOREIGN KEY (egg) REFERENCES eggs DEFERRABLE INITIALLY DEFERRED;
CREATE TABLE logs (kind text NOT NULL, at date NOT NULL) PARTITION BY LIST (kind);
CREATE TABLE logs_eu PARTITION OF logs FOR VALUES IN ('eu');
CREATE TABLE accounts (id int PRIMARY KEY, kind text NOT NULL CHECK (kind IN ('local', 'oauth')), hash bytea, client text,
    starts date NOT NULL, ends date NOT NULL, CHECK (starts < ends),
    CHECK (kind <> 'local' OR (hash IS NOT NULL AND client IS NULL)),
    CHECK (kind <> 'oauth' OR (hash IS NULL AND client IS NOT NULL)));
CREATE TABLE base (id int PRIMARY KEY);
CREATE TABLE derived (extra text NOT NULL) INHERITS (base);
CREATE SCHEMA crm;
CREATE TABLE crm.notes (person bigint NOT NULL REFERENCES people, n int NOT NULL, PRIMARY KEY (person, n));
CREATE TABLE crm.marks (person bigint NOT NULL, n int NOT NULL, FOREIGN KEY (person, n) REFERENCES crm.notes);
ALTER TABLE crm.notes ENABLE ROW LEVEL SECURITY;
CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.name := upper(NEW.name); RETURN NEW; END';
CREATE TRIGGER shout BEFORE INSERT ON teams FOR EACH ROW EXECUTE FUNCTION shout();
"""

TESTS = """
import pytest

from hypothesis import strategies as st


def test_every_table_gets_valid_rows(migcheck_db, migcheck_populate):
    found = migcheck_populate(migcheck_db, rows=3)
    # What excludes each other, or falls between partitions, PostgreSQL has left out.
    some = {"rooms", "logs"}
    assert {name: len(rows) for name, rows in found.items() if name not in some} == {
        "accounts": 3, "base": 3, "crm.marks": 3, "crm.notes": 3, "derived": 3, "eggs": 3, "hens": 3, "people": 3,
        "teams": 3, "taken": 3,
    }
    assert all(1 <= len(found[name]) <= 3 for name in some)
    assert {row["code"] for row in found["taken"]} <= {"X1", "X2"}
    with migcheck_db.connect() as connection:
        next_id = connection.execute("INSERT INTO teams (name) VALUES ('new') RETURNING id").fetchone()
    assert next_id == (4,)


def test_only_what_is_needed_is_filled(migcheck_connection, migcheck_populate):
    found = migcheck_populate(migcheck_connection, "people", rows=2)
    assert [len(rows) for rows in found.values()] == [2]
    counted = "SELECT (SELECT count(*) FROM teams), (SELECT count(*) FROM rooms)"
    assert tuple(migcheck_connection.exec_driver_sql(counted).one()) == (2, 0)


def test_a_connection_of_the_drivers_is_filled_itself(migcheck_db, migcheck_populate):
    from psycopg.rows import dict_row

    with migcheck_db.connect() as connection:
        connection.row_factory = dict_row
        assert len(migcheck_populate(connection, "teams", rows=2)["teams"]) == 2
        assert connection.execute("SELECT count(*) AS n FROM teams").fetchone() == {"n": 2}


def test_an_engine_is_filled_for_good(migcheck_engine, migcheck_populate):
    migcheck_populate(migcheck_engine, "teams", rows=2)
    with migcheck_engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM teams").scalar() == 2


def test_what_is_asynchronous_is_not_filled(migcheck_async_engine, migcheck_populate):
    migcheck_populate(migcheck_async_engine, "teams")


def test_a_factory_fills_every_table(migcheck_db_factory):
    with migcheck_db_factory(rows=2) as db, db.connect() as connection:
        assert connection.execute("SELECT count(*) FROM people").fetchone() == (2,)


def test_a_step_over_rows(migcheck_stepper, migcheck_populate):
    migcheck_stepper.before("b2")
    migcheck_populate(migcheck_stepper, "teams", rows=2)
    migcheck_stepper.upgrade()
    with migcheck_stepper.connect() as connection:
        assert connection.execute("SELECT DISTINCT locale FROM teams").fetchall() == [("en",)]


def test_a_name_that_is_none(migcheck_db, migcheck_populate):
    migcheck_populate(migcheck_db, "persons")


def test_a_table_that_cannot_be_filled(migcheck_stepper, migcheck_populate):
    migcheck_stepper.at("c3")
    migcheck_populate(migcheck_stepper, "never")
"""

CONFTEST = """
from hypothesis import strategies as st


def pytest_migcheck_strategy(table, column):
    if (table, column) == ("taken", "code"):
        return st.sampled_from(("X1", "X2"))
"""


@pytest.fixture
def everything(project):
    project.sql("a1", EVERYTHING)
    project.sql("b2", "ALTER TABLE teams ADD locale text NOT NULL DEFAULT 'en'")
    project.sql("c3", "CREATE TABLE never (code text NOT NULL CHECK (md5(code) = 'x'))", "DROP TABLE never")
    project.sql("d4", "DROP TABLE never; CREATE TABLE taken (code text NOT NULL CHECK (code ~ '^X[0-9]$'))")
    project.write("conftest.py", CONFTEST)
    return project


def test_tables_of_every_kind_are_filled(everything, run_pytest) -> None:
    everything.write("test_rows.py", TESTS)
    result = run_pytest()
    result.assert_outcomes(passed=6, failed=3)
    result.stdout.fnmatch_lines(
        [
            "*migcheck_populate: <sqlalchemy.ext.asyncio*AsyncEngine*> is asynchronous. Valid: migcheck_db, *",
            "*migcheck_populate: 'persons' is not a table of this database. Valid: accounts, base, crm.marks, crm.notes, derived*",
            "*no rows in never: no value is known for code text that its type and CHECKs let in (give some:*",
        ]
    )


ROWS_OF_THEIR_OWN = {
    "conftest.py": """
        def pytest_migcheck_seed(revision, connection):
            if revision == "s2":
                connection.exec_driver_sql("INSERT INTO roles VALUES ('admin')")
        """,
    "sample/orders.csv": 'id,email,note\n1,a@b.c,"say ""x"""\n2,,\n3,d@e.f,""\nfour,,\n',
    "sample/order.csv": "id\n1\n",
    "sample/flags.csv": "name,colour\na,b\n",
}


def test_rows_of_the_users_own(project, migcheck) -> None:
    """A seed for a revision that presupposes rows, a sample, a table that is known to be empty."""
    for name, text in ROWS_OF_THEIR_OWN.items():
        project.write(name, text)
    project.sql("s1", "CREATE TABLE roles (name text PRIMARY KEY)", "DROP TABLE roles")
    project.revision(
        "s2", "assert op.get_bind().exec_driver_sql('SELECT count(*) FROM roles').scalar(), 'no roles'", "pass"
    )
    project.sql("s3", "CREATE TABLE orders (id int PRIMARY KEY, email text, note text)", "DROP TABLE orders")
    project.sql(
        "s4",
        "ALTER TABLE orders ADD CHECK (note IS DISTINCT FROM 'say \"x\"')",
        "ALTER TABLE orders DROP CONSTRAINT orders_note_check",
    )
    project.sql("s5", "CREATE TABLE flags (name text)", "DROP TABLE flags")
    project.sql("s6", "ALTER TABLE flags ALTER name SET NOT NULL", "ALTER TABLE flags ALTER name DROP NOT NULL")
    options = ("-o", "migcheck_sample=sample", "-o", "migcheck_empty_tables=flags", "-o", "migcheck_examples=3")
    result = migcheck("-v", "--migcheck-checks=stairway,data", *options)
    result.assert_outcomes(passed=11, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*MC401 upgrade-fails-on-rows: upgrading s4 fails when a row of orders violates orders_note_check*",
            "  rows    orders  {id: 0, email: NULL, note: 'say \"x\"'}",
            '  insert  INSERT INTO "public"."orders" ("id", "email", "note") VALUES (\'0\', NULL, \'say "x"\');',
            "  seed    --hypothesis-seed=*",
            "  again   pytest --migcheck*'migrations/versions/s4.py::data'",
            '  note: migcheck_sample: orders.csv:5: invalid input syntax for type integer: "four"; the row is left out',
            "  note: migcheck_sample: flags.csv: flags has no column colour, at s6 or before",
            "  note: migcheck_sample: order.csv is not used: there is no table order, at s6 or before",
        ]
    )


def test_a_column_gets_no_value_but_those_of_the_users_strategy(project, migcheck) -> None:
    project.write(
        "conftest.py",
        """
        from hypothesis import strategies as st

        def pytest_migcheck_strategy(table, column):
            return st.integers(5, 9).map(str) if (table, column) == ("orders", "amount") else None
        """,
    )
    project.sql("a1", "CREATE TABLE orders (id int PRIMARY KEY, amount numeric(10, 2) NOT NULL)", "DROP TABLE orders")
    project.sql("b2", "ALTER TABLE orders ADD cents int; UPDATE orders SET cents = amount * 100", "ALTER TABLE orders DROP cents")
    project.sql("c3", "ALTER TABLE orders ADD CHECK (amount < 5)", "ALTER TABLE orders DROP CONSTRAINT orders_amount_check")
    result = migcheck("--migcheck-checks=data", "-o", "migcheck_examples=3")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.re_match_lines([r"  rows    orders  \{id: \d+, amount: [5-9], cents: NULL\}"])


def test_a_dropped_column_is_a_warning(project, migcheck) -> None:
    project.sql("a1", "CREATE TABLE orders (id int PRIMARY KEY, note text)", "DROP TABLE orders")
    project.sql("b2", "ALTER TABLE orders DROP note", "ALTER TABLE orders ADD note text")
    project.sql(
        "c3", "CREATE TABLE t (a int); DROP TABLE orders", "CREATE TABLE orders (id int PRIMARY KEY, note text)"
    )
    project.write("pyproject.toml", "[tool.pytest.ini_options]\nmigcheck_ignore = ['MC1', 'MC2']\n")
    result = migcheck("-v", "--migcheck-checks=data", "--migcheck-report=json:r.json")
    result.assert_outcomes(passed=3)
    report = (project.path / "r.json").read_text()
    assert "downgrading b2 brings the column orders.note back empty" in report
    assert "downgrading c3 brings table orders back empty" in report


BAD_SAMPLES = [
    ("orders.csv", "id,note\n1,a\n2\n", "orders.csv:3:2: 1 fields, and the header names 2: id, note"),
    ("orders.csv", 'id,note\n1,"a\n', "orders.csv:2:3: a quote is opened and never closed"),
    ("orders.csv", 'id,note\n1,"a"b\n', "orders.csv:2:6: 'b' comes right after a closing quote"),
    ("orders.csv", "", "orders.csv:1:1: the file is empty"),
    ("orders.copy", "id\tnote\n1\ta\tb\n", "orders.copy:2:4: 3 fields, and the header names 2: id, note"),
    ("orders.txt", "", "has no file that is named after a table"),
]


@pytest.mark.parametrize(("name", "text", "message"), BAD_SAMPLES)
def test_a_bad_sample_is_told_with_its_place(tmp_path, name: str, text: str, message: str) -> None:
    from pytest_migcheck.core.outcome import MigcheckError
    from pytest_migcheck.populate.sample import Sample

    (tmp_path / name).write_text(text)
    with pytest.raises(MigcheckError) as raised:
        Sample(tmp_path)
    assert message in str(raised.value)


def test_a_sample_is_read_as_copy_writes_it(tmp_path) -> None:
    from pytest_migcheck.populate.sample import Sample

    (tmp_path / "a.csv").write_text(textwrap.dedent('x,y\n1,\n2,""\n"3 ""q""\nz",b\n'))
    (tmp_path / "b.copy").write_text("x\ty\n1\t\\N\n2\ta\\tb\\\\\n\\.\n")
    files = Sample(tmp_path)._files
    assert [row.values for row in files["a"]] == [
        {"x": "1", "y": None},
        {"x": "2", "y": ""},
        {"x": '3 "q"\nz', "y": "b"},
    ]
    assert [row.values for row in files["b"]] == [{"x": "1", "y": None}, {"x": "2", "y": "a\tb\\"}]
