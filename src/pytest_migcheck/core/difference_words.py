"""A difference in a person's words: ``column public.orders.email: type varchar(255) → varchar(320)``."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from pytest_migcheck.core.describe import short_type
from pytest_migcheck.core.finding import AttributeChange, Change, Difference
from pytest_migcheck.core.index_definition import read_definition
from pytest_migcheck.core.labels import read_labels, write_label

NONE = "none"
_Values = dict[str | None, str]
_ON: _Values = {"yes": "on", "no": "off", None: "off"}
_ENABLED: _Values = {"O": "enabled", "D": "disabled", "R": "enabled on replicas only", "A": "always enabled"}
_STORAGE: _Values = {"p": "PLAIN", "e": "EXTERNAL", "m": "MAIN", "x": "EXTENDED", None: "as its type"}
_COMMANDS: _Values = {"r": "SELECT", "a": "INSERT", "w": "UPDATE", "d": "DELETE", "*": "ALL"}
_REPLICA = {"d": "DEFAULT", "f": "FULL", "n": "NOTHING"}
_OPERATIONS = ("INSERT", "UPDATE", "DELETE", "TRUNCATE", "via the root")
_LONG = 100
# What the definition of a constraint says as well.
_IN_DEFINITION = frozenset(("validated", "deferrable", "deferred", "no inherit", "enforced", "type", "unique"))
_CLAUSES = re.compile(
    r" (?=MATCH |ON UPDATE |ON DELETE |DEFERRABLE|INITIALLY |NOT VALID|NOT ENFORCED|NO INHERIT|INCLUDE |WHERE )"
    r"|(?<=UNIQUE) (?=NULLS )"
)


def words(difference: Difference, declared: str = "models") -> str:
    """One line: the object, and what the migrations have → what the declared side has."""
    what = f"{difference.kind} {difference.object}"
    if difference.change is Change.ADDED:
        return f"{what}: only in the migrations"
    if difference.change is Change.REMOVED:
        return f"{what}: only in the {declared}"
    names = {a.name for a in difference.attributes}
    told = [a for a in difference.attributes if not _said_already(difference.kind, a.name, names)]
    return f"{what}: {', '.join(_attribute(difference.kind, a) for a in told)}"


def _said_already(kind: str, name: str, names: set[str]) -> bool:
    if "definition" in names and kind == "constraint" and name in _IN_DEFINITION:
        return True
    if kind == "index" and "definition" in names and name == "options":
        return True
    return (kind, name) == ("index", "definition") and bool(names & {"unique"}) and len(names) > 1


def _attribute(kind: str, change: AttributeChange) -> str:
    maker = _WORDS.get((kind.replace("partitioned ", ""), change.name)) or _WORDS.get(("", change.name))
    if maker is not None:
        return maker(change.found, change.expected)
    return f"{change.name} {_or_none(change.found)} → {_or_none(change.expected)}"


def _or_none(value: str | None) -> str:
    return NONE if value in (None, "") else str(value)


def _values(label: str, values: dict[str | None, str]) -> Callable[[str | None, str | None], str]:
    def make(found: str | None, expected: str | None) -> str:
        sides = (values.get(side, _or_none(side)) for side in (found, expected))
        return f"{label} {' → '.join(sides)}".strip()

    return make


def _each(label: str, spell: Callable[[str], str]) -> Callable[[str | None, str | None], str]:
    def make(found: str | None, expected: str | None) -> str:
        sides = (spell(side) if side else NONE for side in (found, expected))
        return f"{label} {' → '.join(sides)}"

    return make


def _generated(value: str) -> str:
    return f"{value[2:]} {'STORED' if value.startswith('s') else 'VIRTUAL'}"


def _replica_identity(value: str) -> str:
    kind, _, index = value.partition(" ")
    return _REPLICA.get(kind) or f"INDEX {index}"


def _operations(value: str) -> str:
    return " ".join(name for name, flag in zip(_OPERATIONS, value, strict=False) if flag == "t") or NONE


def _index(found: str | None, expected: str | None) -> str:
    """The parts of an index that differ."""
    read = (read_definition((side or "").partition(" USING ")[2]) for side in (found, expected))
    sides = [side for side in read if side is not None]
    if len(sides) != len((found, expected)):
        return _trimmed(found, expected)
    parts = [
        [
            ("method", side.method.strip()),
            ("columns", ", ".join(" ".join(filter(None, (e.expression, e.rest))) for e in side.elements)),
            ("", side.tail.strip()),
            ("WHERE", side.predicate),
        ]
        for side in sides
    ]
    told = [f"{label} {a or NONE} → {b or NONE}" for (label, a), (_, b) in zip(*parts, strict=True) if a != b]
    return ", ".join(told).strip() or _trimmed(found, expected)


def _constraint(found: str | None, expected: str | None) -> str:
    """The clauses that differ."""
    had, wanted = (_CLAUSES.split(side or "") for side in (found, expected))
    only = ([c for c in had if c not in wanted], [c for c in wanted if c not in had])
    return " → ".join(" ".join(side) or NONE for side in only)


def _trimmed(found: str | None, expected: str | None) -> str:
    """The words that differ in a longer text."""
    had, wanted = (found or "").split(), (expected or "").split()
    start = _common(had, wanted)
    end = min(_common(had[::-1], wanted[::-1]), len(had) - start, len(wanted) - start)
    sides = [" ".join(side[start : len(side) - end]) or NONE for side in (had, wanted)]
    if sum(map(len, sides)) > _LONG:
        return "definition differs"
    return " → ".join(sides)


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _labels(found: str | None, expected: str | None) -> str:
    had, wanted = (read_labels(side or "") for side in (found, expected))
    missing = [write_label(v) for v in wanted if v not in had]
    extra = [write_label(v) for v in had if v not in wanted]
    if not missing and not extra:
        return f"order of labels {found} → {expected}"
    told = [f"lacks label {', '.join(missing)}"] if missing else []
    told += [f"has label {', '.join(extra)} besides"] if extra else []
    return f"the migrated type {' and '.join(told)}"


def _form(found: str | None, expected: str | None) -> str:
    return f"{found} → {expected}"


_WORDS: dict[tuple[str, str], Callable[[str | None, str | None], str]] = {
    ("", "form"): _form,
    ("column", "type"): _each("type", short_type),
    ("type", "base type"): _each("base type", short_type),
    ("type", "subtype"): _each("subtype", lambda value: " ".join(value.split())),
    ("", "not null"): _values("", {"yes": "NOT NULL", "no": "nullable", None: "nullable"}),
    ("column", "identity"): _values("identity", {"a": "ALWAYS", "d": "BY DEFAULT", None: NONE}),
    ("column", "generated"): _each("generated", _generated),
    ("column", "storage"): _values("storage", _STORAGE),
    ("column", "compression"): _values("compression", {"p": "pglz", "l": "lz4", None: "default"}),
    ("", "statistics"): _values("statistics target", {None: "default"}),
    ("table", "persistence"): _values("", {"p": "LOGGED", "u": "UNLOGGED"}),
    ("sequence", "persistence"): _values("", {None: "LOGGED", "u": "UNLOGGED"}),
    ("table", "row security"): _values("row security", _ON),
    ("table", "force row security"): _values("forced row security", _ON),
    ("table", "replica identity"): _each("replica identity", _replica_identity),
    ("", "tablespace"): _values("tablespace", {None: "default"}),
    ("sequence", "cycle"): _values("", {"yes": "CYCLE", "no": "NO CYCLE"}),
    ("", "enabled"): _values("", _ENABLED),
    ("constraint", "validated"): _values("", {"yes": "validated", "no": "NOT VALID"}),
    ("constraint", "disabled triggers"): lambda found, _: (
        "switched off (DISABLE TRIGGER ALL) → checked" if found else "checked → switched off (DISABLE TRIGGER ALL)"
    ),
    ("constraint", "definition"): _constraint,
    ("index", "definition"): _index,
    ("index", "unique"): _values("", {"yes": "UNIQUE", "no": "not unique"}),
    ("index", "valid"): _values("", {"yes": "valid", "no": "INVALID (a failed CREATE INDEX CONCURRENTLY)"}),
    ("index", "clustered"): _values("clustered", _ON),
    ("policy", "command"): _values("for", _COMMANDS),
    ("policy", "permissive"): _values("", {"yes": "PERMISSIVE", "no": "RESTRICTIVE"}),
    ("publication", "operations"): _each("publishes", _operations),
    ("publication", "all tables"): _values("all tables", _ON),
    ("type", "labels"): _labels,
    ("", "definition"): _trimmed,
}
