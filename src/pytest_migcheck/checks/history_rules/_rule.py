"""What a rule on a history is, and what it looks at."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pytest_migcheck.core.finding import Finding
from pytest_migcheck.core.finding_texts import FINDING_TEXTS, FindingText
from pytest_migcheck.core.graph import Graph, Revision
from pytest_migcheck.core.rule_ids import rule_id
from pytest_migcheck.history.merged import Comparison


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryContext:
    """A history: its graph, what of it is judged, and what git says of the branch.

    ``comparison`` is None where no base in git is known; ``file_template`` is the project's own, None where it has
    set none.
    """

    graph: Graph
    env_path: str
    judges: Callable[[str], bool] = lambda _revision: True
    comparison: Comparison | None = None
    file_template: str | None = None

    def judged(self) -> Iterator[Revision]:
        """The revisions that are judged, in order; those in Python, which people write."""
        return (r for r in self.graph.revisions.values() if self.judges(r.id) and r.path.endswith(".py"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Spotted:
    """What a rule has found: one sentence, the place, what to do; ``revision`` is None for one that is gone."""

    headline: str
    path: str
    line: int
    fix: str
    object: str
    revision: str | None = None
    details: tuple[tuple[str, str], ...] = field(default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRule:
    """A named fault of a history; its texts are in ``core.finding_texts``. One that is ``off`` must be selected."""

    name: str
    look: Callable[[HistoryContext], Iterator[Spotted]]
    off: bool = False

    @property
    def text(self) -> FindingText:
        return FINDING_TEXTS[self.name]

    @property
    def id(self) -> str:
        return rule_id(self.name)

    def findings(self, context: HistoryContext) -> Iterator[Finding]:
        """What the rule finds in a history."""
        for spotted in self.look(context):
            yield Finding(
                id=self.id,
                rule=self.name,
                severity=self.text.severity,
                check="heads",
                headline=spotted.headline,
                object=spotted.object,
                revision=spotted.revision,
                path=spotted.path,
                line=spotted.line,
                details=(*spotted.details, ("why", self.text.effect), ("fix", spotted.fix)),
            )


def upgrade_body(path: str) -> tuple[ast.stmt, ...] | None:
    """The statements of a file's ``upgrade()``; None where it has none of its own, or takes it from elsewhere."""
    for node in ast.parse(Path(path).read_bytes()).body:
        if isinstance(node, ast.FunctionDef) and node.name == "upgrade":
            return tuple(node.body)
    return None
