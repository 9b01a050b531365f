"""In which schemas env.py's connection finds and makes what is named without one."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa

from pytest_migcheck.core.quoting import name_parts

PUBLIC = "public"

_SEEN = sa.text(
    "SELECT pg_catalog.current_setting('search_path'), pg_catalog.current_schema(), (SELECT n.nspname::text "
    "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    "WHERE c.oid = pg_catalog.to_regclass(pg_catalog.quote_ident(:version_table)))"
)


@dataclass(frozen=True, slots=True)
class SchemaView:
    """How a connection resolves names.

    ``search_path`` is the setting, "" where it was not seen; ``default`` is where an unqualified CREATE goes;
    ``version_schema`` where the version table is found; ``translated`` is SQLAlchemy's ``schema_translate_map``.
    """

    search_path: str = ""
    default: str = PUBLIC
    version_schema: str = PUBLIC
    translated: Mapping[str | None, str | None] = field(default_factory=dict)

    def at(self, schemas: Collection[str]) -> SchemaView:
        """The same connection in a database that has these schemas, which migrations may have made meanwhile."""
        path = name_parts(self.search_path)
        return replace(self, default=next((name for name in path if name in (*schemas, PUBLIC)), self.default))

    def real(self, schema: str | None) -> str:
        """The schema in the database that stands for the one of a model."""
        return self.translated.get(schema, schema) or self.default

    def declared(self, schema: str) -> str | None:
        """The schema of models, and in Alembic's words, that stands for one in the database."""
        for name, real in self.translated.items():
            if real == schema:
                return name
        return None if schema in ("", self.default) else schema

    def apply(self, connection: sa.Connection) -> sa.Connection:
        """Let another connection resolve names in the same way."""
        if self.search_path:
            if self.default != PUBLIC:
                connection.execute(sa.schema.CreateSchema(self.default, if_not_exists=True))
            connection.execute(
                sa.text("SELECT pg_catalog.set_config('search_path', :path, false)"), {"path": self.search_path}
            )
            connection.dialect.default_schema_name = self.default
        return connection.execution_options(schema_translate_map=self.translated) if self.translated else connection


def schema_view(context: Any) -> SchemaView:
    """What the connection of a migration context, which has its version table already, says of itself."""
    connection: sa.Connection = context.connection
    translated = dict(connection.get_execution_options().get("schema_translate_map") or {})
    table: sa.Table = context._version
    row = connection.execute(_SEEN, {"version_table": table.name}).one()
    default = str(row[1] or PUBLIC)
    named = translated.get(table.schema, table.schema)
    return SchemaView(str(row[0]), default, str(named or row[2] or default), translated)
