"""Set what a statement's text says of its locks beside what the server showed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from pytest_migcheck.core.lock import HeldLock, LockMode
from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _catalog
from pytest_migcheck.rules._context import RuleContext, is_named
from pytest_migcheck.sql.locks import Prediction, hidden_locks, predicted_locks
from pytest_migcheck.sql.statements import ParsedStatement

_OPAQUE = frozenset(("unrecognised", "do", "call"))


def with_predictions(statement: Statement, parts: Sequence[ParsedStatement], context: RuleContext) -> Statement:
    """The statement with its locks marked as predicted where they are.

    Where the server cannot be asked (after an autocommit, after an error) the locks are the predicted ones alone: those
    on the relations that the text names, and on those that were seen to be scanned or rewritten.
    """
    predictions = [predicted_locks(part) for part in parts]
    if statement.autocommit or statement.error is not None:
        locks = tuple(_predicted(statement, parts, predictions, context))
        return replace(statement, held=locks, acquired=locks)
    worked_on = {*statement.scans, *statement.rewrites}
    by_catalog = {
        pair for part, p in zip(parts, predictions, strict=True) for pair in _by_catalog(part, p, context)
    }
    held = tuple(_marked(lock, predictions, worked_on, by_catalog) for lock in statement.held)
    return replace(statement, held=held)


def _marked(
    lock: HeldLock, predictions: Sequence[Prediction], worked_on: set[str], by_catalog: set[tuple[str, LockMode]]
) -> HeldLock:
    named = [mode for p in predictions for mode in (p.mode_of(lock.relation),) if mode is not None]
    named += [mode for relation, mode in by_catalog if relation == lock.relation]
    others = [p.others for p in predictions if p.others is not None and lock.table in worked_on]
    expected = max(named or others, default=None)
    return lock if expected is not lock.mode else replace(lock, predicted=True)


def _predicted(
    statement: Statement, parts: Sequence[ParsedStatement], predictions: Sequence[Prediction], context: RuleContext
) -> Iterator[HeldLock]:
    modes: dict[str, LockMode] = {}

    worked_on = {*statement.scans, *statement.rewrites}

    def add(table: str, mode: LockMode) -> None:
        # What was seen to be read is what an unqualified name meant, whatever search_path said.
        table = next((name for name in worked_on if is_named(name, table)), table)
        key = _catalog.find(context.catalog, _catalog.RELATIONS, table)
        if key is not None and not context.is_new(key.qualified):
            modes[key.qualified] = max(mode, modes.get(key.qualified, mode))

    for part, prediction in zip(parts, predictions, strict=True):
        for name, mode in prediction.named:
            add(name, mode)
        for table, mode in _by_catalog(part, prediction, context):
            add(table, mode)
    for table in worked_on - modes.keys():
        unnamed = _of_unnamed(table, statement, parts, predictions)
        if unnamed is not None:
            add(table, unnamed)
    for table, mode in sorted(modes.items(), key=lambda item: (-item[1], item[0])):
        key = _catalog.find(context.catalog, _catalog.RELATIONS, table)
        kind = _catalog.TABLES.get(key.kind if key else "", "v")
        yield HeldLock(
            relation=table, kind=kind, mode=mode, preexisting=True, table=table, predicted=True, observed=False
        )


def _by_catalog(part: ParsedStatement, prediction: Prediction, context: RuleContext) -> Iterator[tuple[str, LockMode]]:
    """Locks on tables that the text does not name: of an index, or at the other end of a key that goes."""
    if part.kind in ("drop index", "reindex") and prediction.others is not None:
        for name in part.names or (part.name,):
            key = _catalog.index(context.catalog, name)
            if key is not None:
                yield f"{key.schema}.{key.parent}", prediction.others
    for table, constraint, column in dropped_keys(part):
        for target in _catalog.referenced_tables(context.catalog, table, constraint, column):
            yield target, LockMode.ACCESS_EXCLUSIVE


def dropped_keys(part: ParsedStatement) -> Iterator[tuple[str, str, str]]:
    """(table, constraint, column) of what may take a foreign key away."""
    if part.kind == "drop table":
        yield from ((name, "", "") for name in part.names)
    for action in part.actions if part.kind == "alter table" else ():
        if action.kind == "drop constraint":
            yield part.table, action.name, ""
        elif action.kind == "drop column":
            yield part.table, "", action.name


def _of_unnamed(
    table: str, statement: Statement, parts: Sequence[ParsedStatement], predictions: Sequence[Prediction]
) -> LockMode | None:
    others = [p.others for p in predictions if p.others is not None]
    if others:
        return max(others)
    opaque = any(part.kind in _OPAQUE for part in parts)
    hidden = [mode for p in hidden_locks(statement.sql) for mode in (p.mode_of(table),) if mode is not None]
    if opaque and hidden:
        return max(hidden)
    # Nothing writes a table anew under a weaker lock.
    rewritten = any(is_named(name, table) for name in statement.rewrites)
    return LockMode.ACCESS_EXCLUSIVE if opaque and rewritten else None
