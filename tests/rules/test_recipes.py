"""The safe recipes of other people's documentation, as histories of ours: no finding, not even an info.

Each recipe is a list of revisions after ``START``; every one of them is judged.
"""

from __future__ import annotations

from collections.abc import Callable
from textwrap import indent

import pytest

from pytest_migcheck.core.finding import Finding

RunExample = Callable[..., list[Finding]]

START = """
op.execute('''
    CREATE TABLE users (id bigint PRIMARY KEY, name varchar(80), settings json, score int, n numeric(5, 2));
    CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, status text, created_at timestamptz DEFAULT now());
    CREATE TABLE events (id bigint, day date NOT NULL) PARTITION BY RANGE (day);
    CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
    CREATE TYPE mood AS ENUM ('sad', 'ok');
    CREATE MATERIALIZED VIEW totals AS SELECT user_id, count(*) FROM orders GROUP BY user_id;
    CREATE UNIQUE INDEX ON totals (user_id);
    CREATE DOMAIN amount AS numeric;
    CREATE TABLE prices (a amount)
''')
"""
TIMEOUT = "op.execute(\"SET LOCAL lock_timeout = '5s'\")\n"


def outside(code: str) -> str:
    return f"with op.get_context().autocommit_block():\n{indent(code, '    ')}"


# https://github.com/ankane/strong_migrations#checks, each "good" section, in Alembic code
STRONG_MIGRATIONS = {
    "adding a column with a default": ['op.add_column("users", sa.Column("a", sa.Text, server_default="x"))'],
    "adding a column with a volatile default": [
        'op.add_column("users", sa.Column("token", sa.Uuid))\n'
        'op.alter_column("users", "token", server_default=sa.text("gen_random_uuid()"))',
        outside('op.execute("UPDATE users SET token = gen_random_uuid() WHERE id > 0 AND id <= 10000")'),
    ],
    "adding an auto-incrementing column": [
        'op.create_table("entries", sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True))'
    ],
    "backfilling data": [
        'op.add_column("users", sa.Column("locale", sa.Text))\nop.alter_column("users", "locale", server_default="en")',
        outside(
            "for last in range(0, 30000, 10000):\n"
            "    op.execute(f\"UPDATE users SET locale = 'en' WHERE id > {last} AND id <= {last + 10000}\")"
        ),
    ],
    "changing the type: varchar to a longer one and to text": [
        'op.alter_column("users", "name", type_=sa.String(200))',
        'op.alter_column("users", "name", type_=sa.String())',
        'op.alter_column("users", "name", type_=sa.Text())',
    ],
    "changing the type: numeric with more precision": ['op.alter_column("users", "n", type_=sa.Numeric(12, 2))'],
    "changing the type: another column": [
        'op.add_column("users", sa.Column("score_new", sa.BigInteger))',
        outside('op.execute("UPDATE users SET score_new = score WHERE id > 0 AND id <= 10000")'),
        'op.alter_column("users", "score", new_column_name="score_old")\n'
        'op.alter_column("users", "score_new", new_column_name="score")',
    ],
    "renaming a column": [
        'op.add_column("users", sa.Column("full_name", sa.Text))',
        outside('op.execute("UPDATE users SET full_name = name WHERE id > 0 AND id <= 10000")'),
    ],
    "adding a check constraint": [
        'op.create_check_constraint("score_check", "users", "score > 0", postgresql_not_valid=True)',
        'op.execute("ALTER TABLE users VALIDATE CONSTRAINT score_check")',
    ],
    "adding an index": [
        outside('op.create_index("ix_users_name", "users", ["name"], postgresql_concurrently=True)'),
        outside('op.drop_index("ix_users_name", "users", postgresql_concurrently=True)'),
    ],
    "adding a reference": [
        'op.add_column("prices", sa.Column("user_id", sa.BigInteger))',
        outside('op.create_index("ix_prices_user", "prices", ["user_id"], postgresql_concurrently=True)'),
        TIMEOUT
        + 'op.create_foreign_key("fk_user", "prices", "users", ["user_id"], ["id"], postgresql_not_valid=True)',
        'op.execute("ALTER TABLE prices VALIDATE CONSTRAINT fk_user")',
    ],
    "adding a foreign key": [
        outside('op.create_index("ix_orders_user", "orders", ["user_id"], postgresql_concurrently=True)'),
        TIMEOUT
        + 'op.create_foreign_key("fk_user", "orders", "users", ["user_id"], ["id"], postgresql_not_valid=True)',
        'op.execute("ALTER TABLE orders VALIDATE CONSTRAINT fk_user")',
    ],
    "adding a unique constraint": [
        outside('op.create_index("uq_name", "users", ["name"], unique=True, postgresql_concurrently=True)'),
        'op.execute("ALTER TABLE users ADD CONSTRAINT uq_name UNIQUE USING INDEX uq_name")',
    ],
    "adding a jsonb column": ['op.execute("ALTER TABLE users ADD COLUMN properties jsonb")'],
    "setting NOT NULL on an existing column": [
        'op.create_check_constraint("name_null", "users", "name IS NOT NULL", postgresql_not_valid=True)',
        'op.execute("ALTER TABLE users VALIDATE CONSTRAINT name_null")\n'
        'op.alter_column("users", "name", nullable=False)\n'
        'op.drop_constraint("name_null", "users")',
    ],
    "creating a table": [
        'op.create_table("owners", sa.Column("id", sa.BigInteger, primary_key=True), sa.Column("a", sa.Text))\n'
        'op.create_index("ix_owners_a", "owners", ["a"])'
    ],
}
# https://www.postgresql.org/docs/current/: the sections on ALTER TABLE, CREATE INDEX, partitioning, ALTER TYPE ...
POSTGRESQL = {
    "ALTER TABLE: a constraint with less impact on other work": [
        'op.execute("ALTER TABLE users ADD CONSTRAINT namechk CHECK (char_length(name) < 90) NOT VALID")',
        'op.execute("ALTER TABLE users VALIDATE CONSTRAINT namechk")',
    ],
    "ALTER TABLE: a primary key rebuilt without blocking": [
        outside('op.execute("CREATE UNIQUE INDEX CONCURRENTLY users_id_temp ON users (id)")'),
        'op.execute("ALTER TABLE users DROP CONSTRAINT users_pkey, '
        'ADD CONSTRAINT users_pkey PRIMARY KEY USING INDEX users_id_temp")',
    ],
    "ALTER TABLE: several columns, a default that is no constant": [
        'op.execute("ALTER TABLE users ADD COLUMN a text, ADD COLUMN b timestamptz DEFAULT now()")'
    ],
    "CREATE INDEX CONCURRENTLY and REINDEX CONCURRENTLY": [
        outside('op.execute("CREATE INDEX CONCURRENTLY ix_status ON orders (status)")'),
        outside('op.execute("REINDEX INDEX CONCURRENTLY ix_status")'),
    ],
    "partitions: attach with a CHECK": [
        'op.execute("CREATE TABLE events_2 (LIKE events INCLUDING DEFAULTS INCLUDING CONSTRAINTS)")\n'
        'op.execute("ALTER TABLE events_2 ADD CONSTRAINT y2026 '
        "CHECK (day >= DATE '2026-01-01' AND day < DATE '2027-01-01')\")",
        "op.execute(\"ALTER TABLE events ATTACH PARTITION events_2 FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')\")",
    ],
    "partitions: an index, one partition after the other": [
        'op.execute("CREATE INDEX ix_events_day ON ONLY events (day)")',
        outside('op.execute("CREATE INDEX CONCURRENTLY ix_events_1_day ON events_1 (day)")'),
        'op.execute("ALTER INDEX ix_events_day ATTACH PARTITION ix_events_1_day")',
    ],
    "partitions: detach concurrently": [
        outside('op.execute("ALTER TABLE events DETACH PARTITION events_1 CONCURRENTLY")')
    ],
    "REFRESH MATERIALIZED VIEW CONCURRENTLY": ['op.execute("REFRESH MATERIALIZED VIEW CONCURRENTLY totals")'],
    "VACUUM and ANALYZE": [outside('op.execute("VACUUM (ANALYZE) orders")'), 'op.execute("ANALYZE orders")'],
    "ALTER DOMAIN: NOT VALID": ['op.execute("ALTER DOMAIN amount ADD CONSTRAINT p CHECK (VALUE > 0) NOT VALID")'],
    "CREATE STATISTICS, COMMENT, storage parameters": [
        'op.execute("CREATE STATISTICS st (dependencies) ON id, status FROM orders")\n'
        "op.execute(\"COMMENT ON TABLE orders IS 'orders'\")\n"
        'op.execute("ALTER TABLE orders SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01)")\n'
        'op.execute("ALTER TABLE orders ALTER COLUMN status SET STATISTICS 500")'
    ],
    "CREATE OR REPLACE VIEW and FUNCTION": [
        'op.execute("CREATE VIEW names AS SELECT id, name FROM users")',
        'op.execute("CREATE OR REPLACE VIEW names AS SELECT id, name, score FROM users")\n'
        "op.execute(\"CREATE OR REPLACE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1'\")",
    ],
}
# https://alembic.sqlalchemy.org/ and https://docs.sqlalchemy.org/en/20/dialects/postgresql.html
ALEMBIC_AND_SQLALCHEMY = {
    "autocommit_block: a value of an enum": [outside("op.execute(\"ALTER TYPE mood ADD VALUE 'soso'\")")],
    "tutorial: a column is added": ['op.add_column("users", sa.Column("last_transaction_date", sa.DateTime))'],
    "indexes with postgresql_concurrently": [
        outside(
            'op.create_index("ix_open", "orders", ["created_at"], postgresql_concurrently=True, '
            "postgresql_where=sa.text(\"status = 'open'\"), postgresql_include=[\"user_id\"])"
        )
    ],
    "constraints with postgresql_not_valid": [
        'op.create_check_constraint("ck", "orders", "status <> \'\'", postgresql_not_valid=True)',
        'op.execute("ALTER TABLE orders VALIDATE CONSTRAINT ck")',
    ],
    "bulk_insert into a table of its own": [
        'kinds = op.create_table("kinds", sa.Column("id", sa.BigInteger, primary_key=True), sa.Column("k", sa.Text))\n'
        'op.bulk_insert(kinds, [{"id": 1, "k": "a"}, {"id": 2, "k": "b"}])'
    ],
    "an identity column": [
        'op.create_table("data", sa.Column("id", sa.BigInteger, sa.Identity(start=42, cycle=True), primary_key=True))'
    ],
    "a server default that changes": [
        'op.add_column("orders", sa.Column("kind", sa.Text, nullable=False, server_default="web"))\n'
        'op.alter_column("orders", "kind", server_default=None)'
    ],
}
_ALL = {**STRONG_MIGRATIONS, **POSTGRESQL, **ALEMBIC_AND_SQLALCHEMY}


@pytest.mark.parametrize("recipe", _ALL)
def test_a_safe_recipe_is_silent(recipe: str, run_example: RunExample) -> None:
    *earlier, last = _ALL[recipe]
    found = run_example((START, *earlier), last, "raise NotImplementedError", both=True, every=True)
    assert [(f.rule, f.headline) for f in found] == []
