"""A shell that is the parent of ``postgres`` and ends it when we are gone, however we went."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from pytest_migcheck.postgres.programs import Identity

# The shell blocks on a pipe that only we hold open: our end, by whatever signal, closes it.
# A shell starts its background jobs with SIGQUIT ignored, and a signal that comes before postgres has its own
# handler is lost: hence the loop, until the process is gone.
# File 3 is a second pipe, held by the program alone: it closes when the program ends before us.
_SCRIPT = (
    'trap "" INT HUP TERM; exec 3>&1 >/dev/null; d=$1; shift; "$@" </dev/null >>"$d/log" 2>&1 & p=$!; exec 3>&-; '
    'read _; while kill -QUIT $p 2>/dev/null; do sleep 0.01 || sleep 1; done; cd /; rm -rf "$d"'
)


class Leash:
    """A process kept on a leash, with the directory that goes when it ends."""

    def __init__(
        self, command: Sequence[str], directory: Path, environment: Mapping[str, str], identity: Identity
    ) -> None:
        self._owner = os.getpid()
        reader, self._writer = os.pipe()
        self._life, life = os.pipe()
        try:
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", _SCRIPT, "migcheck-leash", str(directory), *command],
                stdin=reader,
                stdout=life,
                stderr=subprocess.DEVNULL,
                cwd=directory,
                env=environment,
                start_new_session=True,
                **identity,
            )
        except BaseException:
            os.close(self._writer)
            os.close(self._life)
            raise
        finally:
            os.close(reader)
            os.close(life)

    @property
    def holds(self) -> bool:
        """Whether the program and its children are still there."""
        if self._writer < 0:
            return False
        poll = select.poll()
        poll.register(self._life, select.POLLIN)
        return not poll.poll(0)

    def let_go(self) -> bool:
        """End the process, wait until it and its directory are gone; a forked child of ours does nothing."""
        if self._writer < 0 or os.getpid() != self._owner:
            return False
        writer, self._writer = self._writer, -1
        # A line, not only the end of the file: children that were forked without exec hold the pipe open too.
        with contextlib.suppress(BrokenPipeError):
            os.write(writer, b"\n")
        os.close(writer)
        os.close(self._life)
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        return True
