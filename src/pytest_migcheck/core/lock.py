"""Lock modes of PostgreSQL, their strength and what they block.

Source: https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass


class LockMode(enum.IntEnum):
    """Table-level lock modes, weakest first, so that ``max`` is the strongest."""

    ACCESS_SHARE = 1
    ROW_SHARE = 2
    ROW_EXCLUSIVE = 3
    SHARE_UPDATE_EXCLUSIVE = 4
    SHARE = 5
    SHARE_ROW_EXCLUSIVE = 6
    EXCLUSIVE = 7
    ACCESS_EXCLUSIVE = 8

    @property
    def label(self) -> str:
        """The mode as PostgreSQL's manual spells it, such as ``ACCESS EXCLUSIVE``."""
        return self.name.replace("_", " ")

    @classmethod
    def from_pg_locks(cls, mode: str) -> LockMode:
        """Read the spelling of ``pg_locks.mode``, such as ``AccessExclusiveLock``."""
        return _PG_LOCKS_SPELLING[mode]

    @classmethod
    def from_label(cls, label: str) -> LockMode:
        """Read the spelling of `label`."""
        return cls[label.replace(" ", "_")]

    @property
    def blocks_writes(self) -> bool:
        """Whether INSERT, UPDATE, DELETE and MERGE of other sessions wait."""
        return self >= LockMode.SHARE

    @property
    def blocks_reads(self) -> bool:
        """Whether plain SELECT of other sessions waits."""
        return self is LockMode.ACCESS_EXCLUSIVE

    @property
    def blocked(self) -> str:
        """The statements of other sessions that wait, in words."""
        if self.blocks_reads:
            return "blocks reads and writes"
        if self.blocks_writes:
            return "blocks INSERT UPDATE DELETE MERGE"
        return "blocks neither reads nor writes"


class Basis(enum.Enum):
    """What a finding rests on: the statement's text, what the server did, or both."""

    CONFIRMED = "confirmed"
    OBSERVED = "observed only"
    PREDICTED = "predicted only"


_PG_LOCKS_SPELLING = {"".join(part.capitalize() for part in mode.name.split("_")) + "Lock": mode for mode in LockMode}


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldLock:
    """One relation lock that a transaction holds.

    ``relation`` is schema-qualified (``public.orders``), ``kind`` a ``pg_class.relkind`` letter.
    ``preexisting`` is false when the relation was made by the transaction that holds the lock.
    ``table`` is the table that an index belongs to, else the relation itself. ``predicted`` means that the
    statement's text says this mode, ``observed`` that the server listed it.
    """

    relation: str
    kind: str
    mode: LockMode
    preexisting: bool
    table: str
    predicted: bool = False
    observed: bool = True


def basis_of(locks: Iterable[HeldLock]) -> Basis:
    """What is known of some locks: confirmed if at least one of them was both predicted and observed."""
    known = [(lock.predicted, lock.observed) for lock in locks]
    if (True, True) in known:
        return Basis.CONFIRMED
    return Basis.OBSERVED if any(observed for _, observed in known) else Basis.PREDICTED
