"""What a folder of SQL migrations is made of, whatever tool it is for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pytest_migcheck.core.finding import Direction
from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.history.source import Fault


class ScriptError(MigcheckError):
    """A migration's file cannot be run as it is: its text is at fault, and PostgreSQL was not asked.

    ``advice`` is what to do about it.
    """

    def __init__(self, path: Path, line: int, message: str, advice: str = "") -> None:
        super().__init__(message)
        self.path = path
        self.line = line
        self.advice = advice


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One statement with the place where it begins; ``data`` are the lines that follow a COPY FROM stdin."""

    sql: str
    path: Path
    line: int
    data: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """What a tool sends for one direction of a migration.

    ``messages`` are what it sends at a time: the statements of one message share a transaction, as PostgreSQL has it.
    ``transaction`` is true where the tool opens a transaction around all of them.
    """

    messages: tuple[tuple[Piece, ...], ...]
    transaction: bool

    @property
    def pieces(self) -> tuple[Piece, ...]:
        return tuple(piece for message in self.messages for piece in message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One migration: ``id`` as its tool calls it, and what reads the script of a direction.

    ``path`` is the file of its upgrade, ``down_path`` the one of its downgrade where that is another; ``down_line`` is
    where the downgrade begins, 0 where there is none. ``repeatable`` ones run again whenever their file changes.
    ``stamp`` is what the tool notes of it besides its id.
    ``verify`` reads the script that the tool runs after the upgrade to see that it worked.
    """

    id: str
    path: Path
    read: Callable[[Direction], Script]
    title: str = ""
    up_line: int = 1
    down_path: Path | None = None
    down_line: int = 0
    stamp: str = ""
    repeatable: bool = False
    verify: Callable[[], Script] | None = None

    @property
    def has_downgrade(self) -> bool:
        return self.down_line > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """The tool's own record of what is applied, so that the tool finds the databases migrated.

    ``create`` runs in an empty database; ``applied`` and ``reverted`` give the SQL for one migration. ``tables`` are
    (schema, name); a schema of the tool's own is ("", name). ``known`` is a query for whether a migration was finished
    and the ``checksum`` of its file then: a dump that the history starts from may hold such rows.
    """

    tables: tuple[tuple[str, str], ...]
    create: str
    applied: Callable[[Migration], str]
    reverted: Callable[[Migration], str]
    known: Callable[[Migration], str] | None = None
    checksum: Callable[[Path], str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A folder as its tool reads it.

    ``kind`` is ``prisma``, ``drizzle`` or ``sql``, ``tool`` the name that users know. ``anchor`` is the file to which
    the items of the whole history belong. ``refusal`` says why nothing of it can run. ``forward`` says why there is
    no way back where there is none. ``outside`` is how the tool runs a statement outside of a transaction.
    ``generate`` is the command that writes a new migration.
    ``one_transaction`` is true where it runs all that is pending in one. ``notes`` are for the one-shot upgrade.
    """

    kind: str
    tool: str
    root: Path
    anchor: Path
    migrations: tuple[Migration, ...]
    outside: str
    forward: str
    generate: str = ""
    faults: tuple[Fault, ...] = ()
    config_files: tuple[Path, ...] = ()
    refusal: str = ""
    one_transaction: bool = False
    notes: tuple[str, ...] = ()
    ledger: Ledger | None = None
