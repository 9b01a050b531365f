"""A shell that is the parent of ``postgres`` and ends it when we are gone, however we went."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

# The shell blocks on a pipe that only we hold open: our end, by whatever signal, closes it.
_SCRIPT = (
    'trap "" INT HUP TERM; d=$1; shift; "$@" </dev/null >>"$d/log" 2>&1 & p=$!; '
    'read _; kill -QUIT $p 2>/dev/null; wait $p; rm -rf "$d"'
)


class Leash:
    """A process kept on a leash, with the directory that goes when it ends."""

    def __init__(self, command: Sequence[str], directory: Path, identity: dict[str, Any]) -> None:
        reader, self._writer = os.pipe()
        try:
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", _SCRIPT, "migcheck-leash", str(directory), *command],
                stdin=reader,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd=directory,
                start_new_session=True,
                **identity,
            )
        finally:
            os.close(reader)

    @property
    def holds(self) -> bool:
        """Whether the shell is still there."""
        return self._process.poll() is None

    def let_go(self) -> None:
        """End the process, wait until it and its directory are gone."""
        if self._writer >= 0:
            os.close(self._writer)
            self._writer = -1
        self._process.wait(30)
