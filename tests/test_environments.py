"""env.py as it is: every template and habit runs unmodified, and nothing that it names is contacted."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from history_project import Project

BODY = 'op.create_table("t", sa.Column("id", sa.Integer, primary_key=True))'
UNDO = 'op.drop_table("t")'

# An address of TEST-NET-1 (RFC 5737): a connection to it would hang or fail, never answer.
NOWHERE = "192.0.2.1"


def template(path: Path, name: str) -> Project:
    """A project as ``alembic init -t`` makes it, with two revisions."""
    subprocess.run(
        [sys.executable, "-m", "alembic", "init", "-t", name, "migrations"], cwd=path, check=True, capture_output=True
    )
    project = Project.__new__(Project)
    project.path, project.last = path, None
    return project


@pytest.mark.parametrize("name", ["generic", "async", "pyproject", "pyproject_async"])
def test_templates_of_alembic_run_unmodified(pytester: pytest.Pytester, migcheck, name: str) -> None:
    import alembic

    if not (Path(alembic.__file__).parent / "templates" / name).is_dir():
        pytest.skip(f"this Alembic has no template {name!r}")
    if name.startswith("pyproject"):
        pytester.path.joinpath("pyproject.toml").write_text('[project]\nname = "x"\nversion = "1"\n')
    project = template(pytester.path, name)
    project.revision("a1", BODY, UNDO)
    project.revision("b2", 'op.add_column("t", sa.Column("x", sa.Text))', 'op.drop_column("t", "x")')
    result = migcheck("-v")
    result.assert_outcomes(passed=9, skipped=1)
    result.stdout.fnmatch_lines(["*env.py::drift SKIPPED*"])


def test_multidb_template_walks_all_its_databases(pytester: pytest.Pytester, migcheck) -> None:
    project = template(pytester.path, "multidb")
    project.write(
        "migrations/versions/a1.py",
        """
        import sqlalchemy as sa
        from alembic import op
        revision = "a1"
        down_revision = None

        def upgrade(engine_name):
            op.create_table("t_" + engine_name, sa.Column("id", sa.Integer))

        def downgrade(engine_name):
            if engine_name == "engine1":
                op.drop_table("t_engine1")
        """,
    )
    result = migcheck("-v", "--migcheck-checks=stairway")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["MC001 downgrade-incomplete: downgrading a1 leaves table *t_engine2 behind"])


def test_the_statements_of_all_databases_are_judged(project: Project, migcheck) -> None:
    project.write(
        "migrations/env.py",
        """
        import sqlalchemy as sa
        from alembic import context
        for name in ("one", "two"):
            with sa.create_engine(f"postgresql+psycopg://u:p@192.0.2.1/{name}").connect() as connection:
                context.configure(connection=connection, target_metadata=None)
                with context.begin_transaction():
                    context.run_migrations()
        """,
    )
    project.revision("a1", BODY, UNDO)
    only_one = 'if op.get_bind().engine.url.database == "one":\n    '
    project.revision("b2", f'{only_one}op.create_index("ix", "t", ["id"])', f'{only_one}op.drop_index("ix", "t")')
    result = migcheck("--migcheck-checks=locks")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["MC101 create-index-not-concurrent: *"])


def test_multidb_template_compares_the_models_of_each_database(pytester: pytest.Pytester, migcheck) -> None:
    project = template(pytester.path, "multidb")
    project.write(
        "models.py",
        """
        import sqlalchemy as sa
        one, two = sa.MetaData(), sa.MetaData()
        sa.Table("t", one, sa.Column("id", sa.Integer, primary_key=True))
        sa.Table("t", two, sa.Column("id", sa.Integer, primary_key=True), sa.Column("x", sa.Text, server_default="a"))
        """,
    )
    env = project.path / "migrations/env.py"
    models = 'import sys\nsys.path.insert(0, ".")\nimport models\ntarget_metadata = {"engine1": models.one, "engine2": models.two}'
    env.write_text(env.read_text().replace("target_metadata = {}", models))
    revision = """
        import sqlalchemy as sa
        from alembic import op
        revision = "a1"
        down_revision = None

        def upgrade(engine_name):
            op.create_table("t", sa.Column("id", sa.Integer, primary_key=True))
            if engine_name == "engine2":
                op.add_column("t", sa.Column("x", sa.Text, server_default={default}))

        def downgrade(engine_name):
            op.drop_table("t")
        """
    project.write("migrations/versions/a1.py", revision.format(default='"a"'))
    migcheck("--migcheck-checks=stairway,drift").assert_outcomes(passed=2)
    project.write("migrations/versions/a1.py", revision.format(default='"b"'))
    result = migcheck("--migcheck-checks=drift")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["MC301 drift: column dbname2:public.t.x: default *"])


LOOP = """
import models, sqlalchemy as sa
from alembic import context
with sa.create_engine("postgresql+psycopg://u:p@192.0.2.1/prod").connect() as connection:
    for name, metadata in models.passes:
        context.configure(connection=connection, target_metadata=metadata, version_table=name)
        with context.begin_transaction():
            context.run_migrations()
"""


@pytest.mark.parametrize(
    ("passes", "drift"),
    [("('v1', one), ('v2', one)", "SKIPPED *env.py*several passes*"), ("('v1', one), ('v2', two)", "*::drift PASSED*")],
)
def test_one_database_in_several_passes(project: Project, migcheck, passes: str, drift: str) -> None:
    project.write(
        "models.py",
        f"""
        import sqlalchemy as sa
        one, two = sa.MetaData(), sa.MetaData()
        sa.Table("t", one, sa.Column("id", sa.Integer, primary_key=True))
        sa.Table("u", two, sa.Column("id", sa.Integer, primary_key=True))
        passes = [{passes}]
        """,
    )
    project.write("migrations/env.py", LOOP)
    names = "t", "u"
    project.revision(
        "a1",
        "\n".join(f'op.execute("CREATE TABLE IF NOT EXISTS {n} (id serial PRIMARY KEY)")' for n in names),
        "\n".join(f'op.execute("DROP TABLE IF EXISTS {n}")' for n in names),
    )
    result = migcheck("-v", "-rs", "--migcheck-checks=drift")
    result.stdout.fnmatch_lines([drift])


ENV_TAIL = """
from alembic import context
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=None)
    with context.begin_transaction():
        context.run_migrations()
"""


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql+psycopg2://me:pa%40ss@{NOWHERE}:5432/prod?sslmode=require",
        f"postgresql://me:secret@{NOWHERE}/prod",
        f"postgresql+psycopg://me:secret@{NOWHERE}/prod",
    ],
)
def test_the_url_of_the_environment_is_never_contacted(
    project: Project, migcheck, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    project.write(
        "migrations/env.py",
        "import os\nimport sqlalchemy as sa\nengine = sa.create_engine(os.environ['DATABASE_URL'])\n" + ENV_TAIL,
    )
    project.revision("a1", BODY, UNDO)
    result = migcheck()
    result.assert_outcomes(passed=6, skipped=1)
    assert "secret" not in result.stdout.str()


def test_asyncpg_and_a_settings_object(project: Project, migcheck) -> None:
    project.write(
        "settings.py",
        f"class Settings:\n    url = 'postgresql+asyncpg://me:secret@{NOWHERE}/prod'\nsettings = Settings()\n",
    )
    project.write(
        "migrations/env.py",
        """
        import asyncio
        from alembic import context
        from settings import settings
        from sqlalchemy.ext.asyncio import create_async_engine

        engine = create_async_engine(settings.url)

        def run(connection):
            context.configure(connection=connection, target_metadata=None)
            with context.begin_transaction():
                context.run_migrations()

        async def main():
            async with engine.connect() as connection:
                await connection.run_sync(run)
            await engine.dispose()

        asyncio.run(main())
        """,
    )
    project.revision("a1", BODY, UNDO)
    project.revision("b2", 'op.create_index("ix", "t", ["id"])', 'op.drop_index("ix")')
    result = migcheck("-v")
    result.assert_outcomes(passed=8, failed=1, skipped=1)
    result.stdout.fnmatch_lines(["MC101 create-index-not-concurrent: *"])


def test_an_engine_that_the_application_made_at_import(project: Project, migcheck) -> None:
    project.write(
        "db.py", f"import sqlalchemy as sa\nengine = sa.create_engine('postgresql+psycopg://u:p@{NOWHERE}/prod')\n"
    )
    project.write("migrations/env.py", "from db import engine\n" + ENV_TAIL)
    project.revision("a1", BODY, UNDO)
    migcheck().assert_outcomes(passed=6, skipped=1)


def test_a_flask_application_through_the_hook(project: Project, migcheck) -> None:
    pytest.importorskip("flask")
    project.write(
        "webapp.py",
        f"""
        import flask
        def create_app():
            app = flask.Flask("webapp")
            app.config["DB"] = "postgresql+psycopg://u:p@{NOWHERE}/prod"
            return app
        """,
    )
    project.write(
        "migrations/env.py",
        "import flask, sqlalchemy as sa\nengine = sa.create_engine(flask.current_app.config['DB'])\n" + ENV_TAIL,
    )
    project.write(
        "conftest.py",
        """
        import pathlib, sys
        sys.path.insert(0, str(pathlib.Path(__file__).parent))

        def pytest_migcheck_environment(history):
            from webapp import create_app
            return create_app().app_context()
        """,
    )
    project.revision("a1", BODY, UNDO)
    migcheck().assert_outcomes(passed=6, skipped=1)


def test_alembic_ini_in_a_subfolder(pytester: pytest.Pytester, migcheck) -> None:
    project = Project(pytester.path / "backend")
    project.write("alembic.ini", "[alembic]\nscript_location = migrations\nsqlalchemy.url = driver://\n")
    project.revision("a1", BODY, UNDO)
    result = migcheck("-v")
    result.assert_outcomes(passed=6, skipped=1)
    result.stdout.fnmatch_lines(["backend/migrations/versions/a1.py::stairway PASSED*"])


def test_a_branch_a_merge_and_a_dependency(project: Project, migcheck) -> None:
    project.revision("a1", BODY, UNDO)
    for branch in ("b", "c"):
        table = f'"t_{branch}"'
        project.revision(
            f"{branch}1",
            f'op.create_table({table}, sa.Column("id", sa.Integer))',
            f"op.drop_table({table})",
            parents="a1",
            extra="depends_on = 'b1'" if branch == "c" else "",
        )
    project.revision("m1", "pass", parents=("b1", "c1"))
    project.revision("d1", 'op.add_column("t_b", sa.Column("x", sa.Text))', "pass")
    result = migcheck("-v", "--migcheck-checks=heads,stairway,upgrade,roundtrip")
    result.assert_outcomes(passed=7, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*versions/a1.py::stairway PASSED*",
            "*versions/m1.py::stairway PASSED*",
            "*versions/d1.py::stairway FAILED*",
        ]
    )


def test_version_table_schema_file_template_and_locations(project: Project, migcheck) -> None:
    project.write(
        "alembic.ini",
        """
        [alembic]
        script_location = %(here)s/migrations
        version_locations = %(here)s/one %(here)s/two
        version_path_separator = space
        sqlalchemy.url = driver://
        """,
    )
    project.env(configure=", version_table='steps', version_table_schema='public'")
    project.revision(
        "001.first odd", BODY, UNDO, folder="one", name="2024_01_first.py", extra="branch_labels = ('main',)"
    )
    project.revision(
        "b2",
        'op.create_table("u", sa.Column("id", sa.Integer))',
        'op.drop_table("u")',
        parents=None,
        folder="two",
        extra="branch_labels = ('other',)",
    )
    result = migcheck("-v", "--migcheck-checks=heads,stairway,upgrade,roundtrip")
    result.assert_outcomes(passed=5)


def test_loggers_stay_as_they_are(project: Project, migcheck) -> None:
    env = (project.path / "migrations/env.py").read_text()
    project.write("migrations/env.py", "import logging.config\nlogging.config.dictConfig({'version': 1})\n" + env)
    project.revision("a1", BODY, UNDO)
    project.write(
        "test_log.py",
        """
        import logging
        def test_caplog(caplog):
            logging.getLogger("app").warning("seen")
            assert caplog.messages == ["seen"]
        """,
    )
    migcheck("--migcheck-checks=stairway").assert_outcomes(passed=2)


def test_verdicts_do_not_depend_on_order(project: Project, migcheck) -> None:
    project.revision("a1", BODY, UNDO)
    project.revision("b2", 'op.create_index("ix", "t", ["id"])', 'op.drop_index("ix")')
    project.revision("c3", 'op.add_column("t", sa.Column("x", sa.Text))', "pass")
    project.revision("d4", "op.execute('SELECT 1/0')")
    project.revision("e5", "pass")

    def verdicts(*args: str) -> dict[str, str]:
        migcheck("--migcheck-report=json:r.json", *args)
        report = json.loads((project.path / "r.json").read_text())
        return {c["node"]: c["outcome"] for c in report["checks"]}

    everything = verdicts()
    assert everything["migrations/versions/b2.py::locks"] == "failed"
    assert everything["migrations/versions/e5.py::stairway"] == "skipped"
    shutil.rmtree(project.path / "__pycache__", ignore_errors=True)
    alone = ("versions/b2.py::locks", "versions/d4.py::stairway", "versions/e5.py::stairway", "env.py::roundtrip")
    for node in (f"migrations/{name}" for name in alone):
        assert verdicts(node) == {node: everything[node]}


def service(root: Path, name: str, table: str) -> Project:
    """A service of its own, with an alembic.ini and a module called models."""
    project = Project(root / name)
    project.write("alembic.ini", "[alembic]\nscript_location = %(here)s/migrations\nprepend_sys_path = .\nsqlalchemy.url = driver://\n")
    project.env(models=f'sa.Table("{table}", metadata, sa.Column("id", sa.Integer, primary_key=True))\nname = "{table}"')
    make = 'from models import name\nop.create_table(name, sa.Column("id", sa.Integer, primary_key=True))'
    project.revision("a1", make, f'import models\nop.drop_table("{table}")', extra="import models")
    project.revision("b2", "pass")
    return project


def test_two_histories_with_modules_of_one_name(pytester: pytest.Pytester, migcheck) -> None:
    service(pytester.path, "billing", "bills")
    service(pytester.path, "users", "people")
    result = migcheck("-v")
    result.assert_outcomes(passed=20)
    result = migcheck("-v", "--migcheck-checks=stairway", "users/migrations/versions", "billing/migrations/versions")
    result.assert_outcomes(passed=4)


def test_runs_of_two_histories_leave_the_process_as_it_was(pytester: pytest.Pytester, migcheck) -> None:
    one, _ = service(pytester.path, "billing", "bills"), service(pytester.path, "users", "people")
    one.path = pytester.path
    one.write(
        "z_last/test_mine.py",
        """
        import logging.config, os, sys
        def test_mine():
            assert logging.config.fileConfig.__name__ == "fileConfig"
            assert "PGHOST" not in os.environ
        """,
    )
    migcheck("--migcheck-checks=stairway", "-p", "no:randomly").assert_outcomes(passed=5)


def test_flask_is_told_how_to_enter_its_context(project: Project, migcheck) -> None:
    pytest.importorskip("flask")
    project.write("migrations/env.py", "import flask\nprint(flask.current_app.config)\n")
    project.revision("a1", BODY, UNDO)
    result = migcheck("--migcheck-checks=stairway")
    result.stdout.fnmatch_lines(["what to do: enter the application's context*", "*def pytest_migcheck_environment(history):"])


def test_a_connection_that_env_py_never_closes_disturbs_no_later_step(project: Project, migcheck) -> None:
    env = (project.path / "migrations/env.py").read_text(encoding="utf-8")
    opened = "    with connectable.connect() as connection:\n"
    assert opened in env
    left = "    connection = connectable.connect()\n    cycle = [connection]\n    cycle.append(cycle)\n    if True:\n"
    project.write("migrations/env.py", env.replace(opened, left))
    project.revision("a1", BODY, UNDO)
    project.revision("b2", 'op.add_column("t", sa.Column("x", sa.Text))', "raise NotImplementedError")
    project.revision("c3", "op.execute('SELECT 1 / 0')")
    project.revision("d4", 'op.add_column("t", sa.Column("y", sa.Text))')
    strict = ("-W", "error::ResourceWarning", "-W", "error::pytest.PytestUnraisableExceptionWarning")
    result = migcheck("--migcheck-checks=stairway", *strict)
    result.assert_outcomes(passed=1, failed=1, skipped=2)
    assert "Warning" not in result.stdout.str()
