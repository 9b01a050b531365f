"""Start history processes that need not import everything again.

A process that has imported what a history process imports, and nothing of any project, waits on a socket. Each request
brings the descriptors, the environment and the directory of one; it forks, and the child becomes the history process.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

_REQUEST_BYTES = 1 << 20
_PRELOADED = (
    "alembic.autogenerate", "alembic.command", "alembic.context", "alembic.op", "asyncpg", "psycopg", "psycopg2", "pytest",
    "pytest_migcheck.history.process.serving", "sqlalchemy.dialects.postgresql.asyncpg", "sqlalchemy.dialects.postgresql.psycopg",
    "sqlalchemy.dialects.postgresql.psycopg2", "sqlalchemy.ext.asyncio", "sqlalchemy.orm",
)  # fmt: skip


class ForkedHistory:
    """The process that has imported everything; ``address`` is the socket that it answers on."""

    def __init__(self, folder: Path) -> None:
        self.address = str(folder / "history")
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        listener.bind(self.address)
        listener.listen(64)
        with listener:
            argv = [sys.executable, __file__, str(listener.fileno())]
            self._process = subprocess.Popen(argv, pass_fds=[listener.fileno()], stdin=subprocess.PIPE)

    def close(self) -> None:
        self._process.stdin.close()
        self._process.terminate()
        self._process.wait()


def spawn_at(address: str) -> Callable:
    """A function in the place of ``launching.spawn``."""

    def spawn(files, environment: Mapping[str, str]) -> tuple[int, Callable[[], int | None]]:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        connection.connect(address)
        request = {
            "environment": dict(environment), "directory": str(Path.cwd()), "numbers": files.all(), "path": sys.path[1:],
            "output": files.output is not None,
        }  # fmt: skip
        descriptors = [*files.all(), *([files.output.fileno()] if files.output is not None else [0, 1, 2])]
        socket.send_fds(connection, [json.dumps(request).encode()], descriptors)
        pid = int(connection.recv(64))
        ended: list[int] = []

        def wait() -> int | None:
            if not ended:
                with contextlib.suppress(BlockingIOError):
                    ended.append(int(connection.recv(64, socket.MSG_DONTWAIT)))
                    connection.close()
            return ended[0] if ended else None

        return pid, wait

    return spawn


def become_child(request: dict, descriptors: list[int]) -> tuple[int, int]:
    """Be the history process that was asked for; returns the descriptors of its channel."""
    os.setsid()
    wanted = dict(zip(request["numbers"], descriptors, strict=False))
    rest = descriptors[len(wanted) :]
    standard = [os.open(os.devnull, os.O_RDONLY), rest[0], rest[0]] if request["output"] else rest
    for number, descriptor in [*enumerate(standard), *wanted.items()]:
        os.dup2(descriptor, number)
    for descriptor in {*descriptors, *standard}.difference((0, 1, 2), wanted):
        os.close(descriptor)
    os.chdir(request["directory"])
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.argv = ["-c"]
    # multiprocessing has given this file that name.
    sys.modules.pop("__mp_main__", None)
    reader, writer, _ = request["numbers"]
    return reader, writer


def serve(listener: socket.socket) -> None:
    from pytest_migcheck.history.process.child import main

    while True:
        connection, _ = listener.accept()
        message, descriptors, _, _ = socket.recv_fds(connection, _REQUEST_BYTES, 8)
        if os.fork() == 0:
            listener.close()
            child = os.fork()
            if child == 0:
                connection.close()
                main(*become_child(json.loads(message), list(descriptors)))
                sys.stdout.flush()
                sys.exit(0)
            for descriptor in descriptors:
                os.close(descriptor)
            connection.send(str(child).encode())
            status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            with contextlib.suppress(OSError):
                connection.send(str(status).encode())
            os._exit(0)
        for descriptor in descriptors:
            os.close(descriptor)
        connection.close()
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def run() -> None:
    import importlib

    # As ``python -c`` has it.
    sys.path.pop(0)
    for name in _PRELOADED:
        with contextlib.suppress(ModuleNotFoundError):
            importlib.import_module(name)
    with socket.socket(fileno=int(sys.argv[1])) as listener:
        serve(listener)


if __name__ == "__main__":
    run()
