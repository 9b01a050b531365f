"""The program of the history process: put the walls up, then answer requests until pytest's process is gone."""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
from typing import Any

from pytest_migcheck.core.reading import start_reading, watch_lookups
from pytest_migcheck.guard.kernel import available, restrict_tcp
from pytest_migcheck.history.process.channel import Channel, ChannelClosedError
from pytest_migcheck.history.process.messages import Launch

#: The process writes the stack of all its threads to the crash file when it gets this signal.
STACK_SIGNAL: int = signal.SIGRTMIN + 7 if hasattr(signal, "SIGRTMIN") else signal.SIGUSR2


def main(reader: int, writer: int) -> None:
    """Be a history process on the channel with these descriptors."""
    channel = Channel(reader, writer)
    try:
        launch: Launch = channel.receive()
        _prepare(launch)
        # It imports Alembic and the drivers, which the walls know already.
        from pytest_migcheck.history.process.serving import Serving

        Serving(channel, launch).serve()
    except ChannelClosedError:
        return


def _prepare(launch: Launch) -> None:
    sys.path[:] = [*(entry for entry in sys.path if entry), *(p for p in launch.path if p and p not in sys.path)]
    for name, template in launch.settings.env.items():
        os.environ[name] = template.replace("{url}", launch.placeholder)
    if available() is None:
        restrict_tcp((*launch.ports, *(port for _, port in launch.settings.allow_hosts)))
    watch_lookups(start_reading())
    _report_ends(launch.crash)
    if not launch.interactive:
        sys.breakpointhook = _no_terminal


def _report_ends(crash: int) -> None:
    """Write the stack to the crash file when the process is about to end in the middle of a request."""
    faulthandler.enable(crash, all_threads=False)
    faulthandler.register(STACK_SIGNAL, crash, all_threads=True)
    ended = os._exit
    main_process = os.getpid()

    def exit_with_stack(status: int) -> None:
        if os.getpid() == main_process:
            faulthandler.dump_traceback(crash, all_threads=False)
        ended(status)

    os._exit = exit_with_stack  # type: ignore[assignment]

    def note_signals(event: str, arguments: tuple[Any, ...]) -> None:
        if event in ("os.kill", "os.killpg", "signal.pthread_kill") and os.getpid() == main_process:
            to_itself = event == "signal.pthread_kill" or arguments[0] in (main_process, 0, -main_process)
            if to_itself and arguments[1] != 0:
                faulthandler.dump_traceback(crash, all_threads=False)

    sys.addaudithook(note_signals)


def _no_terminal(*_: object, **__: object) -> None:
    raise RuntimeError("breakpoint() in a migration needs the terminal: run pytest with -s")
