"""Connections that were refused, and the error that says so."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import Any


class ForeignConnectionError(Exception):
    """The user's code tried to reach something that is not a database of the run (MC900)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A refused connection: what tried it, its target, the user's line ("" and 0 if none is on the stack)."""

    what: str
    host: str
    port: str
    path: str
    line: int

    def __str__(self) -> str:
        return f"MC900 foreign-database: {self.what}, to {self.address}, was refused{self._where()}"

    @property
    def address(self) -> str:
        """host:port as one writes it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return ":".join(part for part in (host, self.port) if part) or "a target that it reads itself"

    def _where(self) -> str:
        return f" at {self.path}:{self.line}" if self.path else ""


class Refusals:
    """Every refusal so far: an error that the user's code swallows is kept here all the same."""

    def __init__(self, is_users: Callable[[str], bool]) -> None:
        self._is_users = is_users
        self._lock = threading.Lock()
        self._kept: list[Refusal] = []

    def refuse(self, what: str, host: str, port: str, advice: str) -> ForeignConnectionError:
        """Record a refusal, and give the error to raise."""
        path, line = users_line(sys._getframe(1), self._is_users)
        refusal = Refusal(what=what, host=host, port=port, path=path, line=line)
        with self._lock:
            if refusal not in self._kept:
                self._kept.append(refusal)
        return ForeignConnectionError(f"{refusal}\nwhat to do: {advice}")

    def take(self) -> tuple[Refusal, ...]:
        """The refusals since the last call."""
        with self._lock:
            taken = tuple(self._kept)
            self._kept.clear()
        return taken


def users_line(frame: FrameType | None, is_users: Callable[[str], bool]) -> tuple[str, int]:
    """The innermost line of the user's on the stack.

    SQLAlchemy's asyncio support runs code in greenlets: their stacks end where they were started, and the parent's
    stack goes on from there.
    """
    greenlet = _current_greenlet()
    while True:
        while frame is not None:
            if is_users(frame.f_code.co_filename):
                return frame.f_code.co_filename, frame.f_lineno
            frame = frame.f_back
        greenlet = getattr(greenlet, "parent", None)
        if greenlet is None:
            return "", 0
        frame = getattr(greenlet, "gr_frame", None)


def _current_greenlet() -> Any:
    module = sys.modules.get("greenlet")
    return module.getcurrent() if module is not None and hasattr(module, "getcurrent") else None
