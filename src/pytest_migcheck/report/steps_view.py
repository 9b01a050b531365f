"""One revision as the HTML page shows it: its verdicts, its findings, its statements and their locks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_migcheck.report.pictures.timeline import blocks, lock_timeline

# Up to that many revisions everything is shown; in a longer history, of the revisions without findings the
# upgrades of the newest: the page has to open at once.
_EVERYTHING = 150
_NEWEST = 300
_BLOCKED = {"none": "nothing", "writes": "INSERT UPDATE DELETE MERGE", "all": "reads and writes"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The statements of one direction, with their picture; or how many of them were left out."""

    direction: str
    statements: tuple[Mapping[str, Any], ...] = ()
    picture: str | None = None
    left_out: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A revision; ``walked`` are the three steps of its stairway, None where it was not asked for."""

    id: str
    anchor: str
    message: str
    path: str
    line: int
    parents: tuple[str, ...]
    depends_on: tuple[str, ...]
    checks: tuple[Mapping[str, Any], ...]
    findings: tuple[Mapping[str, Any], ...]
    runs: tuple[Run, ...]
    walked: tuple[Mapping[str, Any], ...] | None
    irreversible: bool
    state: str
    verdict: str


def steps_of(history: Mapping[str, Any], number: int, report: Mapping[str, Any]) -> list[Step]:
    """Every revision of a history, in the order in which they run."""
    name, graph = history["name"], history["graph"]
    checks, findings, statements = (
        _by_revision(report[kind], name) for kind in ("checks", "findings", "statements")
    )
    return [
        _step(
            revision,
            f"r{number}-" + re.sub(r"[^\w-]", "_", revision["id"]),
            checks.get(revision["id"], []),
            findings.get(revision["id"], []),
            tuple(
                _runs(
                    revision["id"],
                    statements.get(revision["id"], []),
                    _shown_directions(findings.get(revision["id"], []), len(graph), len(graph) - place),
                )
            ),
        )
        for place, revision in enumerate(graph)
    ]


def _shown_directions(findings: Sequence[Mapping[str, Any]], revisions: int, age: int) -> frozenset[str]:
    """The directions of a revision that are shown in full; in a long history, of those without findings only some."""
    shown = {f["direction"] for f in findings if f["direction"]}
    if revisions <= _EVERYTHING or findings:
        shown |= {"upgrade", "downgrade"}
    elif age <= _NEWEST:
        shown.add("upgrade")
    return frozenset(shown)


def _by_revision(entries: Sequence[Mapping[str, Any]], history: str) -> dict[str, list[Mapping[str, Any]]]:
    found: dict[str, list[Mapping[str, Any]]] = {}
    for entry in entries:
        if entry["history"] == history and entry["revision"] is not None:
            found.setdefault(entry["revision"], []).append(entry)
    return found


def _step(
    revision: Mapping[str, Any],
    anchor: str,
    checks: Sequence[Mapping[str, Any]],
    findings: Sequence[Mapping[str, Any]],
    runs: tuple[Run, ...],
) -> Step:
    walked = next((tuple(c["steps"]) for c in checks if c.get("steps")), None)
    irreversible = any(s["state"] == "irreversible" for s in walked or ())
    state, verdict = _verdict(checks, findings, irreversible=irreversible)
    return Step(
        id=revision["id"],
        anchor=anchor,
        message=revision["message"],
        path=revision["path"],
        line=revision["line"],
        parents=tuple(revision["parents"]),
        depends_on=tuple(revision["depends_on"]),
        checks=tuple(checks),
        findings=tuple(findings),
        runs=runs,
        walked=walked,
        irreversible=irreversible,
        state=state,
        verdict=verdict,
    )


def _verdict(
    checks: Sequence[Mapping[str, Any]], findings: Sequence[Mapping[str, Any]], *, irreversible: bool
) -> tuple[str, str]:
    """The worst result of a revision, as a state and in words."""
    shown = [f for f in findings if not f["suppressed"]]
    errors, warnings = (sum(f["severity"] == s for f in shown) for s in ("error", "warning"))
    if any(c["outcome"] == "error" for c in checks):
        return "error", "not judged"
    words = [_plural(n, word) for n, word in ((errors, "error"), (warnings, "warning")) if n]
    if words:
        return "error" if errors else "warning", ", ".join(words)
    if not checks:
        return "run", "only run"
    if any(c["outcome"] == "passed" for c in checks) or irreversible:
        ignored = len(findings) - len(shown)
        return "ok", f"passed, {ignored} ignored" if ignored else "passed"
    return "skipped", "not reached" if any("not reached" in (c["reason"] or "") for c in checks) else "skipped"


def _plural(number: int, word: str) -> str:
    return f"{number} {word}" + ("" if number == 1 else "s")


def _runs(revision: str, statements: Sequence[Mapping[str, Any]], shown: frozenset[str]) -> Iterator[Run]:
    for direction in ("upgrade", "downgrade"):
        ran = [s for s in statements if s["direction"] == direction and s["pass"] == 1]
        if ran and direction not in shown:
            yield Run(direction=direction, left_out=len(ran))
        elif ran:
            label = f"Locks of the {direction} of {revision} over time; the table below says the same in words"
            yield Run(
                direction=direction,
                statements=tuple(_with_locks(ran)),
                picture=lock_timeline(ran, label),
            )


def _with_locks(statements: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Each statement with the locks that it took or strengthened, and how many of less interest it took besides."""
    held: dict[tuple[int | None, str], str] = {}
    for number, statement in enumerate(statements, 1):
        taken, others = [], 0
        for lock in statement["locks"]:
            key = (statement["transaction"], lock["relation"])
            if statement["transaction"] is not None and held.get(key) == lock["mode"]:
                continue
            held[key] = lock["mode"]
            if not lock["preexisting"] or lock["table"] != lock["relation"]:
                others += 1
                continue
            kind = blocks(lock["mode"])
            taken.append({**lock, "kind": kind, "blocks": _BLOCKED[kind], "verdict": _basis(lock)})
        yield {**statement, "number": number, "taken": taken, "others": others}


def _basis(lock: Mapping[str, Any]) -> str:
    if lock["predicted"] and lock["observed"]:
        return "confirmed"
    return "observed only" if lock["observed"] else "predicted only"
