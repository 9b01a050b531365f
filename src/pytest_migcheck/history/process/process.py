"""A history process as pytest's process sees it: ask it, wait for it, say how it ended, and start it again."""

from __future__ import annotations

import contextlib
import os
import queue
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.core.statement import Source
from pytest_migcheck.guard.kernel import available
from pytest_migcheck.history.process import launching
from pytest_migcheck.history.process.attaching import facts_of
from pytest_migcheck.history.process.channel import ChannelClosedError
from pytest_migcheck.history.process.child import STACK_SIGNAL
from pytest_migcheck.history.process.endings import how_it_ended, users_frame, where_it_was
from pytest_migcheck.history.process.messages import Answer, HistoryFacts, Launch, Request
from pytest_migcheck.history.source import HookCallers, ModelsNotCreatableError
from pytest_migcheck.postgres.database_set import DatabaseSet, Target
from pytest_migcheck.postgres.watch import StepEnded, Watch
from pytest_migcheck.settings import Settings

_ERRORS = {error.__name__: error for error in (MigcheckError, ModelsNotCreatableError, StepEnded)}
_SLICE = 0.05
_GRACE = 2.0
_PLACEHOLDER = "postgresql+psycopg://migcheck:migcheck@127.0.0.1:{port}/migcheck"


class ProcessEndedError(MigcheckError):
    """The history process ended in the middle of a request.

    ``how`` is "exit code 3" or "signal SIGSEGV", ``source`` the line of the user's that did it, where it is known.
    """

    def __init__(self, how: str, source: Source | None) -> None:
        self.how = how
        self.source = source
        place = f"\n  {source.path}:{source.line} in {source.function}\n    {source.text}" if source else ""
        super().__init__(f"the code of this history ended the process ({how}){place}")


class AnsweredError(MigcheckError):
    """The request failed in the history process; ``kind`` is the name of the error's class there."""

    def __init__(self, kind: str, message: str) -> None:
        self.kind = kind
        super().__init__(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What every history process of a run gets."""

    settings: Settings
    hooks: HookCallers | None = None
    ports: tuple[int, ...] = ()
    interactive: bool = False


class HistoryProcess:
    """One history process; started when it is first asked, and again after it has ended.

    ``generation`` counts the starts: what one process has kept, another has not.
    """

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings
        self._number: int | None = None
        self._started: launching.Started | None = None
        self._read = 0
        self._open: Callable[[], None] | None = None
        self._ports = set(surroundings.ports)
        self.generation = 0
        #: The target that env.py migrates, once that is known: the main database of a set stands for it.
        self.migrated: Target | None = None

    @property
    def timeout(self) -> float:
        """The limit of a step in seconds."""
        return float(self._surroundings.settings.step_timeout)

    def ask(
        self, name: str, *arguments: Any, databases: DatabaseSet | None = None, doing: str = "the step",
        limit: float | None = None, inside: bool = False,
    ) -> Any:  # fmt: skip
        """Ask, and wait for the answer.

        Args:
            name: a method of ``serving.Serving``.
            arguments: its arguments, plain data.
            databases: where the user's code runs; its sessions there are watched.
            doing: what it is called where it does not end in time.
            limit: its limit in seconds; the setting ``migcheck_step_timeout`` by default.
            inside: the request belongs to the run of env.py that is open; any other ends that first.

        Raises:
            ProcessEndedError: the user's code ended the process.
            StepEnded: it waited for itself, or took too long.
            MigcheckError: what the request raises.
        """
        self._end_open(inside=inside)
        if databases is not None:
            self._allow(databases.server.tcp.port)
            if self.migrated is not None and not databases.targets:
                databases.adopt(((self.migrated, databases.main.name),))
        started = self._ensure()
        facts = None if databases is None or inside else facts_of(databases)
        with contextlib.suppress(ChannelClosedError):  # what it ended by is found below
            started.channel.send(Request(name=name, arguments=arguments, databases=facts))
        limit = self.timeout if limit is None else limit
        try:
            answer = self._wait(databases, doing, limit)
        finally:
            self._print_output()
        if databases is not None:
            databases.adopt(answer.targets)
        if answer.error is not None:
            kind, message = answer.error
            error = _ERRORS.get(kind)
            raise error(message) if error else AnsweredError(kind, message)
        return answer.value

    def select(self, number: int) -> HistoryFacts:
        """Open one of the project's Alembic histories, the only one that this process knows from now on."""
        facts: HistoryFacts = self.ask("select", number, doing="opening the migrations")
        self._number = number
        return facts

    def open(self, end: Callable[[], None]) -> None:
        """A run of env.py is open from now on; ``end`` finishes it."""
        self._open = end

    def closed(self) -> None:
        """The run of env.py is over."""
        self._open = None

    def _end_open(self, *, inside: bool) -> None:
        if self._open is not None and not inside:
            end, self._open = self._open, None
            end()

    def _allow(self, port: int) -> None:
        """Let the process connect to a port; what the kernel has refused one process it allows only another."""
        if port not in self._ports:
            self._ports.add(port)
            if available() is None:
                self.close()

    def _ensure(self) -> launching.Started:
        if self._started is not None and self._started.wait() is not None:
            self.close()
        if self._started is None:
            self._started = self._launched()
            self.generation += 1
            if self._number is not None:
                self.ask("select", self._number, doing="opening the migrations")
        assert self._started is not None
        return self._started

    def _launched(self) -> launching.Started:
        around = self._surroundings
        environment = launching.environment_of_child(os.environ, {})
        ports = (*self._ports, *(port for _, port in around.settings.allow_hosts))
        started = launching.launch(environment, ports, interactive=around.interactive)
        self._read = 0
        with contextlib.suppress(ChannelClosedError):  # the first answer tells
            started.channel.send(
                Launch(
                    settings=around.settings,
                    hooks=around.hooks,
                    ports=tuple(self._ports),
                    path=tuple(map(os.path.abspath, filter(None, sys.path))),
                    placeholder=_PLACEHOLDER.format(port=around.ports[0] if around.ports else 5432),
                    crash=started.crash_descriptor,
                    interactive=around.interactive,
                )
            )
        return started

    def _wait(self, databases: DatabaseSet | None, doing: str, limit: float) -> Answer:
        if databases is not None:
            outcome = Watch(databases, limit, doing, self._stack_and_end).wait(self._take)
        else:
            outcome = self._wait_alone(doing, limit)
        if isinstance(outcome, BaseException):
            raise outcome
        assert isinstance(outcome, Answer)
        return outcome

    def _wait_alone(self, doing: str, limit: float) -> object:
        try:
            return self._take(limit)
        except queue.Empty:
            stack = self._stack_and_end()
            return StepEnded(
                f"{doing} did not end within migcheck_step_timeout = {limit:g} seconds{stack}\n"
                "what to do: raise migcheck_step_timeout if it may take that long"
            )

    def _take(self, timeout: float) -> object:
        """The answer, or the error by which the process ended.

        Raises:
            queue.Empty: there is none yet.
        """
        started, deadline = self._started, time.monotonic() + timeout
        assert started is not None
        while True:
            if started.channel.is_ready(_SLICE):
                try:
                    return started.channel.receive()
                except ChannelClosedError:
                    return self._ended()
            if started.wait() is not None and not started.channel.is_ready(0):
                return self._ended()
            if time.monotonic() >= deadline:
                raise queue.Empty

    def _ended(self) -> ProcessEndedError:
        """The process has closed its channel: by its end, or by closing the descriptor."""
        started = self._started
        assert started is not None
        deadline = time.monotonic() + _GRACE
        while (status := started.wait()) is None and time.monotonic() < deadline:
            time.sleep(0.002)
        source = users_frame(self._stack())
        self._print_output()
        self.close()
        return ProcessEndedError(how_it_ended(status), source)

    def _stack(self) -> str:
        assert self._started is not None
        self._started.crash.seek(0)
        return self._started.crash.read().decode(errors="replace")

    def _stack_and_end(self) -> str:
        """Where the process is, as text for a message; afterwards it is ended."""
        started = self._started
        if started is None:
            return ""
        with contextlib.suppress(OSError):
            os.kill(started.pid, STACK_SIGNAL)
        deadline = time.monotonic() + _GRACE
        while not (text := self._stack()) and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.02)  # the rest of the stack
        text = self._stack() or text
        self._print_output()
        self.close()
        return where_it_was(text)

    def _print_output(self) -> None:
        """Print what the process has printed, for pytest to capture."""
        started = self._started
        if started is None or started.output is None:
            return
        started.output.seek(self._read)
        printed = started.output.read()
        self._read += len(printed)
        if printed:
            sys.stdout.write(printed.decode(errors="replace"))

    def close(self) -> None:
        """End the process; it may be asked again, which starts another one."""
        started, self._started, self._open = self._started, None, None
        if started is None:
            return
        started.channel.close()
        deadline = time.monotonic() + 0.2
        while started.wait() is None and time.monotonic() < deadline:
            time.sleep(0.002)
        launching.kill(started.pid)
        while started.wait() is None:
            time.sleep(0.001)
        started.let_go()
        started.crash.close()
        if started.output is not None:
            started.output.close()
