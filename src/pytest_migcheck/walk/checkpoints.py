"""Copies of a walked database at some revisions, so that going back does not start from nothing."""

from __future__ import annotations

from pytest_migcheck.postgres.database_set import DatabaseSet

# In-order walks need the newest only; a few older ones serve selections in another order.
_KEPT = 6


class Checkpoints:
    """Copies by position: the copy at position n has the first n revisions of the order applied."""

    def __init__(self) -> None:
        self._copies: dict[int, DatabaseSet] = {}

    def nearest(self, position: int) -> int:
        """The greatest position, at most ``position``, that there is a copy of; 0 if none."""
        return max((p for p in self._copies if p <= position), default=0)

    def restore(self, position: int, label: str) -> DatabaseSet:
        return self._copies[position].copy(label)

    def keep(self, position: int, databases: DatabaseSet) -> None:
        """Copy ``databases``, which stand at ``position``; nobody may be connected to them."""
        self._copies[position] = databases.copy(f"k{position}")
        if len(self._copies) > _KEPT:
            self._copies.pop(min(self._copies)).drop()

    def drop(self) -> None:
        for copy in self._copies.values():
            copy.drop()
        self._copies.clear()
