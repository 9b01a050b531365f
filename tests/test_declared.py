"""What migrations must give may be declared elsewhere: metadata by name, by a hook, or DDL."""

from __future__ import annotations

import sys
from fnmatch import fnmatchcase as fnmatch
from pathlib import Path

import pytest
import sqlalchemy as sa

from history_project import Project
from pytest_migcheck.core.catalog import ObjectKey
from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.history.alembic.metadata import all_named, hooked_metadata, named_metadata
from pytest_migcheck.history.ddl import DdlSource
from pytest_migcheck.history.ddl_places import DdlPlaces
from pytest_migcheck.history.declared_setting import declared_ddl, declared_lines

DUMP = r"""
\restrict abc
SET statement_timeout = 0;
SET a_setting_of_a_later_server = 0;
SELECT pg_catalog.set_config('search_path', '', false);
CREATE SCHEMA public;
ALTER SCHEMA public OWNER TO somebody;
\connect production
CREATE SCHEMA app;
CREATE TABLE app.t (id integer NOT NULL, note text);
ALTER TABLE app.t OWNER TO somebody;
CREATE TABLE public.alembic_version (version_num character varying(32) NOT NULL);
COPY public.alembic_version (version_num) FROM stdin;
a1
\.
ALTER TABLE ONLY app.t ADD CONSTRAINT t_pkey PRIMARY KEY (id);
GRANT SELECT ON TABLE app.t TO somebody;
\unrestrict abc
"""
TABLE = "CREATE SCHEMA app; CREATE TABLE app.t (id serial PRIMARY KEY, note text)"
SAME = f"{TABLE}; ALTER TABLE app.t ALTER id DROP DEFAULT; DROP SEQUENCE app.t_id_seq"


def test_a_dump_declares_every_kind_whatever_env_py_says(project: Project, migcheck) -> None:
    project.env(models='sa.Table("other", metadata, sa.Column("id", sa.Integer))')
    project.write("schema.sql", DUMP)
    project.sql("a1", f"{SAME}; CREATE VIEW app.v AS SELECT 1 AS a", "DROP SCHEMA app CASCADE")
    project.write("pytest.ini", "[pytest]\nmigcheck_declared = schema.sql\n")
    result = migcheck("--migcheck-checks=drift")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["MC301 drift: view app.v: *"])
    result.stdout.no_fnmatch_line("*alembic_version*")

    command = f"cat schema.sql; {sys.executable} -c \"print('CREATE VIEW app.v AS SELECT 1 AS a;')\""
    project.write("pytest.ini", f"[pytest]\nmigcheck_declared = {command}\n")
    migcheck("--migcheck-checks=drift").assert_outcomes(passed=1)


def test_a_ddl_file_is_utf_8_or_what_powershell_writes(tmp_path: Path) -> None:
    path = tmp_path / "schema.sql"
    source = DdlSource(value="schema.sql", root=tmp_path)
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        path.write_text("-- größer", encoding=encoding)
        assert source.read() == "-- größer"
    path.write_text("\n-- größer", encoding="latin-1")
    with pytest.raises(MigcheckError, match=r"'schema.sql' is not UTF-8: byte 0xF6 in line 2"):
        source.read()


def test_an_object_is_found_in_the_line_of_a_ddl_file_that_makes_it(tmp_path: Path) -> None:
    text = (
        "CREATE TYPE mood AS ENUM ('a');\nCREATE TABLE IF NOT EXISTS app.\"T\" (\n  id int,\n"
        '  "note" text, other int\n);\nALTER TABLE ONLY app."T"\n    ADD CONSTRAINT k PRIMARY KEY (id);\n'
        'CREATE INDEX i ON app."T" (id);\nCREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS $$SELECT 1$$;\n'
    )
    (tmp_path / "s.sql").write_text(text)
    places = DdlPlaces(tmp_path, DdlSource(value="s.sql", root=tmp_path).statements())

    def line(kind: str, schema: str, parent: str, name: str) -> int | None:
        found = places.locate(ObjectKey(kind, schema, parent, name))
        return found[1] if found else None

    assert line("type", "public", "", "mood") == 1
    assert line("table", "app", "", "T") == 2
    assert [line("column", "app", "T", name) for name in ("id", "note", "other", "unknown")] == [3, 4, 4, 2]
    assert [line(kind, "app", "T", name) for kind, name in (("constraint", "k"), ("index", "i"))] == [7, 8]
    assert line("function", "public", "", "f(a integer)") == 9
    assert line("table", "public", "", "T") is None


def test_ddl_that_the_server_refuses_names_its_line(project: Project, migcheck) -> None:
    project.sql("a1", "CREATE TABLE t (id int)", "DROP TABLE t")
    project.write("schema.sql", "CREATE TABLE t (id int);\n\nCREATE TABLE u (id int REFERENCES nothing);\n")
    project.write("pytest.ini", "[pytest]\nmigcheck_declared = schema.sql\n")
    result = migcheck("--migcheck-checks=drift")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ['MC301 drift: the declared schema cannot be created in an empty database: *"nothing" does not exist (schema.sql:3)']
    )
    project.write("pytest.ini", "[pytest]\nmigcheck_declared = ls -l nothing.here\n")
    migcheck("--migcheck-checks=drift").stdout.fnmatch_lines(["*migcheck_declared: *ends with status*", "*nothing.here*"])


def test_the_hook_and_the_setting_take_the_place_of_env_py(project: Project, migcheck) -> None:
    project.sql("a1", "CREATE TABLE t (id int)", "DROP TABLE t")
    table = 'import sqlalchemy as sa\nmetadata = sa.MetaData()\nsa.Table("t", metadata, sa.Column("id", sa.Integer))\n'
    project.write("app/models.py", table)
    project.write("app/__init__.py", "")
    project.write("pytest.ini", "[pytest]\nmigcheck_metadata = app.models:metadata\n")
    migcheck("--migcheck-checks=drift").assert_outcomes(passed=1)
    project.write(
        "conftest.py",
        """
        def pytest_migcheck_metadata(history):
            assert history == "alembic.ini"
            return ["app.other:metadata"]
        """,
    )
    project.write("app/other.py", table.replace('"t"', '"u"'))
    result = migcheck("--migcheck-checks=drift")
    result.stdout.fnmatch_lines(["MC301 drift: table public.t: *", "MC301 drift: table public.u: *"])
    project.write("app/other.py", "import nothing_of_that_name\n")
    migcheck("--migcheck-checks=drift").stdout.fnmatch_lines(
        ["*pytest_migcheck_metadata: 'app.other:metadata': importing app.other fails: No module named 'nothing_of*"]
    )


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "'' names no module"),
        (":Base", "':Base' names no module"),
        ("app/models.py", "names no module"),
        ("named_models.Base.metadata", "no module 'named_models.Base' (*). Did you mean 'named_models:Base.metadata'?"),
        ("named_models:own,", "several are separated by blanks or lines: named_models:own"),
        ("named_models:own,b:n", "several are separated by blanks or lines: named_models:own b:n"),
        ("no_such_package.models:Base", "there is no module 'no_such_package'"),
        ("json.nothing:x", "there is no module 'json.nothing'"),
        ("named_models:Bsae.metadata", "named_models has no 'Bsae'. Did you mean 'Base'?"),
        ("named_models:zzz", "has no 'zzz'. It has metadata in: Base.metadata, own"),
        ("named_models:number", "'named_models:number' is a int, not a MetaData"),
        ("named_broken:x", "importing named_broken fails: RuntimeError: no"),
    ],
)
def test_a_wrong_name_of_metadata_is_explained(
    name: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "import sqlalchemy.orm as o, sqlalchemy as s\nown = s.MetaData()\nnumber = 3\nBase = o.declarative_base()\n"
    (tmp_path / "named_models.py").write_text(text)
    (tmp_path / "named_broken.py").write_text("raise RuntimeError('no')\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "named_models", raising=False)
    with pytest.raises(MigcheckError, match=r"(?s)x: .*\nvalid: module:attribute") as raised:
        named_metadata(name, "x")
    assert fnmatch(str(raised.value), f"*{words.replace('[', '[[]').replace('?', '[?]')}*")
    base = named_metadata("named_models:Base", "x")
    assert all_named(["named_models:Base", "named_models:Base.metadata"], "x") == [base]
    assert hooked_metadata([base, "named_models:Base"], "x") == [base, base]
    assert isinstance(base, sa.MetaData)


def test_a_wrong_place_of_ddl_is_explained(tmp_path: Path) -> None:
    (tmp_path / "db").mkdir()
    (tmp_path / "db" / "schema.sql").touch()
    with pytest.raises(MigcheckError, match=r"neither a file .*Did you mean 'db/schema.sql'\?"):
        declared_ddl("x", "db/shema.sql", tmp_path, ())
    with pytest.raises(MigcheckError, match="no program 'no-such-program'"):
        declared_ddl("x", "A=b no-such-program --all", tmp_path, ())
    with pytest.raises(MigcheckError, match="both say what is declared"):
        declared_ddl("x", "db/schema.sql", tmp_path, ("a:b",))
    assert declared_ddl("x", "A=1 ls db", tmp_path, ()) == "A=1 ls db"
    quoted = '"db/schema.sql"'
    assert dict(declared_lines(f"{quoted}\n a: '{quoted}'\nb: {quoted}", tmp_path)) == {
        "": "db/schema.sql", "a": f"'{quoted}'", "b": "db/schema.sql"
    }  # fmt: skip
    with pytest.raises(MigcheckError, match=r"'db/schema.sql' and 'ls db' are both declared for every history"):
        declared_ddl("x", "db/schema.sql\nls db", tmp_path, ())
    with pytest.raises(MigcheckError, match=r"'db/schema.sql' and 'ls db' are both declared for 'a'"):
        declared_ddl("x", "a: db/schema.sql\nb: ls\na: ls db", tmp_path, ())


def test_a_line_for_all_that_is_for_none_is_refused(project: Project, migcheck) -> None:
    project.sql("a1", "CREATE TABLE t (id int)", "DROP TABLE t")
    project.write("my schema.sql", "CREATE TABLE t (id int);\n")
    project.write("pytest.ini", '[pytest]\nmigcheck_declared = "my schema.sql"\n')
    migcheck("--migcheck-checks=drift").assert_outcomes(passed=1)
    project.write("pytest.ini", '[pytest]\nmigcheck_declared =\n    "my schema.sql"\n    alembic.ini: ls\n')
    result = migcheck("--migcheck-checks=drift")
    (result.stdout if "is for no history" in result.stdout.str() else result.stderr).fnmatch_lines(
        ["*migcheck_declared: 'my schema.sql' is for no history: each has its own, 'alembic.ini: ls'*"]
    )


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"pytest.ini": "[pytest]\nmigcheck_metadata = other:empty\n"}, "migcheck_metadata: 'other:empty' holds no table"),
        ({"pytest.ini": "[pytest]\nmigcheck_metadata = leaves:m\n"}, "*'leaves:m': importing leaves fails: SystemExit: 3"),
        ({"conftest.py": "return []"}, "pytest_migcheck_metadata: it returned [[]], which names no metadata"),
        ({"conftest.py": "import other; return other.empty"}, "pytest_migcheck_metadata: MetaData() holds no table"),
        ({"conftest.py": "import pathlib; return pathlib.Path('no.sql')"}, "*_metadata: there is no file 'no.sql' (*"),
        ({"conftest.py": "raise ValueError('x')"}, "pytest_migcheck_metadata: the hook raises, so *"),
        ({"conftest.py": "import leaves"}, "pytest_migcheck_metadata: the hook raises, so *"),
    ],
)
def test_models_that_are_named_and_are_none_stop_the_check(
    files: dict[str, str], told: str, project: Project, migcheck
) -> None:
    project.env(models='sa.Table("t", metadata, sa.Column("id", sa.Integer))')
    project.sql("a1", "CREATE TABLE t (id int)", "DROP TABLE t")
    project.write("other.py", "import sqlalchemy as sa\nempty = sa.MetaData()\n")
    project.write("leaves.py", "import sys\nsys.exit(3)\n")
    for name, text in files.items():
        hook = f"import sys; sys.path.insert(0, '.')\ndef pytest_migcheck_metadata(history):\n    {text}\n"
        project.write(name, hook if name == "conftest.py" else text)
    result = migcheck("--migcheck-checks=drift")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([told])
    assert "src/pytest_migcheck" not in result.stdout.str()
    if "raises" in told:
        result.stdout.fnmatch_lines(['  File "*conftest.py", line 3, in pytest_migcheck_metadata'])
