"""How a history process ended, and where its Python code was: exit statuses and the stacks of ``faulthandler``."""

from __future__ import annotations

import contextlib
import linecache
import re
import signal

from pytest_migcheck.core.reading import is_users_file
from pytest_migcheck.core.statement import Source

_FRAME = re.compile(r'^  File "(.+)", line (\d+) in (.+)$', re.MULTILINE)
_SHOWN = 5


def how_it_ended(status: int | None) -> str:
    """An exit status as words; None for a process that only closed its connection."""
    if status is None:
        return "it closed its connection to pytest"
    if status < 0:
        with contextlib.suppress(ValueError):
            return f"signal {signal.Signals(-status).name}"
        return f"signal {-status}"
    return f"exit code {status}"


def users_frame(stack: str) -> Source | None:
    """The innermost frame of the user's in a stack of faulthandler, which lists the innermost first."""
    for path, line, function in _FRAME.findall(stack):
        if is_users_file(path):
            text = linecache.getline(path, int(line)).strip()
            return Source(path=path, line=int(line), function=function, text=text)
    return None


def where_it_was(stack: str) -> str:
    """The frames of the user's in a stack, as text that a message ends with."""
    users = ((path, line, function) for path, line, function in _FRAME.findall(stack) if is_users_file(path))
    frames = [f"  {path}:{line} in {function}" for path, line, function in users]
    return "\nits Python code was here, and was ended:\n" + "\n".join(frames[:_SHOWN]) if frames else ""
