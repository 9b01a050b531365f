"""How the user moves kinds of drift up and down: ``view: error``, ``column.statistics: ignore``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from pytest_migcheck.core.finding import Change, Difference, Severity

IGNORE = "ignore"
SEVERITIES = ("error", "warning", "info", IGNORE)
KINDS = (
    *("schema", "table", "partitioned table", "foreign table", "column", "constraint", "index", "sequence", "type"),
    *("composite type", "view", "materialized view", "function", "procedure", "aggregate", "trigger", "rule", "policy"),
    *("statistics", "comment", "security label", "extension", "publication", "subscription", "event trigger"),
    *("foreign data wrapper", "server", "cast", "operator", "operator class", "operator family", "collation"),
    *("conversion", "access method", "language", "transform", "text search configuration", "text search dictionary"),
    *("text search parser", "text search template"),
)
ATTRIBUTES = (
    *("persistence", "access method", "tablespace", "options", "toast options", "replica identity", "row security"),
    *("force row security", "partition key", "partition bound", "parents", "of type", "definition", "foreign", "form"),
    *("type", "start", "increment", "min", "max", "cache", "cycle", "owned by", "identity", "not null"),
    *("not null constraint", "default", "generated", "collation", "storage", "compression", "statistics"),
    *("fdw options", "inherited", "validated", "enforced", "deferrable", "deferred", "no inherit"),
    *("disabled triggers", "unique", "valid", "clustered", "attached to", "enabled", "command", "permissive"),
    *("using", "with check", "roles"),
    *("labels", "base type", "subtype", "version", "schema", "relocatable", "target", "text", "label", "provider"),
    *("event", "function", "tags", "all tables", "operations", "tables", "schemas", "slot", "publications"),
    *("handler", "validator", "wrapper", "name"),
)
# (kind, attribute or "") to one of the severities.
Severities = Mapping[tuple[str, str], str]
_RANK = (Severity.ERROR, Severity.WARNING, Severity.INFO)


def adjusted(differences: Iterable[Difference], severities: Severities) -> Iterator[Difference]:
    """The differences with the severities that the user gave; without those that are to be ignored."""
    for difference in differences:
        of_kind = severities.get((difference.kind, ""))
        if difference.change is not Change.CHANGED:
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
