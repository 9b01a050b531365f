"""Code that gives an object its attributes back: what is made anew, what is altered, and in which order."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pytest_migcheck.checks.restoring_attributes import MAKERS, SEQUENCE_OPTIONS, sequence_changes
from pytest_migcheck.checks.restoring_column_changes import column_changes
from pytest_migcheck.checks.restoring_constraints import drop_index
from pytest_migcheck.checks.restoring_database import change_publication
from pytest_migcheck.checks.restoring_sql import (
    address,
    comment_on,
    execute,
    function_address,
    is_table,
    quoted,
    schema_argument,
)
from pytest_migcheck.checks.restoring_tables import columns_of, partitions_of, rebuild
from pytest_migcheck.checks.restoring_type_changes import REMADE, is_remade, remade
from pytest_migcheck.checks.restoring_types import added_labels
from pytest_migcheck.core.catalog import Attributes, Catalog, ObjectKey
from pytest_migcheck.core.describe import text
from pytest_migcheck.rules import _code as code

_CONSTRAINT = frozenset(("definition", "validated", "deferrable", "deferred", "no inherit", "enforced", "type"))
_OPTIONS = re.compile(r" WITH \([^()]+\)")
Create = Callable[[ObjectKey, Catalog], "str | None"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """One object on both sides, with what differs."""

    key: ObjectKey
    old_key: ObjectKey
    before: Catalog
    after: Catalog
    names: frozenset[str]
    create: Create

    @property
    def old(self) -> Attributes:
        return self.before.objects[self.old_key]

    @property
    def new(self) -> Attributes:
        return self.after.objects[self.key]

    @property
    def table(self) -> str:
        return f"{quoted(self.key.schema)}.{quoted(self.key.parent)}"


def changed(
    key: ObjectKey,
    old_key: ObjectKey,
    before: Catalog,
    after: Catalog,
    names: Sequence[str],
    version: int,
    create: Create,
) -> str | None:
    """Code for all the attributes; None where one of them cannot be given back for certain."""
    work = _Work(key=key, old_key=old_key, before=before, after=after, names=frozenset(names), create=create)
    maker = _WHOLE.get(key.kind)
    whole = maker(work) if maker else None
    if whole is not None:
        return whole
    lines: list[str | None] = []
    left = list(names)
    if key.kind == "column":
        lines, left = column_changes(key, before, after, names, version)
    if key.kind == "sequence" and work.names & SEQUENCE_OPTIONS:
        lines.append(sequence_changes(key, work.old, work.new, work.names))
        left = [n for n in left if n not in SEQUENCE_OPTIONS]
    for name in left:
        change = MAKERS.get((key.kind if key.kind != "partitioned table" else "table", name))
        lines.append(change(key, work.old, work.new) if change else None)
    return None if None in lines else "\n".join(filter(None, lines)) or None


def _anew(drop: str) -> Callable[[_Work], str | None]:
    """Drop the object and create it as it was."""

    def make(work: _Work) -> str | None:
        created = work.create(work.old_key, work.before)
        return created and f"{execute(drop.format(name=address(work.key), part=_part(work)))}\n{created}"

    return make


def _part(work: _Work) -> str:
    return f"{quoted(work.key.name)} ON {work.table}"


def _when(names: set[str], make: Callable[[_Work], str | None]) -> Callable[[_Work], str | None]:
    """Only where one of these attributes differs."""
    return lambda work: make(work) if work.names & names else None


def _comment(work: _Work) -> str | None:
    return comment_on(work.key, work.before, text(work.old.get("text")))


def _type(work: _Work) -> str | None:
    key = work.key
    if not work.names & REMADE:
        return None
    if not is_remade(work.names, key, work.old, work.new):
        return added_labels(key, text(work.old.get("labels")), text(work.new.get("labels")))
    created = work.create(key, work.before)
    return created and remade(key, work.before, work.after, created)


def _constraint(work: _Work) -> str | None:
    """A constraint of a table or a domain; the foreign keys that point at a key stand aside meanwhile."""
    key, definition = work.key, text(work.old.get("definition"))
    if not work.names & _CONSTRAINT:
        return None
    on_table = is_table(key, work.after)
    alter = f"ALTER {'TABLE' if on_table else 'DOMAIN'} {work.table}"
    if text(work.new.get("definition")) == f"{definition} NOT VALID":
        return execute(f"{alter} VALIDATE CONSTRAINT {quoted(key.name)}")
    drop = _drop_constraint(key) if on_table else execute(f"{alter} DROP CONSTRAINT {quoted(key.name)}")
    pointing = _pointing(work) if work.new.get("type") in ("p", "u") else []
    made = [work.create(work.old_key, work.before), *(work.create(k, work.after) for k in pointing)]
    return "\n".join(filter(None, [*map(_drop_constraint, pointing), drop, *made]))


def _drop_constraint(key: ObjectKey) -> str:
    return code.call("drop_constraint", code.text(key.name), code.text(key.parent), *schema_argument(key.schema))


def _pointing(work: _Work) -> list[ObjectKey]:
    wanted = f" REFERENCES {work.table}("
    constraints = ((k, a) for k, a in work.after.objects.items() if k.kind == "constraint" and a.get("type") == "f")
    return sorted(k for k, a in constraints if wanted in text(a.get("definition")) and not a.get("inherited"))


def _index(work: _Work) -> str | None:
    if not work.names & {"definition", "unique"} or work.old.get("_constraint"):
        return None
    if "options" in work.names and work.names <= {"definition", "options"} and _same_but_for_options(work):
        return None
    created = work.create(work.old_key, work.before)
    return created and f"{drop_index(work.key)}\n{created}"


def _same_but_for_options(work: _Work) -> bool:
    """Whether ALTER INDEX can do it; the options of another access method are others."""
    old, new = (_OPTIONS.sub("", text(side.get("definition"))) for side in (work.old, work.new))
    return old == new


def _function(work: _Work) -> str | None:
    """CREATE OR REPLACE takes no other result and no other names of arguments."""
    old, new = text(work.old.get("definition")), text(work.new.get("definition"))
    made = work.create(work.old_key, work.before)
    if made is None or old.splitlines()[:2] == new.splitlines()[:2]:
        return made
    return f"{execute(f'DROP {work.key.kind.upper()} {function_address(work.key)}')}\n{made}"


def _aggregate(work: _Work) -> str | None:
    made = work.create(work.old_key, work.before)
    target = function_address(work.key).replace("()", "(*)")
    return made and f"{execute(f'DROP AGGREGATE {target}')}\n{made}"


def _view(work: _Work) -> str | None:
    """CREATE OR REPLACE takes no other columns."""
    if "definition" not in work.names:
        return None
    made = work.create(work.old_key, work.before)
    if made is None:
        return None
    kept = _columns(work.before, work.old_key)[: len(_columns(work.after, work.key))]
    if work.key.kind == "view" and work.names == {"definition"} and kept == _columns(work.after, work.key):
        return made.replace("CREATE VIEW", "CREATE OR REPLACE VIEW", 1)
    return f"{execute(f'DROP {work.key.kind.upper()} {address(work.key)}')}\n{made}"


def _columns(catalog: Catalog, view: ObjectKey) -> list[tuple[int, str, str]]:
    parts = ((k, a) for k, a in catalog.beside(view).items() if k.kind == "column")
    own = ((k, a) for k, a in parts if (k.schema, k.parent) == (view.schema, view.name))
    return sorted((int(text(a.get("_position"))), k.name, text(a.get("type"))) for k, a in own)


def _table(work: _Work) -> str | None:
    """A table with another partition key, which no ALTER gives it."""
    if "partition key" not in work.names and work.key.kind == work.old_key.kind:
        return None
    tables = [work.old_key, *partitions_of(work.old_key, work.before)]
    created = [work.create(key, work.before) for key in tables]
    if None in created:
        return None
    kept = {k.name for k in columns_of(work.key, work.after)}
    return rebuild(work.old_key, work.key, work.before, "\n".join(filter(None, created)), kept)


_WHOLE: dict[str, Callable[[_Work], str | None]] = {
    "comment": _comment,
    "type": _type,
    "constraint": _constraint,
    "index": _index,
    **dict.fromkeys(("function", "procedure"), _when({"definition"}, _function)),
    "aggregate": _when({"definition"}, _aggregate),
    **dict.fromkeys(("view", "materialized view"), _view),
    "trigger": _when({"definition"}, _anew("DROP TRIGGER {part}")),
    "rule": _when({"definition"}, _anew("DROP RULE {part}")),
    "statistics": _when({"definition"}, _anew("DROP STATISTICS {name}")),
    "event trigger": _when({"event", "function", "tags"}, _anew("DROP EVENT TRIGGER {name}")),
    "server": _when({"wrapper", "type"}, _anew("DROP SERVER {name}")),
    "policy": _anew("DROP POLICY {part}"),
    "publication": lambda w: change_publication(w.key, w.before, w.names),
    **dict.fromkeys(("table", "partitioned table"), _table),
    "system setting": lambda w: w.create(w.old_key, w.before),
}
