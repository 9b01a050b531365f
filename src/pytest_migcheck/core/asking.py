"""Questions from one process of a run to another: from the workers of pytest-xdist to its controller.

The address is on the loopback interface and asks for a secret (``multiprocessing.connection``'s challenge); nothing
lies in the file system, so nothing can be left behind.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import threading
from collections.abc import Callable, Mapping
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Listener
from typing import Any


class Answering:
    """Answers questions, each in a thread, until ``close``; questions and answers are plain data."""

    def __init__(self, answer: Callable[[Any], dict[str, Any]]) -> None:
        self._answer = answer
        self._secret = secrets.token_hex(24)
        self._listener = Listener(("127.0.0.1", 0), backlog=64, authkey=self._secret.encode())
        self._closed = False
        threading.Thread(target=self._accept, name="migcheck-answering", daemon=True).start()

    @property
    def address(self) -> dict[str, str]:
        """What ``ask`` needs; it holds a secret."""
        return {"port": str(self._listener.address[1]), "secret": self._secret}

    def _accept(self) -> None:
        while not self._closed:
            try:
                connection = self._listener.accept()
            except (AuthenticationError, EOFError, OSError):
                continue  # a stranger, a worker that was killed, or our own end
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
