"""What the tools have in common that take the order of migrations from numbers in the names of files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from pytest_migcheck.core.finding import Severity
from pytest_migcheck.history.source import Fault


def duplicates(numbered: Sequence[tuple[object, Path]], tool: str, word: str = "version") -> Iterator[Fault]:
    """A fault for each file whose number another file has."""
    seen: dict[object, Path] = {}
    own = "number" if word == "version" else word
    for number, path in numbered:
        other = seen.setdefault(number, path)
        if other is not path:
            yield Fault(
                rule="duplicate-migration",
                headline=f"{other.name} and {path.name} have the same {word}: {tool} stops",
                object=path.name,
                path=str(path),
                details=(("fix", f"give one of them a {own} of its own: git mv {path.name} …"),),
            )


def not_run(path: Path, why: str, fix: str, severity: Severity = Severity.ERROR) -> Fault:
    """A file that looks like a migration and is none."""
    return Fault(
        rule="migration-not-listed",
        severity=severity,
        headline=f"{path.name} is never run: {why}",
        object=path.name,
        path=str(path),
        details=(("fix", fix),),
    )


def without_upgrade(path: Path, wanted: str) -> Fault:
    """A way back that belongs to no migration: often the number of one of the two is mistyped."""
    return Fault(
        rule="migration-file-missing",
        headline=f"{path.name} takes back a migration that is not there: {wanted}",
        object=path.name,
        path=str(path),
        details=(("fix", f"give it the name of the migration that it takes back, or delete it: git mv {path.name} …"),),
    )


def in_another_language(path: Path, language: str) -> Fault:
    """A migration that only its own tool can run."""
    return Fault(
        rule="migration-not-listed",
        severity=Severity.WARNING,
        headline=f"{path.name} is written in {language}: pytest-migcheck runs SQL and skips it",
        object=path.name,
        path=str(path),
        details=(("why", "what it makes is missing in every state that is judged after it"),),
    )


def without_repetition(numbered: Sequence[tuple[object, Path]]) -> list[tuple[object, Path]]:
    """The first file of each number."""
    first = {entry[0]: place for place, entry in reversed(list(enumerate(numbered)))}
    return [numbered[place] for place in sorted(first.values())]
