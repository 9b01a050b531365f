"""Programs that this process starts: those with a foreign database as their target are refused."""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import ModuleType
from typing import Any

from pytest_migcheck.guard.addresses import Addresses
from pytest_migcheck.guard.imports import Patch
from pytest_migcheck.guard.programs import Opened, opened_by, opened_in_shell
from pytest_migcheck.guard.refusals import Refusals

_ADVICE = (
    "leave its target out and leave PG* in its environment, which lead it to the run's database; or give it the run's "
    "own URL "
    "(migcheck_env = NAME={url} sets an environment variable)"
)
_ADVICE_OWN_CONFIG = (
    "it reads its target itself, so that it cannot be led to the run's database: do not start it while migrations are "
    "verified, or give it the run's own URL in its arguments (migcheck_env = NAME={url} sets an environment variable)"
)


class Starting:
    """Looks at each program before it is started."""

    def __init__(self, addresses: Addresses, refusals: Refusals, is_internal: Callable[[], bool]) -> None:
        self._addresses = addresses
        self._refusals = refusals
        self._is_internal = is_internal

    def events(self) -> dict[str, Callable[..., None]]:
        """What is done at each audit event."""
        return {
            "subprocess.Popen": lambda path, arguments, _cwd, env: self._starts(path, arguments, env),
            "os.exec": self._starts,
            "os.posix_spawn": self._starts,
            "os.spawn": lambda _mode, path, arguments, env: self._starts(path, arguments, env),
            "os.system": self._runs,
            "pty.spawn": lambda arguments: self._starts(None, arguments, None),
        }

    def patches(self) -> dict[str, Patch]:
        """The patches by the module that they belong to."""
        return {"gevent.subprocess": self._patch_gevent}

    def install(self) -> None:
        """Look at ``os.spawn*`` here: it raises its event in the child, where the refusal would be lost."""
        original = getattr(os, "_spawnvef", None)
        if original is None:
            return

        @functools.wraps(original)
        def _spawnvef(mode: int, file: Any, args: Sequence[Any], env: Any, func: Any) -> Any:
            if not self._is_internal():
                self._starts(file, args, env)
            return original(mode, file, args, env, func)

        os._spawnvef = _spawnvef  # type: ignore[attr-defined]

    def _patch_gevent(self, module: ModuleType) -> Sequence[tuple[Any, Any]]:
        """gevent forks by itself, so that its event is raised in the child, too."""
        original = module.Popen.__init__
        signature = inspect.signature(original)

        @functools.wraps(original)
        def __init__(popen: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807
            given = signature.bind(popen, *args, **kwargs).arguments
            if not self._is_internal():
                arguments, env = given["args"], given.get("env")
                if given.get("shell"):
                    first = arguments if isinstance(arguments, (str, bytes, os.PathLike)) else arguments[0]
                    self._check(opened_in_shell(_text(first), _environment(env)))
                else:
                    self._starts(given.get("executable"), arguments, env)
            original(popen, *args, **kwargs)

        module.Popen.__init__ = __init__
        return []

    def _starts(self, path: Any, arguments: Any, env: Any) -> None:
        one = isinstance(arguments, (str, bytes, os.PathLike))
        words = [_text(word) for word in ([arguments] if one else arguments or ())]
        environment = _environment(env)
        self._check(opened_by(words, environment))
        if path is not None and words and os.path.basename(_text(path)) != os.path.basename(words[0]):  # noqa: PTH119
            self._check(opened_by([_text(path), *words[1:]], environment))

    def _runs(self, command: Any) -> None:
        self._check(opened_in_shell(_text(command), _environment(None)))

    def _check(self, opened: Iterator[Opened]) -> None:
        for program in opened:
            for host, port in program.targets:
                if not (port.isdigit() and self._addresses.has(host, int(port))):
                    advice = _ADVICE_OWN_CONFIG if program.own_config else _ADVICE
                    raise self._refusals.refuse(f"the program {program.program}", host, port, advice)


def _text(value: Any) -> str:
    return os.fsdecode(value) if isinstance(value, (str, bytes, os.PathLike)) else str(value)


def _environment(env: Mapping[Any, Any] | None) -> Mapping[str, str]:
    return os.environ if env is None else {_text(key): _text(value) for key, value in env.items()}
