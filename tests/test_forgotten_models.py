"""Models that env.py does not import are named, and only those."""

from __future__ import annotations

import pytest

from history_project import ENV_PY, Project

MODEL = """
from app.db import Base
import sqlalchemy as sa
from sqlalchemy.orm import mapped_column

class {name}(Base):
    __tablename__ = "{table}"
    {more}
    id = mapped_column(sa.Integer, primary_key=True)
"""


def model(table: str, more: str = "") -> str:
    return MODEL.format(name=table.title().replace("_", ""), table=table, more=more)


@pytest.fixture
def app(project: Project) -> Project:
    """``app.user`` and ``app.order`` of ``app.db``, whose tables are migrated; env.py imports none of them."""
    project.write("app/__init__.py", "")
    project.write("app/db.py", "from sqlalchemy.orm import DeclarativeBase\nclass Base(DeclarativeBase):\n    pass\n")
    project.write("app/user.py", model("users"))
    project.write("app/order.py", model("orders"))
    project.sql("a1", "CREATE TABLE users (id serial PRIMARY KEY); CREATE TABLE orders (id serial PRIMARY KEY)")
    imports(project)
    return project


def imports(project: Project, *modules: str, configure: str = "") -> None:
    lines = [*(f"import {module}" for module in modules), "from app.db import Base", "target_metadata = Base.metadata"]
    project.write("migrations/env.py", ENV_PY.format(metadata="\n".join(lines), configure=configure))


def test_where_env_py_imports_no_model_all_are_named(app: Project, migcheck) -> None:
    result = migcheck("--migcheck-checks=drift")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines_random(
        [
            "MC301 drift: table public.users: only in the migrations",
            "  models  app/user.py:5 declares it, and env.py does not import app.user",
            "  models  app/order.py:5 declares it, and env.py does not import app.order",
        ]
    )
    result.stdout.no_fnmatch_line("*drop_table*")
    (app.path / "app/user.py").unlink()
    (app.path / "app/order.py").unlink()
    result = migcheck("--migcheck-checks=drift", "-rs")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["*no models declared: target_metadata holds no table*"])


@pytest.fixture
def imported(app: Project) -> Project:
    """The same, and env.py imports both."""
    imports(app, "app.user", "app.order")
    return app


def test_what_is_no_table_of_the_models_is_not_forgotten(imported: Project, migcheck) -> None:
    imports(imported, "app.user", "app.order", configure=', include_object=lambda o, n, t, r, c: n != "hidden"')
    imported.write("app/abstract.py", model("abstract", "__abstract__ = True"))
    imported.write("app/hidden.py", model("hidden"))
    # Names alone say nothing: these are declared on metadata of their own, or in tests.
    own = "import sqlalchemy as sa\nfrom sqlalchemy.orm import DeclarativeBase\nclass Base(DeclarativeBase):\n    pass\n"
    imported.write("other/__init__.py", "")
    imported.write("other/models.py", f'{own}class X(Base):\n    __tablename__ = "x"\n    id = sa.Column(sa.Integer)\n')
    imported.write("app/tables.py", 'import sqlalchemy as sa\nmetadata = sa.MetaData()\nsa.Table("y", metadata)\n')
    imported.write("app/copied.py", 'import sqlalchemy as sa\nsa.Table("w", sa.MetaData())\n')
    imported.write("tests/__init__.py", "")
    imported.write("tests/test_a.py", "from app.db import Base\ndef test_a():\n    pass\n")
    imported.write("tests/cases.py", model("z"))
    result = migcheck("--migcheck-checks=drift")
    result.assert_outcomes(passed=2)
    result.stdout.no_fnmatch_line("MC301*")


def test_every_way_to_declare_a_table_is_seen(imported: Project, migcheck) -> None:
    imported.write("app/other.py", model("users", '__table_args__ = ({"schema": "s"},)'))
    imported.write(
        "app/core.py",
        """
        import sqlalchemy as sa
        from app import db
        from app.db import Base
        a = sa.Table("a", Base.metadata, sa.Column("id", sa.Integer, primary_key=True))
        b = sa.Table("b", db.Base.metadata, sa.Column("id", sa.Integer, primary_key=True), schema="s")
        """,
    )
    imported.write("src/shop/__init__.py", "")
    imported.write("src/shop/ships.py", model("ships"))
    imported.sql("b2", "CREATE SCHEMA s; CREATE TABLE s.users (id serial); CREATE TABLE a (id serial)")
    imports(imported, "app.user", "app.order", configure=", include_schemas=True")
    result = migcheck("--migcheck-checks=drift")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines_random(
        [
            "MC301 drift: table s.users: only in the migrations",
            "  models  app/other.py:5 declares it, and env.py does not import app.other",
            "MC301 drift: table public.a: only in the migrations",
            "  models  app/core.py:4 declares it, and env.py does not import app.core",
            "MC301 drift: table s.b: app.core declares it, and env.py does not import that module",
            "MC301 drift: table ships: shop.ships declares it, and env.py does not import that module",
            "  fix     import shop.ships  # in env.py, above target_metadata",
        ]
    )


def test_tables_of_tests_do_not_belong_to_the_models(imported: Project, migcheck) -> None:
    hook = "def pytest_migcheck_prepare(history):\n    return None\n"
    imported.write("conftest.py", f"{model('fixture_table')}{hook}")
    single = "class OnlyHere(Dummy):\n    pass\nfrom app.user import Users\nclass Special(Users):\n    pass\n"
    imported.write("tests/test_x.py", f"{model('dummy')}{single}def test_a():\n    pass\n")
    imported.write("tests/pieces_test.py", model("piece"))
    result = migcheck("--migcheck-checks=drift")
    result.assert_outcomes(passed=2)
    # Test modules are not loaded where env.py runs; the conftest is, for its hook.
    result.stdout.fnmatch_lines(
        ["*note: *not compared, because tests declare them on the models' metadata: fixture_table (conftest.py)*"]
    )
    assert "dummy" not in result.stdout.str()


def test_models_whose_package_is_named_like_tests_are_models(imported: Project, migcheck) -> None:
    imported.write("tests_of_blood/__init__.py", "")
    imported.write("tests_of_blood/models.py", model("samples"))
    imports(imported, "app.user", "app.order", "tests_of_blood.models")
    imported.write("tests_of_blood/test_them.py", "import tests_of_blood.models\ndef test_a():\n    pass\n")
    result = migcheck("--migcheck-checks=drift")
    result.stdout.fnmatch_lines(["MC301 drift: table public.samples: only in the models"])


def test_models_that_are_all_in_a_test_module_are_the_models(project: Project, migcheck) -> None:
    project.write(
        "conftest.py",
        """
        from sqlalchemy.orm import DeclarativeBase, mapped_column
        import sqlalchemy as sa
        class Base(DeclarativeBase):
            pass
        class T(Base):
            __tablename__ = "t"
            id = mapped_column(sa.Integer, primary_key=True)
        """,
    )
    project.write(
        "migrations/env.py", ENV_PY.format(metadata="import conftest\ntarget_metadata = conftest.Base.metadata", configure="")
    )
    project.sql("a1", "SELECT 1")
    migcheck("--migcheck-checks=drift").stdout.fnmatch_lines(["MC301 drift: table public.t: only in the models"])
