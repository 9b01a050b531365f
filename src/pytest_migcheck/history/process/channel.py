"""Messages between pytest's process and a history process: pickled plain data, each with its length before it."""

from __future__ import annotations

import os
import pickle
import select
import struct
from typing import Any

_LENGTH = struct.Struct("!Q")
_CHUNK = 1 << 20


class ChannelClosedError(Exception):
    """The other end of the channel is closed."""


class Channel:
    """Two pipes, one for each direction; used by one thread at a time.

    Args:
        reader: the descriptor to read from.
        writer: the descriptor to write to.
    """

    def __init__(self, reader: int, writer: int) -> None:
        self._reader = reader
        self._writer = writer

    @property
    def descriptors(self) -> tuple[int, int]:
        return self._reader, self._writer

    def send(self, message: Any) -> None:
        """Send one message.

        Raises:
            ChannelClosedError: the other process has ended.
        """
        body = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
        waiting = memoryview(_LENGTH.pack(len(body)) + body)
        try:
            while waiting:
                waiting = waiting[os.write(self._writer, waiting) :]
        except OSError as error:
            raise ChannelClosedError(str(error)) from error

    def is_ready(self, seconds: float) -> bool:
        """Wait at most this long; whether there is something to receive, or the other end is closed."""
        poll = select.poll()
        poll.register(self._reader, select.POLLIN)
        return bool(poll.poll(max(seconds, 0.0) * 1000))

    def receive(self) -> Any:
        """Wait for the next message.

        Raises:
            ChannelClosedError: the other process has ended.
        """
        (length,) = _LENGTH.unpack(self._read(_LENGTH.size))
        return pickle.loads(self._read(length))  # noqa: S301 - of a process that we have started

    def _read(self, length: int) -> bytes:
        parts: list[bytes] = []
        while length:
            try:
                part = os.read(self._reader, min(length, _CHUNK))
            except OSError as error:
                raise ChannelClosedError(str(error)) from error
            if not part:
                raise ChannelClosedError("end of file")
            parts.append(part)
            length -= len(part)
        return b"".join(parts)

    def close(self) -> None:
        for descriptor in (self._reader, self._writer):
            try:
                os.close(descriptor)
            except OSError:
                continue  # closed already
