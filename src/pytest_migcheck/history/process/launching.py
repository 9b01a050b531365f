"""Start a history process: a fresh interpreter on a leash, in a session of its own."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from pytest_migcheck.guard.kernel import in_restricted_thread
from pytest_migcheck.guard.variables import LIBPQ_VARIABLES
from pytest_migcheck.history.process.channel import Channel

_PACKAGES = str(Path(__file__).absolute().parents[3])
_PROGRAM = (
    "import sys; sys.path[:] = [p for p in sys.path if p]; "
    f"{_PACKAGES!r} in sys.path or sys.path.append({_PACKAGES!r}); "
    "from pytest_migcheck.history.process.child import main; main(*map(int, sys.argv[1:]))"
)
# Waits on a pipe that we alone hold open: when we end, by whatever signal, the process group of the child goes.
_LEASH = 'trap "" INT HUP TERM; read -r w; [ "$w" = done ] || kill -KILL -"$1" 2>/dev/null'
_PLACEHOLDERS = {
    "PGHOST": "placeholder",
    "PGPORT": "5432",
    "PGUSER": "placeholder",
    "PGPASSWORD": "placeholder",
    "PGDATABASE": "placeholder",
}
#: Descriptors of the child that the user's code does not close by accident.
_HIGH = 700


@dataclass(slots=True, kw_only=True)
class Started:
    """A running history process, as its parent sees it.

    ``wait`` gives its exit status once it has ended, else None; ``output`` is the file of its standard output and
    error, None where they are pytest's own; ``crash`` is the file that it writes stacks to.
    """

    pid: int
    channel: Channel
    crash: IO[bytes]
    crash_descriptor: int
    output: IO[bytes] | None
    wait: Callable[[], int | None]
    let_go: Callable[[], None] = field(default=lambda: None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """The descriptors that the child gets."""

    reader: int
    writer: int
    crash: int
    output: IO[bytes] | None

    def all(self) -> tuple[int, ...]:
        return self.reader, self.writer, self.crash


def spawn(files: Files, environment: Mapping[str, str]) -> tuple[int, Callable[[], int | None]]:
    """Start a fresh interpreter, as the ``alembic`` command would.

    Returns:
        Its pid, and a function that gives its exit status once it has ended, None until then.
    """
    flags = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]
    process = subprocess.Popen(
        [sys.executable, *flags, "-c", _PROGRAM, str(files.reader), str(files.writer)],
        stdin=None if files.output is None else subprocess.DEVNULL,
        stdout=files.output,
        stderr=files.output,
        pass_fds=files.all(),
        env=dict(environment),
        start_new_session=True,
    )
    return process.pid, process.poll


def launch(environment: Mapping[str, str], ports: Collection[int], *, interactive: bool) -> Started:
    """Start a history process and put it on a leash.

    Where the kernel can restrict it, it is restricted before its interpreter starts: what ``sitecustomize`` or a
    ``.pth`` file does comes before our first line in it.

    Args:
        environment: its environment variables.
        ports: the TCP ports that it may connect to.
        interactive: let it have pytest's own terminal.
    """
    with contextlib.ExitStack() as theirs:
        pipes = [os.pipe(), os.pipe()]
        crash = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - it lives as long as the process
        output = None if interactive else tempfile.TemporaryFile(mode="ab+", buffering=0)  # noqa: SIM115
        files = Files(
            reader=_high(pipes[0][0]), writer=_high(pipes[1][1]), crash=_high(os.dup(crash.fileno())), output=output
        )
        for descriptor in files.all():
            theirs.callback(os.close, descriptor)
        channel = Channel(pipes[1][0], pipes[0][1])
        _close_in_forked_children(*channel.descriptors)
        pid, wait = in_restricted_thread(lambda: spawn(files, environment), ports)
    return Started(
        pid=pid,
        channel=channel,
        crash=crash,
        crash_descriptor=files.crash,
        output=output,
        wait=wait,
        let_go=_leash(pid),
    )


def _leash(pid: int) -> Callable[[], None]:
    reader, writer = os.pipe()
    _close_in_forked_children(writer)
    process = subprocess.Popen(
        ["/bin/sh", "-c", _LEASH, "migcheck-leash", str(pid)],
        stdin=reader,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        start_new_session=True,
    )
    os.close(reader)
    owner = os.getpid()

    def let_go() -> None:
        if os.getpid() == owner:
            with contextlib.suppress(OSError):
                os.write(writer, b"done\n")
            os.close(writer)
            process.wait()

    return let_go


def _high(descriptor: int) -> int:
    """The descriptor under a high number, for a child to inherit."""
    moved = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, _HIGH)
    os.close(descriptor)
    return moved


def _close_in_forked_children(*descriptors: int) -> None:
    """A child that the user's tests fork must not keep our ends of the pipes open."""
    places = [(d, os.fstat(d).st_ino) for d in descriptors]

    def close() -> None:
        for descriptor, inode in places:
            with contextlib.suppress(OSError):
                if os.fstat(descriptor).st_ino == inode:
                    os.close(descriptor)

    os.register_at_fork(after_in_child=close)


def kill(pid: int) -> None:
    """End the process and all of its group at once."""
    with contextlib.suppress(OSError):
        os.killpg(pid, signal.SIGKILL)


def environment_of_child(ours: Mapping[str, str], more: Mapping[str, str]) -> dict[str, str]:
    """Our environment with ``more``; variables of libpq are ours to set, and those that name a server stand for ours.

    Code that reads such a variable when it is imported finds one, and a run of env.py has the real value.
    """
    kept = {name: value for name, value in ours.items() if name not in LIBPQ_VARIABLES}
    named = {name: value for name, value in _PLACEHOLDERS.items() if name in ours}
    return {**kept, **named, **more}


