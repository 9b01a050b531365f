"""How bad each kind of drift is."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_migcheck.core.catalog import Attributes, ObjectKey
from pytest_migcheck.core.finding import Change, Difference, Severity
from pytest_migcheck.core.labels import read_labels

# Tuning is done in SQL, models seldom declare it.
_INFO_ATTRIBUTES = frozenset(
    (
        "storage",
        "statistics",
        "compression",
        "options",
        "toast options",
        "tablespace",
        "replica identity",
        "access method",
        "fdw options",
        "clustered",
        "relocatable",
        "not null constraint",
        "version",
    )
)
# Models can declare these; everything else that only migrations have is listed, not failed.
_DECLARABLE = frozenset(("table", "partitioned table", "column", "constraint", "index", "sequence", "foreign table"))
# Models cannot declare them: on is what somebody wants, off where the models have it on is a loss.
_SECURITY = frozenset(("row security", "force row security"))
_TABLES = ("table", "partitioned table", "foreign table")
_OWNED_SEQUENCE = frozenset(("type", "min", "max"))


def one_sided_severity(
    key: ObjectKey,
    attributes: Attributes,
    change: Change,
    side: Mapping[ObjectKey, Attributes],
    *,
    complete: bool = False,
) -> Severity:
    """The severity of an object that one side lacks; what only something in the models could make is missed.

    ``side`` is the whole side that has it. ``complete``: the declared side could have declared it, whatever it is.
    """
    if key.kind in ("comment", "security label"):
        missed = change is Change.REMOVED or complete or _is_declarable_comment(key, side)
        return Severity.WARNING if missed else Severity.INFO
    if change is Change.REMOVED:
        return Severity.ERROR
    if key.kind == "type" and not complete:
        return Severity.WARNING
    if not (complete or key.kind in _DECLARABLE) or attributes.get("partition bound") is not None:
        return Severity.INFO
    return Severity.ERROR


def changed_severity(difference: Difference, *, owned: bool = False) -> Severity:
    """The severity of an object that both sides have; ``owned`` is a sequence behind a column."""
    if difference.kind in ("comment", "security label"):
        return Severity.WARNING
    names = {a.name for a in difference.attributes}
    lost = any(a.name in _SECURITY and a.expected == "yes" for a in difference.attributes)
    if names <= _INFO_ATTRIBUTES | _SECURITY and not lost:
        return Severity.INFO
    if difference.kind == "type" and names == {"labels"}:
        (labels,) = difference.attributes
        same = sorted(read_labels(labels.expected or "")) == sorted(read_labels(labels.found or ""))
        return Severity.WARNING if same else Severity.ERROR
    if difference.kind == "sequence" and owned and names <= _OWNED_SEQUENCE:
        return Severity.WARNING
    if difference.kind == "extension":
        return Severity.INFO
    return Severity.ERROR


def _is_declarable_comment(key: ObjectKey, side: Mapping[ObjectKey, Attributes]) -> bool:
    """Whether models can say it: of tables, their columns and their constraints."""
    on_table = any(ObjectKey(kind, key.schema, "", key.parent or key.name) in side for kind in _TABLES)
    part = not key.parent or key._replace(kind="column") in side or key.name.endswith(" (table constraint)")
    return key.kind == "comment" and on_table and part
