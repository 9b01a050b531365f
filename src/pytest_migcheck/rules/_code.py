"""Alembic code for the fixes, with the user's own names."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pytest_migcheck.core.quoting import in_quotes
from pytest_migcheck.core.statement import Statement
from pytest_migcheck.sql.statements import Action, ParsedStatement

_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")
# The words that PostgreSQL does not take as a name without quotes:
# https://www.postgresql.org/docs/current/sql-keywords-appendix.html
_RESERVED = frozenset(
    """
    all analyse analyze and any array as asc asymmetric both case cast check collate column constraint
    create current_catalog current_date current_role current_time current_timestamp current_user default
    deferrable desc distinct do else end except false fetch for foreign from grant group having in
    initially intersect into lateral leading limit localtime localtimestamp not null offset on only or
    order placing primary references returning select session_user some symmetric system_user table then
    to trailing true union unique user using variadic when where window with authorization binary
    collation concurrently cross current_schema freeze full ilike inner is isnull join left like natural
    notnull outer overlaps right similar tablesample verbose
    """.split()  # noqa: SIM905 - a list of a hundred literals is a page
)
_TYPES = {
    "smallint": "sa.SmallInteger()",
    "integer": "sa.Integer()",
    "bigint": "sa.BigInteger()",
    "text": "sa.Text()",
    "varchar": "sa.String()",
    "boolean": "sa.Boolean()",
    "date": "sa.Date()",
    "uuid": "sa.Uuid()",
    "json": "sa.JSON()",
    "bytea": "sa.LargeBinary()",
    "numeric": "sa.Numeric()",
    "interval": "sa.Interval()",
    "double precision": "sa.Double()",
    "timestamp without time zone": "sa.DateTime()",
    "timestamp with time zone": "sa.DateTime(timezone=True)",
}
_TYPES |= {
    "int": "sa.Integer()",
    "int4": "sa.Integer()",
    "int2": "sa.SmallInteger()",
    "int8": "sa.BigInteger()",
    "bool": "sa.Boolean()",
    "timestamp": "sa.DateTime()",
    "timestamptz": "sa.DateTime(timezone=True)",
    "float8": "sa.Double()",
    "character varying": "sa.String()",
}
# A value that the driver sends beside the text, in the spelling of one driver or another.
_LIMITED = re.compile(r"\bLIMIT\b|\bFETCH\s+(?:FIRST|NEXT)\b", re.IGNORECASE)
_PARENTHESES = re.compile(r"\([^()]*\)")
_OR = re.compile(r"\bOR\b", re.IGNORECASE)
# In a statement with another table, a bare name of a column may be of either.
_ANOTHER_TABLE = {
    "update": re.compile(r"\b(?:FROM|RETURNING|WITH)\b", re.IGNORECASE),
    "delete": re.compile(r"\b(?:USING|RETURNING|WITH)\b", re.IGNORECASE),
}
_PLACEHOLDER = re.compile(r"%\(\w+\)s|%s|\$\d")
# https://docs.sqlalchemy.org/en/20/core/sqlelement.html#sqlalchemy.sql.expression.text
# text() takes a colon before a word for a parameter, and a backslash before a colon away.
_PARAMETER = re.compile(r"(?<![:\w\\]):(?=\w+(?![:\w]))|\\(?=:\w*(?![:\w]))")
_KEY_OPTION = re.compile(r"(?i)\s*\bON (DELETE|UPDATE) (CASCADE|RESTRICT|NO ACTION|SET NULL|SET DEFAULT)\s*")
_SIZED = {"varchar": "sa.String", "numeric": "sa.Numeric", "char": "sa.CHAR"}
_CONSTANTS = {"Integer": "0", "Numeric": "0", "Double": "0", "String": "", "Text": "", "Boolean": "false"}


def text(value: str) -> str:
    """A Python string literal in double quotes."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def identifier(name: str) -> str:
    """A possibly qualified name as SQL wants it, in quotes where it must be."""
    return ".".join(map(quoted, name.split(".")))


def quoted(name: str) -> str:
    """A name without a schema as SQL wants it."""
    plain = _PLAIN.fullmatch(name) and name not in _RESERVED
    return name if plain else in_quotes(name)


def indented(code: str) -> str:
    return "\n".join(f"    {line}" for line in code.splitlines())


def autocommit(code: str) -> str:
    """Code that runs outside Alembic's transaction."""
    return f"with op.get_context().autocommit_block():\n{indented(code)}"


def as_text(sql: str) -> str:
    """SQL as SQLAlchemy's text() has to get it."""
    return _PARAMETER.sub(r"\\\g<0>", sql)


def execute(sql: str) -> str:
    return f"op.execute({text(as_text(sql))})"


def script(sql: str) -> str:
    """Several lines of SQL."""
    escaped = as_text(sql).replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    return f'op.execute("""{escaped}""")'


def schema_argument(table: str, keyword: str = "schema") -> tuple[str, ...]:
    """``schema="..."`` for a table that is named with its schema."""
    schema = table.rpartition(".")[0]
    return (f"{keyword}={text(schema)}",) if schema else ()


def call(function: str, *arguments: str) -> str:
    return f"op.{function}({', '.join(arguments)})"


def bare(table: str) -> str:
    return table.rpartition(".")[2]


def sa_type(sql_type: str) -> str | None:
    """The SQLAlchemy type for a type as SQL spells it; None where it is not a common one."""
    spelling = " ".join(sql_type.lower().split())
    if spelling in _TYPES:
        return _TYPES[spelling]
    spelling = spelling.replace("character varying", "varchar")
    sized = re.fullmatch(r"(\w+) ?\(([\d, ]+)\)", spelling)
    return f"{_SIZED[sized[1]]}({sized[2]})" if sized and sized[1] in _SIZED else None


def constant_default(type_code: str) -> str | None:
    """A constant that suits a SQLAlchemy type, as an example of a default."""
    return next((constant for word, constant in _CONSTANTS.items() if word in type_code), None)


def add_column(table: str, action: Action, *arguments: str) -> str:
    """``op.add_column`` for the column of an action, with other arguments than it has."""
    type_code = sa_type(action.type)
    if type_code is None:
        return execute(f"ALTER TABLE {identifier(table)} ADD COLUMN {identifier(action.name)} {action.type}")
    column = f"sa.Column({', '.join((text(action.name), type_code, *arguments))})"
    return call("add_column", text(bare(table)), column, *schema_argument(table))


def create_index(index: ParsedStatement, *, concurrently: bool = True) -> str:
    """An index, concurrently if not said otherwise, as an Alembic call where that can say all of it."""
    if index.tail or not index.name or "ONLY" in index.flags:
        how = r"\g<0> CONCURRENTLY" if concurrently else r"\g<0>"
        return execute(re.sub(r"(?i)\bindex\b", how, index.text, count=1))
    elements = ", ".join(
        text(e) if not re.search(r"\W", e) or quoted(e) in index.columns else f"sa.text({text(e)})"
        for e in index.elements
    )
    arguments = [text(index.name), text(bare(index.table)), f"[{elements}]", *schema_argument(index.table)]
    if "UNIQUE" in index.flags:
        arguments.append("unique=True")
    using = next((flag.removeprefix("USING ") for flag in index.flags if flag.startswith("USING ")), "btree")
    if using != "btree":
        arguments.append(f"postgresql_using={text(using)}")
    if index.include:
        arguments.append(f"postgresql_include=[{', '.join(map(text, index.include))}]")
    if index.where:
        arguments.append(f"postgresql_where=sa.text({text(index.where)})")
    return call("create_index", *arguments, *(("postgresql_concurrently=True",) if concurrently else ()))


def key_options(tail: str) -> Iterator[str]:
    """``ondelete="..."`` and ``onupdate="..."`` for what follows REFERENCES."""
    for event, action in _KEY_OPTION.findall(tail):
        yield f"on{event.lower()}={text(action.upper())}"


def create_foreign_key(table: str, key: Action) -> str:
    """The key without its validation, as an Alembic call where that can say all of it."""
    left = re.sub(_KEY_OPTION, " ", key.tail)
    if left.strip() or not key.target_columns:
        return execute(f"ALTER TABLE {identifier(table)} {key.text} NOT VALID")
    return call(
        "create_foreign_key",
        text(key.name),
        text(bare(table)),
        text(bare(key.target)),
        f"[{', '.join(map(text, key.columns))}]",
        f"[{', '.join(map(text, key.target_columns))}]",
        *key_options(key.tail),
        *schema_argument(table, "source_schema"),
        *schema_argument(key.target, "referent_schema"),
        "postgresql_not_valid=True",
    )


def validate(table: str, name: str) -> str:
    return execute(f"ALTER TABLE {identifier(table)} VALIDATE CONSTRAINT {identifier(name)}")


def constraint_by_index(table: str, name: str, key: Action, kind: str) -> str:
    """A UNIQUE or PRIMARY KEY constraint by way of an index that is built concurrently."""
    columns = key.columns or (key.name,)
    listed = f"[{', '.join(map(text, columns))}]"
    arguments = [text(name), text(bare(table)), listed, *schema_argument(table), "unique=True"]
    tail = key.tail if key.kind != "add column" else ""
    include = re.match(r"(?i)INCLUDE\s*\((.*?)\)\s*", tail)
    if include:
        carried = ", ".join(text(column.strip().strip('"')) for column in include[1].split(","))
        arguments.append(f"postgresql_include=[{carried}]")
        tail = tail[include.end() :]
    if "NULLS NOT DISTINCT" in key.flags:
        arguments.append("postgresql_nulls_not_distinct=True")
    index = call("create_index", *arguments, "postgresql_concurrently=True")
    sql = f"ALTER TABLE {identifier(table)} ADD CONSTRAINT {quoted(name)} {kind} USING INDEX {quoted(name)} {tail}"
    return f"{autocommit(index)}\n{execute(sql.rstrip())}"


def not_null_recipe(table: str, column: str) -> str:
    """SET NOT NULL by way of a validated CHECK, so that nothing is scanned under a lock."""
    name, schema = text(bare(table)), schema_argument(table)
    check = f"ck_{bare(table)}_{column}_not_null"
    condition = text(f"{identifier(column)} IS NOT NULL")
    return "\n".join(
        (
            "# this revision",
            call("create_check_constraint", text(check), name, condition, *schema, "postgresql_not_valid=True"),
            "# the next revision",
            validate(table, check),
            call("alter_column", name, text(column), "nullable=False", *schema),
            call("drop_constraint", text(check), name, *schema),
        )
    )


def short_wait(statement: Statement) -> str:
    """A lock_timeout for what the statement does; SET LOCAL has no effect outside of a transaction."""
    return execute("SET lock_timeout = '2s'" if statement.autocommit else "SET LOCAL lock_timeout = '2s'")


def delete_all(table: str) -> ParsedStatement:
    """What stands for a TRUNCATE that waits for nobody."""
    return ParsedStatement(kind="delete", name=table, table=table, text=f"DELETE FROM {identifier(table)}")


def batches(statement: ParsedStatement, key: str) -> str:
    """An UPDATE or DELETE in ranges of the key, each in a transaction of its own; words where that is no plain one.

    The ranges hold 10,000 rows each, wherever the keys lie: a range of numbers may be much longer than the table.
    """
    if _LIMITED.search(statement.text):
        return f"# the same {statement.kind} again until it changes no row, each time in a transaction of its own"
    sql = _in_ranges(statement, key)
    if not sql:
        return f"# the same {statement.kind} in ranges of {key or 'a key'}, each in a transaction of its own"
    by, table = identifier(key), identifier(statement.table)
    numbered = f"SELECT {by}, (row_number() OVER (ORDER BY {by}) - 1) / 10000 AS batch FROM {table}"
    ends = f"SELECT min({by}), max({by}) FROM ({numbered}) AS numbered GROUP BY batch ORDER BY batch"
    run = f"op.execute(sa.text({text(sql)}).bindparams(first=first, last=last))"
    return (
        f"ranges = op.get_bind().execute(sa.text({text(ends)})).all()\n"
        + autocommit(f"for first, last in ranges:\n    {run}")
    )


def _in_ranges(statement: ParsedStatement, key: str) -> str:
    """The statement for one range of the key; "" where it takes more to say so than a condition at its end."""
    sql, where = statement.text.rstrip("; \n"), statement.where
    flat = sql
    while flat != (flat := _PARENTHESES.sub("", flat)):
        pass
    others = _ANOTHER_TABLE.get(statement.kind)
    if not key or others is None or others.search(flat) or _PLACEHOLDER.search(sql) or not sql.endswith(where):
        return ""
    if _OR.search(flat):
        sql = f"{sql.removesuffix(where)}({where})"
    sql = as_text(sql)
    return f"{sql} {'AND' if where else 'WHERE'} {identifier(key)} BETWEEN :first AND :last"


def bounds_check(table: str, condition: str, *, valid: bool) -> str:
    """A CHECK that proves which rows a table can hold."""
    return call(
        "create_check_constraint",
        text(f"ck_{bare(table)}_bounds"),
        text(bare(table)),
        text(condition),
        *schema_argument(table),
        *(() if valid else ("postgresql_not_valid=True",)),
    )
