"""As the README of alembic-postgresql-enum says it: the import is all."""

import alembic_postgresql_enum  # noqa: F401
from alembic import context
from models import Base
from sqlalchemy import engine_from_config, pool

target_metadata = Base.metadata


def run_migrations_online() -> None:
    """Migrate the database that alembic.ini names."""
    connectable = engine_from_config(
        context.config.get_section(context.config.config_ini_section, {}),
        prefix="sqlalchemy.",
        poolclass=pool.NullPool,
    )
    with connectable.connect() as connection:
        context.configure(connection=connection, target_metadata=target_metadata)
        with context.begin_transaction():
            context.run_migrations()


run_migrations_online()
