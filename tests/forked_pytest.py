"""Run pytest in a process of its own that need not import everything again.

Most of what a short run costs is importing pytest, its plugins, SQLAlchemy, Alembic, Hypothesis and sqlglot. A process
that has imported them waits here for a request, and forks; the child then becomes the run: its directory, environment,
arguments, output and exit status are its own, and so is every module of the project under test.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import pkgutil
import runpy
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from forked_history import ForkedHistory, spawn_at

_BEFORE_THE_FIRST_LINE = 0.1
_REQUEST_BYTES = 1 << 20
#: What users' projects import at once in any case.
_PRELOADED = (
    "alembic.autogenerate", "alembic.command", "alembic.config", "alembic.context", "alembic.op", "alembic.script", "asyncpg",
    "hypothesis.internal.conjecture.engine", "hypothesis.strategies", "mako.template", "psycopg", "psycopg2", "sqlalchemy.orm",
    "sqlalchemy.ext.asyncio", "sqlalchemy.dialects.postgresql.asyncpg", "sqlalchemy.dialects.postgresql.psycopg",
    "sqlalchemy.dialects.postgresql.psycopg2", "sqlglot", "xdist.dsession",
)  # fmt: skip


class ForkedPytest:
    """The process that has imported everything, and the runs asked of it."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self.histories = ForkedHistory(Path(self._folder.name))
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            argv = [sys.executable, __file__, str(theirs.fileno()), self.histories.address]
            self._process = subprocess.Popen(argv, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL)

    def run(self, directory: Path, arguments: Sequence[str]) -> pytest.RunResult:
        """Run ``python -m pytest ARGUMENTS`` in a directory, with the environment as it is now."""
        # A process that has to be started and to import begins later than the files that it reads were written.
        time.sleep(_BEFORE_THE_FIRST_LINE)
        begun = time.monotonic()
        request = {"directory": str(directory), "arguments": [str(argument) for argument in arguments], "environment": dict(os.environ)}
        with tempfile.TemporaryFile("w+", encoding="utf-8") as out, tempfile.TemporaryFile("w+", encoding="utf-8") as err:
            socket.send_fds(self._channel, [json.dumps(request).encode()], [out.fileno(), err.fileno()])
            answer = self._channel.recv(_REQUEST_BYTES)
            assert answer, f"the process that runs pytest ended with {self._process.wait()}"
            out.seek(0)
            err.seek(0)
            printed, complained = out.read(), err.read()
        print(printed)
        print(complained, file=sys.stderr)
        status = int(answer)
        with contextlib.suppress(ValueError):
            status = pytest.ExitCode(status)
        return pytest.RunResult(status, printed.splitlines(), complained.splitlines(), time.monotonic() - begun)

    def close(self) -> None:
        self._channel.close()
        self._process.wait()
        self.histories.close()
        self._folder.cleanup()


class Preload:
    """A plugin that imports while pytest's import hook is there, as it would in a run."""

    def pytest_configure(self) -> None:
        for name in _PRELOADED:
            with contextlib.suppress(ModuleNotFoundError):
                importlib.import_module(name)
        package = importlib.import_module("pytest_migcheck")
        for module in pkgutil.walk_packages(package.__path__, "pytest_migcheck."):
            importlib.import_module(module.name)


def serve(channel: socket.socket) -> Iterator[int]:
    """Answer requests; in each child, become the run that was asked for and yield once."""
    while True:
        message, descriptors, _, _ = socket.recv_fds(channel, _REQUEST_BYTES, 2)
        if not message:
            return
        child = os.fork()
        if child == 0:
            channel.close()
            for ours, theirs in zip((1, 2), descriptors, strict=True):
                os.dup2(theirs, ours)
                os.close(theirs)
            become(json.loads(message))
            yield os.getpid()
            return
        for descriptor in descriptors:
            os.close(descriptor)
        channel.send(str(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])).encode())


def become(request: dict) -> None:
    os.chdir(request["directory"])
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.argv = [pytest.__file__, *request["arguments"]]
    sys.path[0] = request["directory"]
    time.tzset()
    # multiprocessing has given this file that name; the run is another program.
    sys.modules.pop("__mp_main__", None)


def main() -> None:
    with tempfile.TemporaryDirectory() as empty, contextlib.redirect_stdout(io.StringIO()):
        # Without our own plugin, which from its start on notes what its process reads.
        without = ["-p", "no:migcheck", "-p", "no:cacheprovider"]
        arguments = ["--collect-only", *without, f"--rootdir={empty}", "-c", os.devnull, empty]
        status = pytest.main(arguments, [Preload()])
    assert status == pytest.ExitCode.NO_TESTS_COLLECTED, status
    from pytest_migcheck.history.process import launching

    launching.spawn = spawn_at(sys.argv[2])
    with socket.socket(fileno=int(sys.argv[1])) as channel:
        for _ in serve(channel):
            runpy.run_module("pytest", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
