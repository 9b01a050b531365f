"""Questions from one process of a run to another: from the workers of pytest-xdist to its controller.

The address is on the loopback interface and asks for a secret (``multiprocessing.connection``'s challenge); nothing
lies in the file system, so nothing can be left behind.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import socket
import threading
import time
from collections.abc import Callable, Mapping
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Listener
from typing import Any


class Answering:
    """Answers questions, each in a thread, until ``close``; questions and answers are plain data."""

    def __init__(self, answer: Callable[[Any], dict[str, Any]]) -> None:
        self._answer = answer
        secret = secrets.token_hex(24)
        self._listener = Listener(("127.0.0.1", 0), backlog=64, authkey=secret.encode())
        # What ``ask`` needs; it holds a secret.
        self.address = {"port": str(self._listener.address[1]), "secret": secret}
        self._closed = False
        self._thread = threading.Thread(target=self._accept, name="migcheck-answering", daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        while not self._closed:
            try:
                connection = self._listener.accept()
            except (AuthenticationError, EOFError, OSError):
                time.sleep(0.01)  # a stranger, a worker that was killed, or our own end
                continue
            threading.Thread(target=self._serve, args=(connection,), name="migcheck-answer", daemon=True).start()

    def _serve(self, connection: Any) -> None:
        with connection, contextlib.suppress(EOFError, OSError):
            question = json.loads(connection.recv_bytes())
            try:
                reply = self._answer(question)
            except Exception as error:  # noqa: BLE001 - told to whoever asked, who raises it
                reply = {"error": f"{type(error).__name__}: {error}"}
            connection.send_bytes(json.dumps(reply).encode())

    def close(self) -> None:
        """Answer no more questions."""
        self._closed = True
        # Closing a socket does not wake the thread that waits for it.
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", int(self.address["port"])), timeout=1).close()
        self._thread.join(5)
        self._listener.close()


def ask(address: Mapping[str, str], question: Any) -> dict[str, Any]:
    """Ask the process at this address, and wait for its answer.

    Raises:
        OSError, EOFError: nobody is there, or it ended before it answered.
    """
    try:
        with Client(("127.0.0.1", int(address["port"])), authkey=address["secret"].encode()) as connection:
            connection.send_bytes(json.dumps(question).encode())
            reply: dict[str, Any] = json.loads(connection.recv_bytes())
            return reply
    except AuthenticationError as error:
        raise ConnectionError(str(error)) from error
