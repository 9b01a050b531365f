"""Run scripts on one session in the transactions that their tool makes, and tell the recorder of each statement.

A message of several statements is a transaction, which the server opens for itself
(https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-MULTI-STATEMENT). Here the statements are
sent one by one, to look at what each did, in a transaction that is opened for them.
"""

from __future__ import annotations

import linecache
from dataclasses import dataclass

from pytest_migcheck.core.finding import Direction
from pytest_migcheck.core.statement import Source
from pytest_migcheck.history.sql.layout import Piece, Script
from pytest_migcheck.postgres.script import RefusedError, ScriptConnection
from pytest_migcheck.sql.statements import needs_own_transaction, parse
from pytest_migcheck.trace.recorder import Recorder

# What may end a transaction from within, which a transaction block does not let it.
_MAY_COMMIT = frozenset(("do", "call"))


class PieceRefusedError(Exception):
    """The server refused a statement, or to commit after it; ``piece`` is None for an empty script."""

    def __init__(self, refusal: RefusedError, piece: Piece | None, sql: str) -> None:
        super().__init__(refusal.error.message)
        self.refusal = refusal
        self.piece = piece
        self.sql = sql


@dataclass(slots=True)
class Session:
    """One session of a tool; ``direction`` is which way the script runs that it is at.

    ``own_block`` is true while a transaction is open that holds more than one script.
    """

    connection: ScriptConnection
    recorder: Recorder
    direction: Direction = Direction.UPGRADE
    own_block: bool = False

    def run(self, script: Script, direction: Direction) -> None:
        """Run a script.

        Raises:
            PieceRefusedError: the server refuses something; the transaction is rolled back.
        """
        self.direction = direction
        last: Piece | None = None
        wrapped = script.transaction or self.own_block
        if script.transaction and not self.connection.in_transaction:
            self._control("BEGIN", None)
        for message in script.messages:
            alone = len(message) == 1 and not _is_transaction(message[0], script)
            for last in message:
                if not self.connection.in_transaction and not _opens(last) and not alone:
                    self._control("BEGIN", last)
                self._piece(last, recorded=wrapped or parse(last.sql).kind != "transaction")
            if not wrapped and len(message) > 1 and self.connection.in_transaction and not _stays_open(message):
                self._control("COMMIT", last)
        if self.connection.in_transaction and not self.own_block:
            self._control("COMMIT", last)

    def begin(self) -> None:
        """Open a transaction for several scripts."""
        self._control("BEGIN", None)
        self.own_block = True

    def commit(self, last: Piece | None) -> None:
        """End the transaction of several scripts."""
        self.own_block = False
        if self.connection.in_transaction:
            self._control("COMMIT", last)

    def _piece(self, piece: Piece, *, recorded: bool) -> None:
        was_open = self.connection.in_transaction
        source = source_of(piece, self.direction)
        if recorded:
            self.recorder.before(self.connection.connection, autocommit=not was_open, source=source)
        try:
            if piece.data is None:
                self.connection.execute(piece.sql)
            else:
                self.connection.copy_in(piece.sql, piece.data)
        except RefusedError as refusal:
            self.recorder.failed(piece.sql, refusal.error, autocommit=not was_open)
            self._roll_back()
            raise PieceRefusedError(refusal, piece, piece.sql) from refusal
        if recorded:
            self.recorder.after(self.connection.connection, piece.sql, autocommit=not was_open)
        if was_open and not self.connection.in_transaction:
            self.recorder.transaction_ended()

    def _control(self, sql: str, piece: Piece | None) -> None:
        was_open = self.connection.in_transaction
        try:
            self.connection.execute(sql)
        except RefusedError as refusal:
            # A constraint that is checked at the end says here what is wrong.
            self.recorder.failed(sql, refusal.error, autocommit=False)
            self._roll_back()
            raise PieceRefusedError(refusal, piece, sql) from refusal
        if was_open:
            self.recorder.transaction_ended()

    def _roll_back(self) -> None:
        self.own_block = False
        if not self.connection.connection.closed and self.connection.in_transaction:
            self.connection.execute("ROLLBACK")
            self.recorder.transaction_ended()


def source_of(piece: Piece, direction: Direction) -> Source:
    """The place of a statement, as the findings and reports name it."""
    path = str(piece.path)
    text = linecache.getline(path, piece.line).rstrip("\r\n")
    return Source(path=path, line=piece.line, function=direction.value, text=text)


def _is_transaction(piece: Piece, script: Script) -> bool:
    """Whether the only statement of a script can be run in a block, where its locks are there to be seen.

    It is a transaction of its own either way. One of several messages commits before the next: that is autocommit.
    """
    only = len(script.messages) == 1
    return only and not needs_own_transaction(piece.sql) and parse(piece.sql).kind not in _MAY_COMMIT


def _opens(piece: Piece) -> bool:
    parsed = parse(piece.sql)
    return parsed.kind == "transaction" and parsed.name in ("BEGIN", "START")


def _stays_open(message: tuple[Piece, ...]) -> bool:
    """Whether the last word on the transaction in a message is a BEGIN: the end of the message does not end it."""
    control = [piece for piece in message if parse(piece.sql).kind == "transaction"]
    return bool(control) and _opens(control[-1])
