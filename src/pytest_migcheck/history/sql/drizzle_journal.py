"""What can be wrong with Drizzle's journal and snapshots."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_migcheck.core.finding import Severity
from pytest_migcheck.history.source import Fault

_ORIGIN = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of the journal; ``when`` is the time, in milliseconds, that decides whether it is pending."""

    idx: Any
    tag: str
    when: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Journal:
    """``meta/_journal.json``, with its text to find lines in."""

    path: Path
    text: str
    dialect: str
    entries: tuple[Entry, ...]

    def line(self, tag: str, nth: int = 1) -> int:
        """The line of an entry, the last one where it is there more than ``nth`` times."""
        at = -1
        for _ in range(nth):
            found = self.text.find(f'"{tag}"', at + 1)
            at = found if found >= 0 else at
        return self.text.count("\n", 0, max(at, 0)) + 1


def journal_faults(journal: Journal, files: Mapping[str, Path]) -> Iterator[Fault]:
    """Files without entry, entries without file, and entries that contradict each other."""
    listed = {entry.tag for entry in journal.entries}
    path = str(journal.path)
    for tag, file in files.items():
        if tag not in listed:
            yield Fault(
                rule="migration-not-listed",
                headline=f"{file.name} is not in the journal, so it is never run",
                object=file.name,
                path=str(file),
                details=(("fix", "write it anew with `drizzle-kit generate` (or `--custom`), or delete the file"),),
            )
    for entry in journal.entries:
        if entry.tag not in files:
            yield Fault(
                rule="migration-file-missing",
                headline=f"the journal lists {entry.tag}, and {entry.tag}.sql is not there: the migrator stops",
                object=entry.tag,
                path=path,
                line=journal.line(entry.tag),
                details=(("fix", f"restore {entry.tag}.sql, or `drizzle-kit drop` the entry"),),
            )
    yield from _duplicates(journal)
    yield from _out_of_order(journal)


def _duplicates(journal: Journal) -> Iterator[Fault]:
    seen: dict[tuple[str, str], Entry] = {}
    for entry in journal.entries:
        for name, value in (("idx", entry.idx), ("tag", entry.tag)):
            other = seen.setdefault((name, str(value)), entry)
            if other is not entry:
                yield Fault(
                    rule="duplicate-migration",
                    headline=f"{other.tag} and {entry.tag} have the same {name} {value} in the journal",
                    object=entry.tag,
                    path=str(journal.path),
                    line=journal.line(entry.tag, 2 if other.tag == entry.tag else 1),
                    details=(
                        ("why", "two branches generated a migration each, and both were merged"),
                        ("fix", "`drizzle-kit drop` the later one, and generate it anew"),
                    ),
                )


def _out_of_order(journal: Journal) -> Iterator[Fault]:
    latest: Entry | None = None
    for entry in journal.entries:
        if latest is not None and None not in (entry.when, latest.when) and entry.when < latest.when:  # type: ignore[operator]
            yield Fault(
                rule="migration-out-of-order",
                headline=f"{entry.tag} has an older `when` than {latest.tag} before it: where that one is applied, "
                "it is silently skipped",
                object=entry.tag,
                path=str(journal.path),
                line=journal.line(entry.tag),
                details=(
                    ("why", "the migrator runs what is newer than the newest that it has applied, and nothing else"),
                    ("fix", f"generate it anew after {latest.tag}, or set its `when` to more than {latest.when}"),
                ),
            )
        else:
            latest = entry


def snapshot_faults(snapshots: Mapping[Path, Mapping[str, Any]]) -> Iterator[Fault]:
    """Snapshots that do not follow each other: the next migration would be generated from a wrong state."""
    known = {str(plain.get("id")) for plain in snapshots.values()} | {_ORIGIN}
    children: dict[str, Path] = {}
    for path, plain in snapshots.items():
        parents = plain.get("prevIds", [plain.get("prevId")])
        name = path.name if path.name != "snapshot.json" else path.parent.name
        for parent in map(str, parents if isinstance(parents, list) else [parents]):
            other = children.setdefault(parent, path)
            if parent not in known:
                yield _chain_fault(path, f"{name} follows snapshot {parent}, which is not there")
            elif other is not path and "prevId" in plain:
                yield _chain_fault(path, f"{name} and {other.name} both follow snapshot {parent}")


def _chain_fault(path: Path, headline: str) -> Fault:
    return Fault(
        rule="snapshot-chain-broken",
        severity=Severity.ERROR,
        headline=headline,
        object=path.name,
        path=str(path),
        details=(
            ("why", "drizzle-kit compares the schema with the last snapshot; the next migration would be wrong"),
            ("fix", "`drizzle-kit drop` the later migration, and generate it anew after the other one"),
        ),
    )
