"""The revisions of a branch beside those of the base that it started from."""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from pytest_migcheck.core.graph import Graph
from pytest_migcheck.history.git import GitBase

_LINKS = ("down_revision", "depends_on")
_HEADER = frozenset(("revision", "branch_labels", *_LINKS))


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedRevision:
    """A revision as it is at the base; ``upgrade`` and ``downgrade`` are its code, in a form without layout."""

    id: str
    path: Path
    requires: tuple[str, ...]
    upgrade: str
    downgrade: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What the branch does to the history: ``edited`` and ``relinked`` are pairs of then and now, by id."""

    base: GitBase
    new: frozenset[str]
    edited: Mapping[str, tuple[MergedRevision, MergedRevision]]
    relinked: Mapping[str, tuple[MergedRevision, MergedRevision]]
    deleted: tuple[MergedRevision, ...]

    @property
    def touched(self) -> frozenset[str]:
        """What is to be judged: what is new, and what is not as it was."""
        return self.new | self.edited.keys() | self.relinked.keys()


def compare(graph: Graph, base: GitBase) -> Comparison:
    """Compare the revisions of a history with those at the base; comments and layout do not count."""
    by_path = {Path(path).resolve(): r.id for r in graph.revisions.values() for path in r.paths}
    changed = base.changed(_folders(by_path)) if by_path else {}
    then: dict[str, MergedRevision] = {}
    now: dict[str, MergedRevision] = {}
    for path, text in changed.items():
        name = by_path.get(path.resolve())
        if text is not None and (m := _read(path, text, name)):
            then[m.id] = m
        if path.is_file() and (m := _read(path, path.read_text(encoding="utf-8", errors="replace"), name)):
            now[m.id] = m
    both = {id_: (then[id_], now[id_]) for id_ in then if id_ in now}
    return Comparison(
        base=base,
        new=frozenset(id_ for id_ in now if id_ not in then and id_ in graph.revisions),
        edited={
            id_: (a, b)
            for id_, (a, b) in both.items()
            if id_ in graph.revisions and (a.upgrade, a.downgrade) != (b.upgrade, b.downgrade)
        },
        relinked={id_: (a, b) for id_, (a, b) in both.items() if id_ in graph.revisions and a.requires != b.requires},
        deleted=tuple(revision for id_, revision in then.items() if id_ not in now and id_ not in graph.revisions),
    )


def _folders(paths: Collection[Path]) -> list[Path]:
    """The folders that hold the files, without those inside of others."""
    folders = sorted({path.parent for path in paths})
    top = {folder.parent for folder in folders} if len(folders) > 3 else set()
    return sorted(top) if len(top) == 1 else folders


def _read(path: Path, text: str, name: str | None) -> MergedRevision | None:
    """A file in Python says which revision it is; a file of SQL is one, by its place, and every word of it counts."""
    if path.suffix == ".py":
        return merged_revision(path, text)
    place = f"{path.parent.name}/{path.name}"
    return MergedRevision(id=name or place, path=path, requires=(), upgrade=text, downgrade="")


def merged_revision(path: Path, text: str) -> MergedRevision | None:
    """The revision in a file's text, without running it; None where it holds none."""
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError):
        return None
    values = _assigned(body)
    id_ = values.get("revision")
    if not isinstance(id_, str):
        return None
    code = [node for node in body if not _is_header(node)]
    down = [node for node in code if getattr(node, "name", "") == "downgrade"]
    return MergedRevision(
        id=id_,
        path=path,
        requires=tuple(sorted({name for link in _LINKS for name in _names(values.get(link))})),
        upgrade="\n".join(ast.dump(node) for node in code if node not in down),
        downgrade="\n".join(map(ast.dump, down)),
    )


def _assigned(body: list[ast.stmt]) -> dict[str, object]:
    found: dict[str, object] = {}
    for node in body:
        if isinstance(node, ast.Assign):
            targets, value = node.targets, node.value
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            targets, value = [node.target], node.value
        else:
            continue
        for target in targets:
            if isinstance(target, ast.Name) and target.id in _HEADER:
                try:
                    found[target.id] = ast.literal_eval(value)
                except ValueError:
                    found[target.id] = ast.dump(value)
    return found


def _is_header(node: ast.stmt) -> bool:
    """The docstring, the imports and the names that Alembic reads: no database is other for them."""
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return True
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return True
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return isinstance(node, (ast.Assign, ast.AnnAssign)) and all(getattr(t, "id", "") in _HEADER for t in targets)


def _names(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(str(name) for name in value if name)  # type: ignore[attr-defined]
