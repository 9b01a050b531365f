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
