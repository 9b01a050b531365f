"""Alembic code that gives an object its old attributes back."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from pytest_migcheck.checks.restoring_sql import (
    address,
    comment_on,
    create_policy,
    execute,
    is_table,
    quoted,
    sa_text,
    schema_argument,
)
from pytest_migcheck.core.catalog import Attributes, Catalog, ObjectKey
from pytest_migcheck.core.describe import text
from pytest_migcheck.rules import _code as code

_STORAGE = {"p": "PLAIN", "e": "EXTERNAL", "m": "MAIN", "x": "EXTENDED"}
_EXTENDED_TYPES = re.compile(r"(text|character varying.*|json|jsonb|bytea|.*\[\])$")
_COMPRESSION = {"": "default", "p": "pglz", "l": "lz4"}
_ENABLED = {"O": "ENABLE", "D": "DISABLE", "R": "ENABLE REPLICA", "A": "ENABLE ALWAYS"}
_IDENTITY = {"d": "DEFAULT", "f": "FULL", "n": "NOTHING"}
_CONSTRAINT = frozenset(("definition", "validated", "deferrable", "deferred", "no inherit", "enforced"))
_ALTER_COLUMN = frozenset(("type", "not null", "default"))
_SEQUENCE = {"start": "START", "increment": "INCREMENT", "min": "MINVALUE", "max": "MAXVALUE", "cache": "CACHE"}


def changed(key: ObjectKey, before: Catalog, after: Catalog, names: Sequence[str]) -> str | None:
    """Code for all the attributes; None where one of them cannot be given back for certain."""
    old, new = before.objects[key], after.objects[key]
    whole = _whole(key, before, old, new, frozenset(names))
    if whole is not None:
        return whole
    lines: list[str] = []
    left = list(names)
    if key.kind == "column" and is_table(key, after) and _ALTER_COLUMN & set(left):
        lines.append(_alter_column(key, old, new, _ALTER_COLUMN & set(left)))
        left = [n for n in left if n not in _ALTER_COLUMN]
    for name in left:
        maker = _MAKERS.get((key.kind if key.kind != "partitioned table" else "table", name))
        line = maker(key, old, new) if maker else None
        if line is None:
            return None
        lines.append(line)
    return "\n".join(filter(None, lines)) or None


def _whole(
    key: ObjectKey, before: Catalog, old: Attributes, new: Attributes, names: frozenset[str]
) -> str | None:
    """Code for objects that are made anew."""
    if key.kind == "type" and names == {"labels"}:
        return _enum(key, before, text(old.get("labels")))
    if key.kind == "comment":
        return comment_on(key, before, text(old.get("text")))
    if key.kind == "constraint" and names <= _CONSTRAINT and is_table(key, before):
        return _constraint(key, old, new)
    if key.kind == "index" and names == {"definition"} and not old.get("_constraint"):
        drop = code.call(
            "drop_index", code.text(key.name), f"table_name={code.text(key.parent)}", *schema_argument(key.schema)
        )
        return f"{drop}\n{execute(text(old['definition']))}"
    if key.kind in ("function", "procedure") and names == {"definition"}:
        return execute(text(old["definition"]))
    if key.kind == "view" and names == {"definition"}:
        return execute(f"CREATE OR REPLACE VIEW {address(key)} AS\n{text(old['definition']).rstrip(';')}")
    if key.kind in ("trigger", "rule") and names == {"definition"}:
        drop = execute(f"DROP {key.kind.upper()} {quoted(key.name)} ON {_table(key)}")
        return f"{drop}\n{execute(text(old['definition']))}"
    if key.kind == "policy":
        return f"{execute(f'DROP POLICY {quoted(key.name)} ON {_table(key)}')}\n{create_policy(key, before)}"
    return None


def _table(key: ObjectKey) -> str:
    return f"{quoted(key.schema)}.{quoted(key.parent)}"


def _alter_column(key: ObjectKey, old: Attributes, new: Attributes, names: frozenset[str]) -> str:
    arguments: list[str] = []
    if "not null" in names:
        arguments.append(f"nullable={not old.get('not null')}")
    if "default" in names and "type" not in names:
        default = text(old.get("default"))
        arguments.append(f"server_default={sa_text(default) if default else None}")
    where = (code.text(key.parent), code.text(key.name))
    schema = schema_argument(key.schema)
    lines = [code.call("alter_column", *where, *arguments, *schema)] if arguments else []
    return "\n".join([*(_type(key, old, new) if "type" in names else ()), *lines])


def _type(key: ObjectKey, old: Attributes, new: Attributes) -> list[str]:
    """The old type; a default stands aside meanwhile, since it cannot always be cast."""
    column, kind = quoted(key.name), text(old.get("type"))
    alter = f"ALTER TABLE {_table(key)} ALTER COLUMN {column}"
    lines = [execute(f"{alter} DROP DEFAULT")] if new.get("default") else []
    lines.append(execute(f"{alter} TYPE {kind} USING {column}::{kind}"))
    lines += [execute(f"{alter} SET DEFAULT {text(old['default'])}")] if old.get("default") else []
    return lines


def _enum(key: ObjectKey, before: Catalog, labels: str) -> str | None:
    """PostgreSQL cannot take a value away: the type is made anew, and its columns are moved over."""
    name, spare = address(key), f"{key.name}_old"
    values = ", ".join(map(code.text, labels.split(", ")))
    made = ", ".join((values, f"name={code.text(key.name)}", *schema_argument(key.schema)))
    lines = [
        execute(f"ALTER TYPE {name} RENAME TO {quoted(spare)}"),
        f"sa.Enum({made}).create(op.get_bind())",
    ]
    spelt = f"{quoted(key.schema)}.{quoted(key.name)}"
    for column, attributes in sorted(before.objects.items()):
        if column.kind != "column" or not is_table(column, before):
            continue
        kind = text(attributes.get("type"))
        if kind == f"{spelt}[]":
            return None
        if kind == spelt and not attributes.get("inherited"):
            alter = f"ALTER TABLE {_table(column)} ALTER COLUMN {quoted(column.name)}"
            default = text(attributes.get("default"))
            lines += [execute(f"{alter} DROP DEFAULT")] if default else []
            lines.append(execute(f"{alter} TYPE {spelt} USING {quoted(column.name)}::text::{spelt}"))
            lines += [execute(f"{alter} SET DEFAULT {default}")] if default else []
    lines.append(execute(f"DROP TYPE {address(key._replace(name=spare))}"))
    return "\n".join(lines)


def _constraint(key: ObjectKey, old: Attributes, new: Attributes) -> str:
    definition = text(old["definition"])
    alter = f"ALTER TABLE {_table(key)}"
    if text(new["definition"]) == f"{definition} NOT VALID":
        return execute(f"{alter} VALIDATE CONSTRAINT {quoted(key.name)}")
    drop = code.call("drop_constraint", code.text(key.name), code.text(key.parent), *schema_argument(key.schema))
    return f"{drop}\n{execute(f'{alter} ADD CONSTRAINT {quoted(key.name)} {definition}')}"


def _on_object(clause: Callable[[Attributes, Attributes], str | None]) -> Callable[..., str | None]:
    """ALTER TABLE, INDEX, SEQUENCE, ... with what an attribute wants."""

    def make(key: ObjectKey, old: Attributes, new: Attributes) -> str | None:
        kind = "TABLE" if key.kind == "partitioned table" else key.kind.upper()
        wanted = clause(old, new)
        return execute(f"ALTER {kind} {address(key)} {wanted}") if wanted else None

    return make


def _on_column(clause: Callable[[Attributes, Attributes], str | None]) -> Callable[..., str | None]:
    def make(key: ObjectKey, old: Attributes, new: Attributes) -> str | None:
        wanted = clause(old, new)
        return execute(f"ALTER TABLE {_table(key)} ALTER COLUMN {quoted(key.name)} {wanted}") if wanted else None

    return make


def _on_table(clause: Callable[[ObjectKey, Attributes], str | None]) -> Callable[..., str | None]:
    def make(key: ObjectKey, old: Attributes, _new: Attributes) -> str | None:
        wanted = clause(key, old)
        return execute(f"ALTER TABLE {_table(key)} {wanted}") if wanted else None

    return make


def _options(name: str, prefix: str = "") -> Callable[[Attributes, Attributes], str | None]:
    """SET what there was; RESET what there was not. One of both, since ALTER INDEX takes no two actions."""

    def clause(old: Attributes, new: Attributes) -> str | None:
        had, has = (
            dict(o.partition("=")[::2] for o in text(side.get(name)).split(", ") if o) for side in (old, new)
        )
        lost = {option: value for option, value in had.items() if has.get(option) != value}
        gained = [prefix + option for option in has if option not in had]
        if lost and gained:
            return None
        if gained:
            return f"RESET ({', '.join(gained)})"
        return f"SET ({', '.join(f'{prefix}{option} = {value}' for option, value in lost.items())})"

    return clause


def _replica_identity(old: Attributes, _new: Attributes) -> str:
    kind, _, index = text(old.get("replica identity")).partition(" ")
    return f"REPLICA IDENTITY {_IDENTITY.get(kind) or f'USING INDEX {index.rpartition(chr(46))[2]}'}"


def _storage(old: Attributes, _new: Attributes) -> str | None:
    letter = text(old.get("storage")) or ("x" if _EXTENDED_TYPES.match(text(old.get("type"))) else "")
    return f"SET STORAGE {_STORAGE[letter]}" if letter else None


def _tablespace(old: Attributes, _new: Attributes) -> str:
    return f"SET TABLESPACE {quoted(text(old.get('tablespace')) or 'pg_default')}"


def _index_statistics(key: ObjectKey, old: Attributes, new: Attributes) -> str:
    had, has = (dict(s.split("=") for s in text(side.get("statistics")).split(",") if s) for side in (old, new))
    return "\n".join(
        execute(f"ALTER INDEX {address(key)} ALTER COLUMN {column} SET STATISTICS {had.get(column, '-1')}")
        for column in sorted({*had, *has})
        if had.get(column) != has.get(column)
    )


def _sequence_option(name: str, word: str) -> Callable[..., str | None]:
    return _on_object(lambda old, _: f"{word} {text(old.get(name))}")


def _partition(key: ObjectKey, old: Attributes, new: Attributes) -> str | None:
    bound, parents = text(old.get("partition bound")), text(old.get("parents"))
    if bound and not new.get("partition bound"):
        return execute(f"ALTER TABLE {parents} ATTACH PARTITION {address(key)} {bound}")
    if new.get("partition bound") and not bound and not parents:
        return execute(f"ALTER TABLE {text(new.get('parents'))} DETACH PARTITION {address(key)}")
    return None


def _nothing(_key: ObjectKey, old: Attributes, new: Attributes) -> str | None:
    """What comes along with the bound of a partition; alone it is inheritance."""
    return "" if bool(old.get("partition bound")) != bool(new.get("partition bound")) else None


_MAKERS: dict[tuple[str, str], Callable[[ObjectKey, Attributes, Attributes], str | None]] = {
    ("table", "persistence"): _on_object(lambda o, _: "SET LOGGED" if o.get("persistence") == "p" else "SET UNLOGGED"),
    ("table", "replica identity"): _on_object(_replica_identity),
    ("table", "row security"): _on_object(
        lambda o, _: f"{'ENABLE' if o.get('row security') else 'DISABLE'} ROW LEVEL SECURITY"
    ),
    ("table", "force row security"): _on_object(
        lambda o, _: f"{'' if o.get('force row security') else 'NO '}FORCE ROW LEVEL SECURITY"
    ),
    ("table", "toast options"): _on_object(_options("toast options", "toast.")),
    ("table", "partition bound"): _partition,
    ("table", "parents"): _nothing,
    **{(kind, "options"): _on_object(_options("options")) for kind in ("table", "index", "view", "materialized view")},
    **{(kind, "tablespace"): _on_object(_tablespace) for kind in ("table", "index", "materialized view")},
    ("column", "storage"): _on_column(_storage),
    ("column", "statistics"): _on_column(lambda o, _: f"SET STATISTICS {text(o.get('statistics')) or '-1'}"),
    ("column", "compression"): _on_column(lambda o, _: f"SET COMPRESSION {_COMPRESSION[text(o.get('compression'))]}"),
    ("column", "options"): _on_column(_options("options")),
    ("column", "identity"): _on_column(lambda o, _: None if o.get("identity") else "DROP IDENTITY"),
    ("index", "clustered"): _on_table(
        lambda k, o: f"CLUSTER ON {quoted(k.name)}" if o.get("clustered") else "SET WITHOUT CLUSTER"
    ),
    ("index", "statistics"): _index_statistics,
    ("index", "definition"): lambda _key, old, new: "" if old.get("options") != new.get("options") else None,
    ("trigger", "enabled"): _on_table(lambda k, o: f"{_ENABLED[text(o.get('enabled'))]} TRIGGER {quoted(k.name)}"),
    ("constraint", "disabled triggers"): _on_table(
        lambda _, o: None if o.get("disabled triggers") else "ENABLE TRIGGER ALL"
    ),
    ("statistics", "target"): _on_object(lambda o, _: f"SET STATISTICS {text(o.get('target')) or '-1'}"),
    ("sequence", "cycle"): _on_object(lambda o, _: "CYCLE" if o.get("cycle") else "NO CYCLE"),
    ("sequence", "owned by"): _on_object(lambda o, _: f"OWNED BY {text(o.get('owned by')) or 'NONE'}"),
    **{("sequence", name): _sequence_option(name, word) for name, word in _SEQUENCE.items()},
}
