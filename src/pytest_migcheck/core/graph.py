"""The revision graph of one history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pytest_migcheck.core.finding import Direction


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One revision: ``parents`` are its down revisions, ``depends_on`` what must have run besides.

    ``path`` is the absolute path of its file, ``downgrade_path`` that of its way back where it has one of its own;
    lines are 1-based, of the functions' ``def``.
    """

    id: str
    parents: tuple[str, ...]
    depends_on: tuple[str, ...] = ()
    path: str
    message: str = ""
    branch_labels: tuple[str, ...] = ()
    upgrade_line: int = 1
    downgrade_line: int = 1
    down_revision_line: int = 1
    downgrade_path: str | None = None

    @property
    def is_merge(self) -> bool:
        return len(self.parents) > 1

    @property
    def paths(self) -> tuple[str, ...]:
        """Its files, that of the upgrade first."""
        return (self.path,) if self.downgrade_path is None else (self.path, self.downgrade_path)

    def place(self, direction: Direction) -> tuple[str, int]:
        """The file and the line where one direction begins."""
        if direction is Direction.UPGRADE:
            return self.path, self.upgrade_line
        return self.downgrade_path or self.path, self.downgrade_line

    @property
    def requires(self) -> tuple[str, ...]:
        """Parents and dependencies, each once."""
        return tuple(dict.fromkeys((*self.parents, *self.depends_on)))


@dataclass(frozen=True, slots=True)
class Graph:
    """Revisions in an order in which each comes after all that it requires."""

    revisions: Mapping[str, Revision]
    heads: tuple[str, ...]
    _ancestors: dict[str, frozenset[str]] = field(default_factory=dict, repr=False, compare=False)

    @property
    def order(self) -> tuple[str, ...]:
        return tuple(self.revisions)

    def ancestors(self, revision: str) -> frozenset[str]:
        """Every revision that must be applied before ``revision``, itself excluded."""
        known = self._ancestors.get(revision)
        if known is not None:
            return known
        found: set[str] = set()
        pending = list(self.revisions[revision].requires)
        while pending:
            current = pending.pop()
            if current not in found:
                found.add(current)
                pending.extend(self.revisions[current].requires)
        self._ancestors[revision] = frozenset(found)
        return self._ancestors[revision]

    def children(self, revision: str) -> tuple[str, ...]:
        """Revisions that require ``revision`` directly."""
        return tuple(r.id for r in self.revisions.values() if revision in r.requires)
