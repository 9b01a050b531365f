"""How the user moves kinds of drift up and down: ``view: error``, ``column.statistics: ignore``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from pytest_migcheck.core.finding import Difference, Severity

IGNORE = "ignore"
SEVERITIES = ("error", "warning", "info", IGNORE)
_RELATION = ("options", "tablespace", "access method", "toast options", "form")
_TABLE = ("persistence", "replica identity", "row security", "force row security", "parents", "partition bound")
_BODY = ("definition",)
# What each kind of object can differ in, besides being there.
ATTRIBUTES: Mapping[str, tuple[str, ...]] = {
    "schema": (),
    "table": (*_TABLE, *_RELATION, "of type"),
    "partitioned table": (*_TABLE, *_RELATION, "of type", "partition key"),
    "foreign table": ("foreign", "parents", "partition bound"),
    "column": (
        *("type", "not null", "not null constraint", "default", "identity", "generated", "collation", "storage"),
        *("compression", "statistics", "options", "fdw options", "inherited"),
    ),
    "constraint": (
        *("definition", "name", "form", "type", "validated", "enforced", "deferrable", "deferred", "no inherit"),
        *("inherited", "disabled triggers"),
    ),
    "index": (
        *("definition", "name", "unique", "valid", "clustered", "options", "attached to", "tablespace", "statistics"),
    ),
    "sequence": (
        *("type", "start", "increment", "min", "max", "cache", "cycle", "persistence", "owned by", "identity"),
    ),
    "type": ("form", "labels", "base type", "not null", "default", "collation", "subtype"),
    "composite type": (),
    "view": (*_BODY, "options", "form"),
    "materialized view": (*_BODY, *_RELATION),
    **dict.fromkeys(("function", "procedure", "aggregate"), _BODY),
    **dict.fromkeys(("trigger", "rule"), (*_BODY, "enabled")),
    "policy": ("command", "permissive", "using", "with check", "roles"),
    "statistics": (*_BODY, "target"),
    "comment": ("text",),
    "security label": ("label",),
    "extension": ("version", "schema", "relocatable"),
    "publication": ("all tables", "operations", "tables", "schemas"),
    "subscription": ("enabled", "slot", "publications"),
    "event trigger": ("event", "function", "enabled", "tags"),
    "foreign data wrapper": ("handler", "validator", "options"),
    "server": ("wrapper", "type", "version", "options"),
    # Of these the catalog knows that they are there.
    **dict.fromkeys(("cast", "operator", "operator class", "operator family", "collation", "conversion"), ()),
    **dict.fromkeys(("access method", "language", "transform", "text search configuration"), ()),
    **dict.fromkeys(("text search dictionary", "text search parser", "text search template"), ()),
}
KINDS = tuple(ATTRIBUTES)
# (kind, attribute or "") to one of the severities.
Severities = Mapping[tuple[str, str], str]
_RANK = (Severity.ERROR, Severity.WARNING, Severity.INFO)


def adjusted(differences: Iterable[Difference], severities: Severities) -> Iterator[Difference]:
    """The differences with the severities that the user gave; without those that are to be ignored."""
    for difference in differences:
        of_kind = severities.get((difference.kind, ""))
        if not difference.attributes:  # only one side has it
            if of_kind != IGNORE:
                yield replace(difference, severity=_severity(of_kind, difference.severity))
            continue
        given = {a: severities.get((difference.kind, a.name), of_kind) for a in difference.attributes}
        left = tuple(a for a in difference.attributes if given[a] != IGNORE)
        if left:
            worst = min((_severity(given[a], difference.severity) for a in left), key=_RANK.index)
            yield replace(difference, attributes=left, severity=worst)


def _severity(given: str | None, default: Severity) -> Severity:
    return Severity(given) if given else default
