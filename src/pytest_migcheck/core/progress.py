"""Who is told what a step does that takes long; one process runs one step at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

# Seconds of a step after which it is told what it does, first; later each further minute.
_MOMENTS = (2.0, 10.0, 30.0, 60.0)
Listener = Callable[[float, str], None]

_listeners: list[Listener] = []


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Tell ``listener`` (seconds, what runs) of every step that takes long."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


def next_moment(seconds: float) -> float:
    """The next time at which there is something to tell, after so many seconds."""
    return next((moment for moment in _MOMENTS if moment > seconds), seconds // 60 * 60 + 60)


def is_heard() -> bool:
    return bool(_listeners)


def tell(seconds: float, doing: str) -> None:
    """Say that a step has taken so long by now, and what it does."""
    for listener in _listeners:
        listener(seconds, doing)
