"""Alembic code that gives an object its old attributes back."""

from __future__ import annotations

import re
from collections.abc import Callable

from pytest_migcheck.checks.restoring_database import changed_options, enable_event_trigger
from pytest_migcheck.checks.restoring_sql import address, execute, quoted
from pytest_migcheck.core.catalog import Attributes, Catalog, ObjectKey
from pytest_migcheck.core.describe import text
from pytest_migcheck.core.quoting import literal

_STORAGE = {"p": "PLAIN", "e": "EXTERNAL", "m": "MAIN", "x": "EXTENDED"}
_EXTENDED_TYPES = re.compile(r"(text|character varying.*|json|jsonb|bytea|.*\[\])$")
_COMPRESSION = {"": "default", "p": "pglz", "l": "lz4"}
_ENABLED = {"O": "ENABLE", "D": "DISABLE", "R": "ENABLE REPLICA", "A": "ENABLE ALWAYS"}
_IDENTITY = {"d": "DEFAULT", "f": "FULL", "n": "NOTHING"}
_SEQUENCE = {
    "type": "AS", "increment": "INCREMENT", "min": "MINVALUE", "max": "MAXVALUE", "start": "START", "cache": "CACHE",
}  # fmt: skip
SEQUENCE_OPTIONS = frozenset((*_SEQUENCE, "cycle"))
_AS_CREATED = {"enabled": "O", "replica identity": "d"}
# What CREATE does not say, or says otherwise than the catalog.
_NOT_AS_CREATED = {
    "table": ("replica identity", "row security", "force row security", "toast options", "tablespace"),
    "column": ("storage", "compression", "statistics", "options"),
    "index": ("clustered", "statistics"),
    "trigger": ("enabled",),
    "rule": ("enabled",),
    "materialized view": ("tablespace",),
    "statistics": ("target",),
}


def given(key: ObjectKey, catalog: Catalog) -> str:
    """Code for the attributes that an object does not get when it is made."""
    attributes = catalog.objects[key]
    kind = "table" if key.kind == "partitioned table" else key.kind
    lines = []
    for name in _NOT_AS_CREATED.get(kind, ()):
        maker = MAKERS.get((kind, name))
        if attributes.get(name) not in (None, "", False, _AS_CREATED.get(name)) and maker is not None:
            lines.append(maker(key, attributes, {}))
    return "\n".join(filter(None, lines))


def _table(key: ObjectKey) -> str:
    return f"{quoted(key.schema)}.{quoted(key.parent)}"


def _on_object(clause: Callable[[Attributes, Attributes], str | None]) -> Callable[..., str | None]:
    """ALTER TABLE, INDEX, SEQUENCE, ... with what an attribute wants."""

    def make(key: ObjectKey, old: Attributes, new: Attributes) -> str | None:
        kind = "TABLE" if key.kind == "partitioned table" else key.kind.upper()
        actions = (clause(old, new) or "").splitlines()
        return "\n".join(execute(f"ALTER {kind} {address(key)} {action}") for action in actions) or None

    return make


def _on_column(clause: Callable[[Attributes, Attributes], str | None]) -> Callable[..., str | None]:
    def make(key: ObjectKey, old: Attributes, new: Attributes) -> str | None:
        alter = f"ALTER TABLE {_table(key)} ALTER COLUMN {quoted(key.name)}"
        return "\n".join(execute(f"{alter} {action}") for action in (clause(old, new) or "").splitlines()) or None

    return make


def _on_table(clause: Callable[[ObjectKey, Attributes], str | None]) -> Callable[..., str | None]:
    def make(key: ObjectKey, old: Attributes, _new: Attributes) -> str | None:
        wanted = clause(key, old)
        return execute(f"ALTER TABLE {_table(key)} {wanted}") if wanted else None

    return make


def _options(name: str, prefix: str = "") -> Callable[[Attributes, Attributes], str | None]:
    """SET what there was and RESET what there was not, a line each: ALTER INDEX takes no two actions."""

    def clause(old: Attributes, new: Attributes) -> str | None:
        had, has = (
            dict(o.partition("=")[::2] for o in text(side.get(name)).split(", ") if o) for side in (old, new)
        )
        lost = {option: value for option, value in had.items() if has.get(option) != value}
        gained = [prefix + option for option in has if option not in had]
        lines = [f"RESET ({', '.join(gained)})"] if gained else []
        if lost:
            lines.append(f"SET ({', '.join(f'{prefix}{option} = {value}' for option, value in lost.items())})")
        return "\n".join(lines)

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


def sequence_changes(key: ObjectKey, old: Attributes, new: Attributes, names: frozenset[str]) -> str:
    """One ALTER SEQUENCE: its limits are checked together, and it begins anew where it began outside of them."""
    parts = [f"{word} {text(old.get(name))}" for name, word in _SEQUENCE.items() if name in names]
    parts += [f"{'' if old.get('cycle') else 'NO '}CYCLE"] if "cycle" in names else []
    low, start, high = (int(text(side.get(n)) or 0) for n, side in (("min", old), ("start", new), ("max", old)))
    parts += [] if low <= start <= high else ["RESTART"]
    return execute(f"ALTER SEQUENCE {address(key)} {' '.join(parts)}")


def _partition(key: ObjectKey, old: Attributes, new: Attributes) -> str | None:
    bound, present = text(old.get("partition bound")), text(new.get("partition bound"))
    lines = [f"ALTER TABLE {text(new.get('parents'))} DETACH PARTITION {address(key)}"] if present else []
    lines += [f"ALTER TABLE {text(old.get('parents'))} ATTACH PARTITION {address(key)} {bound}"] if bound else []
    return "\n".join(map(execute, lines))


def _parents(key: ObjectKey, old: Attributes, new: Attributes) -> str | None:
    """Inheritance; what comes along with the bound of a partition is done with that."""
    if old.get("partition bound") or new.get("partition bound"):
        return ""
    had, has = ([p for p in text(side.get("parents")).split(", ") if p] for side in (old, new))
    lines = [f"ALTER TABLE {address(key)} NO INHERIT {p}" for p in has if p not in had]
    return "\n".join(map(execute, [*lines, *(f"ALTER TABLE {address(key)} INHERIT {p}" for p in had if p not in has)]))


def _foreign(key: ObjectKey, old: Attributes, new: Attributes) -> str | None:
    server, _, options = text(old.get("foreign")).partition(" ")
    other, _, present = text(new.get("foreign")).partition(" ")
    if server != other:
        return None
    return execute(f"ALTER FOREIGN TABLE {address(key)} {changed_options(options, present)}")


def _with_options(alter: str) -> Callable[[ObjectKey, Attributes, Attributes], str]:
    def make(key: ObjectKey, old: Attributes, new: Attributes) -> str:
        clause = changed_options(text(old.get("options")), text(new.get("options")))
        return execute(f"ALTER {alter} {quoted(key.name)} {clause}")

    return make


def _function(word: str) -> Callable[[Attributes, Attributes], str]:
    return lambda old, _: f"{word.upper()} {text(old[word])}" if old.get(word) else f"NO {word.upper()}"


def _domain(word: str) -> Callable[[ObjectKey, Attributes, Attributes], str]:
    def make(key: ObjectKey, old: Attributes, _new: Attributes) -> str:
        value = text(old.get("default")) if word == "DEFAULT" else ""
        action = "SET" if old.get(word.lower()) else "DROP"
        return execute(f"ALTER DOMAIN {address(key)} {action} {word}{f' {value}' if value else ''}")

    return make


def _disabled(key: ObjectKey, old: Attributes, _new: Attributes) -> str:
    """The triggers of a foreign key, which stand on both tables."""
    listed = [part.rsplit(" ", 1) for part in text(old.get("disabled triggers")).split(", ") if part]
    if not listed:
        return execute(f"ALTER TABLE {_table(key)} ENABLE TRIGGER ALL")
    return "\n".join(execute(f"ALTER TABLE {t} DISABLE TRIGGER ALL") for t in dict.fromkeys(t for t, _ in listed))


MAKERS: dict[tuple[str, str], Callable[[ObjectKey, Attributes, Attributes], str | None]] = {
    ("table", "persistence"): _on_object(lambda o, _: "SET LOGGED" if o.get("persistence") == "p" else "SET UNLOGGED"),
    ("table", "replica identity"): _on_object(_replica_identity),
    ("table", "row security"): _on_object(
        lambda o, _: f"{'ENABLE' if o.get('row security') else 'DISABLE'} ROW LEVEL SECURITY"
    ),
    ("table", "force row security"): _on_object(
        lambda o, _: f"{'' if o.get('force row security') else 'NO '}FORCE ROW LEVEL SECURITY"
    ),
    ("table", "toast options"): _on_object(_options("toast options", "toast.")),
    ("table", "access method"): _on_object(lambda o, _: f"SET ACCESS METHOD {quoted(text(o.get('access method')))}"),
    ("materialized view", "access method"): _on_object(
        lambda o, _: f"SET ACCESS METHOD {quoted(text(o.get('access method')))}"
    ),
    ("table", "partition bound"): _partition,
    ("table", "parents"): _parents,
    ("table", "of type"): _on_object(lambda o, _: f"OF {text(o['of type'])}" if o.get("of type") else "NOT OF"),
    ("foreign table", "foreign"): _foreign,
    ("server", "options"): _with_options("SERVER"),
    ("foreign data wrapper", "options"): _with_options("FOREIGN DATA WRAPPER"),
    ("server", "version"): _on_object(lambda o, _: f"VERSION {literal(text(o.get('version')))}"),
    ("type", "default"): _domain("DEFAULT"),
    ("type", "not null"): _domain("NOT NULL"),
    ("extension", "version"): _on_object(lambda o, _: f"UPDATE TO {literal(text(o.get('version')))}"),
    ("extension", "relocatable"): lambda _key, old, new: "" if old.get("version") != new.get("version") else None,
    **{("foreign data wrapper", word): _on_object(_function(word)) for word in ("handler", "validator")},
    ("extension", "schema"): _on_object(lambda o, _: f"SET SCHEMA {quoted(text(o.get('schema')))}"),
    ("event trigger", "enabled"): lambda key, old, _: enable_event_trigger(key, old),
    ("sequence", "persistence"): _on_object(lambda o, _: f"SET {'UN' if o.get('persistence') == 'u' else ''}LOGGED"),
    **{(kind, "options"): _on_object(_options("options")) for kind in ("table", "index", "view", "materialized view")},
    **{(kind, "tablespace"): _on_object(_tablespace) for kind in ("table", "index", "materialized view")},
    ("column", "storage"): _on_column(_storage),
    ("column", "statistics"): _on_column(lambda o, _: f"SET STATISTICS {text(o.get('statistics')) or '-1'}"),
    ("column", "compression"): _on_column(lambda o, _: f"SET COMPRESSION {_COMPRESSION[text(o.get('compression'))]}"),
    ("column", "options"): _on_column(_options("options")),
    ("index", "clustered"): _on_table(
        lambda k, o: f"CLUSTER ON {quoted(k.name)}" if o.get("clustered") else "SET WITHOUT CLUSTER"
    ),
    ("index", "statistics"): _index_statistics,
    ("index", "definition"): lambda _key, old, new: "" if old.get("options") != new.get("options") else None,
    ("trigger", "enabled"): _on_table(lambda k, o: f"{_ENABLED[text(o.get('enabled'))]} TRIGGER {quoted(k.name)}"),
    ("rule", "enabled"): _on_table(lambda k, o: f"{_ENABLED[text(o.get('enabled'))]} RULE {quoted(k.name)}"),
    ("constraint", "disabled triggers"): _disabled,
    ("index", "valid"): lambda key, old, _: execute(f"REINDEX INDEX {address(key)}") if old.get("valid") else None,
    ("index", "attached to"): lambda key, old, _: (
        execute(f"ALTER INDEX {text(old['attached to'])} ATTACH PARTITION {address(key)}")
        if old.get("attached to")
        else None
    ),
    ("statistics", "target"): _on_object(lambda o, _: f"SET STATISTICS {text(o.get('target')) or '-1'}"),
    ("sequence", "owned by"): _on_object(lambda o, _: f"OWNED BY {text(o.get('owned by')) or 'NONE'}"),
}
