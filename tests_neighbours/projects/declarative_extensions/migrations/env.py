"""As the documentation of sqlalchemy-declarative-extensions says it."""

from alembic import context
from models import Base
from sqlalchemy_declarative_extensions import register_alembic_events
from sqlalchemy import engine_from_config, pool

target_metadata = Base.metadata
register_alembic_events(databases=False)


def run_migrations_online() -> None:
    """Migrate the database that alembic.ini names."""
    connectable = engine_from_config(
        context.config.get_section(context.config.config_ini_section, {}),
        prefix="sqlalchemy.",
        poolclass=pool.NullPool,
    )
    with connectable.connect() as connection:
        context.configure(connection=connection, target_metadata=target_metadata, include_schemas=True)
        with context.begin_transaction():
            context.run_migrations()


run_migrations_online()
