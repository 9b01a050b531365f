"""A shell that is the parent of ``postgres`` and ends it when we are gone, however we went."""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.guard.kernel import in_restricted_thread
from pytest_migcheck.postgres.programs import Identity

KEPT = "kept"
# The shell makes the directory itself, so that there is no moment at which it has no keeper. It blocks on a pipe that
# only we hold open: our end, by whatever signal, closes it. The word "run" is followed by the command, a word a line.
# A shell starts its background jobs with SIGQUIT ignored, and a signal that comes before postgres has its own
# handler is lost: hence the loop, until the process is gone.
# File 3 is a second pipe, held by the program alone once it runs: it closes when the program ends before us.
# The owner's lock goes last: a directory without one is nobody's, and no sweep removes what is left in it.
# The word "keep" lets the program outlive us, until the file "kept" is removed.
_SCRIPT = (
    'trap "" INT HUP TERM; exec 3>&1 >/dev/null; d=$1; shift; mkdir -m 700 "$d" || exit 1; echo >&3; p=; '
    'read -r w; if [ "$w" = run ]; then while read -r a && [ "$a" != . ]; do set -- "$@" "$a"; done; '
    '[ "$a" != . ] || { "$@" </dev/null >>"$d/log" 2>&1 & p=$!; }; fi; exec 3>&-; '
    'read -r w; if [ "$w" = keep ]; then while [ -e "$d/kept" ] && kill -0 $p 2>/dev/null; do sleep 0.3 || sleep 1; '
    'done; fi; while [ "$p" ] && kill -QUIT $p 2>/dev/null; do sleep 0.01 || sleep 1; done; cd /; '
    'rm -rf "$d"/[!o]*; rm -rf "$d"'
)


class Leash:
    """A directory of its own and, once told to, a program in it; both go when we do.

    Where the kernel can see to it, neither shell nor program opens a TCP connection: nor does then, in PostgreSQL,
    dblink, a foreign table, or a program of ``COPY ... TO PROGRAM``.
    """

    def __init__(self, directory: Path, environment: Mapping[str, str], identity: Identity) -> None:
        """Make the directory, closed to other users.

        Raises:
            MigcheckError: it cannot be made.
        """
        self._owner = os.getpid()
        self._directory = directory
        reader, self._writer = os.pipe()
        self._life, life = os.pipe()
        try:
            self._process = in_restricted_thread(lambda: self._shell(reader, life, environment, identity))
        except BaseException:
            os.close(self._writer)
            os.close(self._life)
            raise
        finally:
            os.close(reader)
            os.close(life)
        if not os.read(self._life, 1):
            self.let_go()
            shutil.rmtree(directory, ignore_errors=True)
            raise MigcheckError(f"the folder {directory} cannot be made")

    def _shell(
        self, reader: int, life: int, environment: Mapping[str, str], identity: Identity
    ) -> subprocess.Popen[Any]:
        return subprocess.Popen(
            ["/bin/sh", "-c", _SCRIPT, "migcheck-leash", str(self._directory)],
            stdin=reader,
            stdout=life,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env=environment,
            start_new_session=True,
            **identity,
        )

    def run(self, command: Sequence[str]) -> None:
        """Start the program, with its output in the file ``log`` of the directory."""
        words = ["run", *command, "."]
        if any("\n" in word for word in words):
            raise MigcheckError(f"a path with a line break cannot be used: {' '.join(command)!r}")
        os.write(self._writer, "".join(f"{word}\n" for word in words).encode())

    @property
    def holds(self) -> bool:
        """Whether the program and its children are still there."""
        if self._writer < 0:
            return False
        poll = select.poll()
        poll.register(self._life, select.POLLIN)
        return not poll.poll(0)

    def await_end(self, seconds: float) -> bool:
        """Wait for the program to end by itself; False if it did not in time."""
        poll = select.poll()
        poll.register(self._life, select.POLLIN)
        return bool(poll.poll(seconds * 1000))

    def keep(self) -> bool:
        """Let the program outlive us, until somebody removes the file ``kept`` of its directory."""
        if self._writer < 0 or os.getpid() != self._owner or not self.holds:
            return False
        (self._directory / KEPT).touch(mode=0o600)
        writer, self._writer = self._writer, -1
        os.write(writer, b"keep\n")
        os.close(writer)
        os.close(self._life)
        # It is init's child once we are gone; without this, Popen would warn that it still runs.
        self._process.returncode = 0
        return True

    def let_go(self) -> bool:
        """End the process, wait until it and its directory are gone; a forked child of ours does nothing."""
        if self._writer < 0 or os.getpid() != self._owner:
            return False
        writer, self._writer = self._writer, -1
        # Lines, not only the end of the file: children that were forked without exec hold the pipe open too.
        with contextlib.suppress(BrokenPipeError):
            os.write(writer, b"\n\n")
        os.close(writer)
        os.close(self._life)
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        return True
