"""Alembic code for partitioned tables, one partition after the other: CONCURRENTLY is refused for the whole.

https://www.postgresql.org/docs/current/ddl-partitioning.html#DDL-PARTITIONING-DECLARATIVE-MAINTENANCE
"""

from __future__ import annotations

from collections.abc import Sequence

from pytest_migcheck.core.lock import HeldLock
from pytest_migcheck.rules import _catalog
from pytest_migcheck.rules import _code as code
from pytest_migcheck.rules._context import RuleContext
from pytest_migcheck.sql.statements import Action, ParsedStatement

_FOREIGN_KEYS_NOT_VALID = 18  # the first version that takes them on a partitioned table
_NAME_LENGTH = 63  # NAMEDATALEN - 1
_STAND_IN = "the_partition"


def is_partitioned(locks: Sequence[HeldLock]) -> bool:
    return any(lock.kind == "p" for lock in locks)


def index(parsed: ParsedStatement, context: RuleContext) -> str:
    """An index that is built concurrently on each partition, and then belongs to the one of the parent."""
    name, table = parsed.name or _name(code.bare(parsed.table), "idx"), code.identifier(parsed.table)
    unique = "UNIQUE INDEX" if "UNIQUE" in parsed.flags else "INDEX"
    body = _body(parsed)
    lines = [code.execute(f"CREATE {unique} {code.quoted(name)} ON ONLY {table} {body}")]
    for partition in _partitions(parsed.table, context):
        part = _name(name, code.bare(partition))
        build = f"CREATE {unique} CONCURRENTLY {code.quoted(part)} ON {code.identifier(partition)} {body}"
        lines += [code.autocommit(code.execute(build)), _attach(parsed.table, name, partition, part)]
    return "\n".join((*_note(parsed.table, context), *lines))


def constraint(table: str, name: str, key: Action, kind: str, context: RuleContext) -> str:
    """A UNIQUE or PRIMARY KEY constraint, whose index is built concurrently on each partition."""
    listed = ", ".join(map(code.quoted, key.columns or (key.name,)))
    nulls = " NULLS NOT DISTINCT" if "NULLS NOT DISTINCT" in key.flags else ""
    alter = f"ALTER TABLE ONLY {code.identifier(table)} ADD CONSTRAINT {code.quoted(name)}"
    sql = f"{alter} {kind}{nulls} ({listed}) {key.tail}".rstrip()
    lines = [code.execute(sql)]
    for partition in _partitions(table, context):
        part = _name(name, code.bare(partition))
        lines.append(code.constraint_by_index(partition, part, key, kind))
        lines.append(_attach(table, name, partition, part))
    return "\n".join((*_note(table, context), *lines))


def foreign_key(table: str, key: Action, context: RuleContext) -> str | None:
    """A foreign key partition by partition, where the whole cannot have one that is not valid; None where it can."""
    if context.major >= _FOREIGN_KEYS_NOT_VALID:
        return None
    named = key.text.upper().startswith("ADD CONSTRAINT")
    add = key.text if named else key.text.replace("ADD ", f"ADD CONSTRAINT {code.quoted(key.name)} ", 1)
    partitions = _partitions(table, context)
    return "\n".join(
        (
            *_note(table, context),
            "# this revision",
            *(code.execute(f"ALTER TABLE {code.identifier(one)} {add} NOT VALID") for one in partitions),
            "# the next revision",
            *(code.validate(one, key.name) for one in partitions),
            "# the next revision: those of the partitions become its own, and nothing is read",
            code.execute(f"ALTER TABLE {code.identifier(table)} {add}"),
        )
    )


def _partitions(table: str, context: RuleContext) -> tuple[str, ...]:
    qualified = "." in table
    found = _catalog.partitions(context.catalog, table)
    names = tuple(key.qualified if qualified or key.schema != "public" else key.name for key in found)
    return names or (_STAND_IN,)


def _note(table: str, context: RuleContext) -> tuple[str, ...]:
    if _catalog.partitions(context.catalog, table):
        return ()
    return (f"# for each partition, here called {_STAND_IN}; those of a partition that has partitions come first",)


def _body(parsed: ParsedStatement) -> str:
    using = next((f"{flag} " for flag in sorted(parsed.flags) if flag.startswith("USING ")), "")
    include = f" INCLUDE ({', '.join(map(code.quoted, parsed.include))})" if parsed.include else ""
    tail = f" {parsed.tail}" if parsed.tail else ""
    return f"{using}({parsed.columns}){include}{tail}{f' WHERE {parsed.where}' if parsed.where else ''}"


def _attach(table: str, name: str, partition: str, part: str) -> str:
    parent, child = _beside(table, name), _beside(partition, part)
    return code.execute(f"ALTER INDEX {parent} ATTACH PARTITION {child}")


def _beside(table: str, name: str) -> str:
    """An index is in the schema of its table."""
    schema = table.rpartition(".")[0]
    return ".".join(filter(None, (code.identifier(schema) if schema else "", code.quoted(name))))


def _name(start: str, end: str) -> str:
    return f"{start}_{end}"[:_NAME_LENGTH]
