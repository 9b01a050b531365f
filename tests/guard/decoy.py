"""A listener that stands where a foreign database would: it logs who comes, and hangs up."""

from __future__ import annotations

import socket
import threading


class Decoy:
    """Listens on 127.0.0.1, and with ``second`` on the same port of 127.0.0.2; each connection is in ``log``."""

    def __init__(self, *, second: bool = False) -> None:
        self.log: list[str] = []
        first = socket.create_server(("127.0.0.1", 0))
        self.port: int = first.getsockname()[1]
        self._listeners = [first]
        if second:
            self._listeners.append(socket.create_server(("127.0.0.2", self.port)))
        self._threads = [threading.Thread(target=self._listen, args=(one,), daemon=True) for one in self._listeners]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        for listener, thread in zip(self._listeners, self._threads, strict=True):
            # A listener that is shut down wakes up its accept().
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
            listener.close()

    def _listen(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _address = listener.accept()
            except OSError:
                return
            self.log.append(f"{listener.getsockname()[0]}:{self.port}")
            connection.close()
