"""The locks that a statement takes by what it says.

https://www.postgresql.org/docs/current/sql-altertable.html and explicit-locking.html#LOCKING-TABLES; measured on 15
and 18.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from pytest_migcheck.core.lock import LockMode
from pytest_migcheck.sql.model import Action, ParsedStatement
from pytest_migcheck.sql.statements import parse

_SUE, _SHARE = LockMode.SHARE_UPDATE_EXCLUSIVE, LockMode.SHARE
_SRE, _AX = LockMode.SHARE_ROW_EXCLUSIVE, LockMode.ACCESS_EXCLUSIVE
# Sub-commands that take less than ACCESS EXCLUSIVE on their own table.
_ACTIONS = {
    "validate constraint": _SUE,
    "set statistics": _SUE,
    "set": _SUE,
    "reset": _SUE,
    "set without": _SUE,
    "cluster on": _SUE,
    "attach partition": _SUE,
    "add foreign key": _SRE,
    "disable trigger": _SRE,
    "enable trigger": _SRE,
}
_ON_A_TABLE = {
    "create trigger": _SRE,
    "drop trigger": _AX,
    "alter trigger": _AX,
    "create rule": _AX,
    "drop rule": _AX,
    "create policy": _AX,
    "drop policy": _AX,
    "alter policy": _AX,
    "cluster": _AX,
    "update": LockMode.ROW_EXCLUSIVE,
    "delete": LockMode.ROW_EXCLUSIVE,
    "insert": LockMode.ROW_EXCLUSIVE,
}
_NAMED = {"drop table": _AX, "drop view": _AX, "drop materialized view": _AX, "truncate": _AX, "lock table": _AX}


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """What a statement locks.

    ``named`` are relations as the statement spells them; ``others`` is the lock on relations that it works
    through without naming them (partitions, tables with a domain), None where that cannot be known.
    """

    named: tuple[tuple[str, LockMode], ...] = ()
    others: LockMode | None = None

    def mode_of(self, relation: str) -> LockMode | None:
        """The strongest predicted mode on a schema-qualified relation."""
        modes = [mode for name, mode in self.named if name == relation or relation.endswith(f".{name}")]
        return max(modes, default=None)


@lru_cache(maxsize=2048)
def predicted_locks(parsed: ParsedStatement) -> Prediction:
    """The locks of a statement; nothing for one that is not known."""
    concurrent = "CONCURRENTLY" in parsed.flags
    if parsed.kind == "alter table":
        return _alter_table(parsed)
    if parsed.kind == "create table":
        keys = [(a.target, _SRE) for a in parsed.actions if a.target]
        parents = [(name, _AX) for name in parsed.names]
        return Prediction(named=(*keys, *parents), others=_AX if parents else LockMode.ACCESS_SHARE)
    if parsed.kind in ("create index", "reindex"):
        mode = _SUE if concurrent else _SHARE
        named = ((parsed.table, mode),) if parsed.table else ()
        return Prediction(named=named, others=mode)
    if parsed.kind == "drop index":
        return Prediction(others=_SUE if concurrent else _AX)
    if parsed.kind == "refresh materialized view":
        mode = LockMode.EXCLUSIVE if concurrent else _AX
        return Prediction(named=((parsed.name, mode),), others=LockMode.ACCESS_SHARE)
    if parsed.kind == "vacuum":
        mode = _AX if "FULL" in parsed.flags else _SUE
        return Prediction(named=tuple((name, mode) for name in parsed.names), others=mode)
    if parsed.kind == "alter domain":
        return Prediction(others=_SHARE)
    if parsed.kind == "lock table" and parsed.tail:
        mode = LockMode.__members__.get(parsed.tail.replace(" ", "_"), _AX)
        return Prediction(named=tuple((name, mode) for name in parsed.names))
    if parsed.kind in _NAMED:
        return Prediction(named=tuple((name, _NAMED[parsed.kind]) for name in parsed.names), others=_AX)
    if parsed.kind in _ON_A_TABLE:
        return Prediction(named=((parsed.table, _ON_A_TABLE[parsed.kind]),))
    return Prediction()


_HIDDEN = re.compile(
    r"(?is)\b(?:CREATE\s+(?:UNIQUE\s+)?INDEX|ALTER\s+(?:TABLE|DOMAIN)|REINDEX|CLUSTER|REFRESH\s+MATERIALIZED)\b[^;']*"
)


@lru_cache(maxsize=512)
def hidden_locks(sql: str) -> tuple[Prediction, ...]:
    """The locks of statements that can be read in the body of a DO block; what is put together at run time cannot."""
    return tuple(predicted_locks(parse(found.strip())) for found in _HIDDEN.findall(sql))


def _alter_table(parsed: ParsedStatement) -> Prediction:
    own = max(map(_own_mode, parsed.actions), default=_AX)
    others: list[tuple[str, LockMode]] = []
    for action in parsed.actions:
        if action.target:
            others.append((action.target, _SRE))
        if action.kind in ("attach partition", "detach partition", "inherit"):
            mode = _SUE if action.kind == "inherit" else _AX
            others.append((action.name, mode))
    kinds = {action.kind for action in parsed.actions}
    unnamed = _AX if "attach partition" in kinds else _SRE if kinds == {"alter constraint"} else own
    return Prediction(named=((parsed.table, own), *others), others=unnamed)


def _own_mode(action: Action) -> LockMode:
    if action.kind == "detach partition":
        return _SUE if action.flags & {"CONCURRENTLY", "FINALIZE"} else _AX
    if action.kind == "alter column" and action.tail.startswith(("SET (", "RESET (", "set (", "reset (")):
        return _SUE
    return _ACTIONS.get(action.kind, _AX)
