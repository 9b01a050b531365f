"""Run a command line of the user's for what it prints, and leave none of its processes behind."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

# A client that ends something elsewhere, such as a container, gets the time to do so.
_GRACE = 2.0
_PAUSE = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """What a command line printed, and how it ended: ``status`` is None where it was ended for its time."""

    output: bytes
    errors: bytes
    status: int | None


def run_command(command: str, folder: Path, timeout: float) -> Printed:
    """Run a command line in a folder; everything it has started is gone when this returns or is interrupted.

    Raises:
        OSError: the shell cannot be started.
    """
    # A pipe or a variable in it works as where the user tried it out. The session of its own has no terminal to ask
    # for a password at, and is ended as a whole.
    process = subprocess.Popen(  # noqa: S602 - the user's own command line
        command,
        shell=True,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    status: int | None = None
    with process:
        try:
            output, errors = process.communicate(timeout=timeout)
            status = process.returncode
        except subprocess.TimeoutExpired as expired:
            output, errors = expired.stdout or b"", expired.stderr or b""
        finally:
            _end_group(process)
    return Printed(output=output, errors=errors, status=status)


def _end_group(process: subprocess.Popen[bytes]) -> None:
    try:
        if _signalled(process, signal.SIGTERM):
            _await_end(process)
    finally:
        _signalled(process, signal.SIGKILL)
        process.wait()
        _await_end(process)


def _await_end(process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _GRACE
    while time.monotonic() < until and _signalled(process, 0) and _works(process.pid):
        time.sleep(_PAUSE)


def _signalled(process: subprocess.Popen[bytes], number: int) -> bool:
    """Send a signal to the group; False where nobody is left in it."""
    process.poll()
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
        return True
    return False


def _works(group: int) -> bool:
    """Whether a process of the group is more than an entry that waits for its parent; pid 1 may never look at it.

    https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
    """
    if not Path("/proc/self/stat").exists():
        return True
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _, of_group = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[:3]
            if int(of_group) == group and state not in ("Z", "X"):
                return True
    return False
