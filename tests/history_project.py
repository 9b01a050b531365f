"""A project with an Alembic history, written on the spot."""

from __future__ import annotations

import textwrap
from pathlib import Path

ENV_PY = """
from alembic import context
from sqlalchemy import engine_from_config, pool

config = context.config
{metadata}

def run_migrations_online():
    connectable = engine_from_config(
        config.get_section(config.config_ini_section, {{}}), prefix="sqlalchemy.", poolclass=pool.NullPool
    )
    with connectable.connect() as connection:
        context.configure(connection=connection, target_metadata=target_metadata{configure})
        with context.begin_transaction():
            context.run_migrations()

run_migrations_online()
"""

INI = """[alembic]
script_location = %(here)s/migrations
prepend_sys_path = .
path_separator = os
sqlalchemy.url = driver://user:pass@localhost/dbname
"""


class Project:
    """A project with an Alembic history in the directory of a test."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.last: str | None = None
        self.write("alembic.ini", INI)
        self.env()

    def write(self, name: str, text: str) -> Path:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8")
        return path

    def env(self, *, models: str | None = None, configure: str = "") -> None:
        """The default env.py; ``models`` is the source of a module with ``metadata``."""
        metadata = "target_metadata = None" if models is None else "from models import metadata as target_metadata"
        if models is not None:
            self.write("models.py", "import sqlalchemy as sa\nmetadata = sa.MetaData()\n" + textwrap.dedent(models))
        self.write("migrations/env.py", ENV_PY.format(metadata=metadata, configure=configure))

    def revision(
        self,
        id_: str,
        upgrade: str,
        downgrade: str = "pass",
        *,
        parents: str | tuple[str, ...] | None = "last",
        message: str = "a change",
        extra: str = "",
        name: str | None = None,
        folder: str = "migrations/versions",
    ) -> Path:
        """Write a revision that follows the one written before it; bodies are Python code."""
        down = self.last if parents == "last" else parents
        self.last = id_
        body = (
            f'"""{message}"""\n\nimport sqlalchemy as sa\nfrom alembic import op\n\n'
            f"revision = {id_!r}\ndown_revision = {down!r}\n{extra}\n\n"
            f"def upgrade():\n{_indented(upgrade)}\n\n\ndef downgrade():\n{_indented(downgrade)}\n"
        )
        return self.write(f"{folder}/{name or id_ + '.py'}", body)

    def sql(self, id_: str, upgrade: str, downgrade: str = "", **extra: object) -> Path:
        """Write a revision whose bodies are SQL."""
        down = f"op.execute({downgrade!r})" if downgrade else "pass"
        return self.revision(id_, f"op.execute({upgrade!r})", down, **extra)  # type: ignore[arg-type]


def _indented(code: str) -> str:
    return textwrap.indent(textwrap.dedent(code).strip(), "    ")
