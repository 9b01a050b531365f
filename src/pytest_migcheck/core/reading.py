"""What this process has read and done, from its audit events: what a migration's outcome can depend on.

An audit hook (https://docs.python.org/3/library/audit_events.html) cannot be removed, so it is cheap and can be told to
rest: a test run raises some ten thousand events, and two milliseconds are spent here.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import pathlib
import sys
import sysconfig
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

_READS = frozenset(("open", "os.listdir", "os.scandir"))
# Beyond files: what came back cannot be checked again before the next run.
_ACTS = frozenset(
    (
        *("subprocess.Popen", "os.system", "os.posix_spawn", "os.exec", "pty.spawn"),
        *("socket.connect", "socket.gethostname", "urllib.Request", "sqlite3.connect"),
    )
)
_EVENTS = _READS | _ACTS
_SKIPPED = ("/proc/", "/dev/", "/sys/")


class Reading:
    """The files, folders and acts so far, each with the users' source files that were on the stack.

    ``missing`` and ``present`` are paths that were looked for, ``modules`` names whose import has failed, ``variables``
    the names of environment variables that were read.
    """

    def __init__(self, is_users: Callable[[str], bool]) -> None:
        self.resting = False
        self.started = time.time()
        self.loaded_before = frozenset(sys.modules)
        self.files: dict[str, set[str]] = {}
        self.folders: dict[str, set[str]] = {}
        self.acts: dict[str, set[str]] = {}
        self.missing: set[str] = set()
        self.present: set[str] = set()
        self.modules: set[str] = set()
        self.variables: set[str] = set()
        self._is_users = is_users

    def hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event not in _EVENTS or self.resting:
            return
        frame = sys._getframe(1)
        if event in _ACTS:
            self._note(self.acts, f"{event} {_described(event, arguments)}".strip(), frame)
            return
        path = arguments[0]
        if not isinstance(path, (str, bytes, os.PathLike)):
            return
        name = os.path.abspath(os.fsdecode(path))
        if name.startswith(_SKIPPED):
            return
        if event != "open":
            # Python's own import looks into every folder of its path.
            if not frame.f_code.co_filename.startswith("<frozen importlib"):
                self._note(self.folders, name, frame)
        elif not _only_writes(arguments):
            self._note(self.files, _source_of(name), frame)

    def _note(self, notes: dict[str, set[str]], key: str, frame: FrameType | None) -> None:
        known = notes.setdefault(key, set())
        while frame is not None:
            if self._is_users(frame.f_code.co_filename):
                known.add(frame.f_code.co_filename)
            frame = frame.f_back


def _source_of(name: str) -> str:
    """The source file of compiled code, which Python opens in its place."""
    if not name.endswith(".pyc"):
        return name
    try:
        return importlib.util.source_from_cache(name)
    except ValueError:
        return name


def watch_lookups(reading: Reading) -> None:
    """Note what this process looks for from now on and does not find, and which variables it reads.

    No audit event is raised for either: ``os.stat``, ``os.lstat`` and ``os.access`` are wrapped, a finder comes after
    all others in ``sys.meta_path``, and the environment's mapping is of a class that notes names.
    """

    def noting(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def looked(path: Any, *arguments: Any, **words: Any) -> Any:
            try:
                found = function(path, *arguments, **words)
            except (FileNotFoundError, NotADirectoryError):
                _note_lookup(reading.missing, path)
                raise
            _note_lookup(reading.missing if found is False else reading.present, path)
            return found

        return looked

    for name in ("stat", "lstat", "access"):
        original = getattr(os, name)
        wrapped = noting(original)
        setattr(os, name, wrapped)
        for supporting in (os.supports_follow_symlinks, os.supports_dir_fd, os.supports_fd, os.supports_effective_ids):
            if original in supporting:
                supporting.add(wrapped)
    accessor = getattr(pathlib, "_NormalAccessor", None)  # Python 3.10 has bound them there
    if accessor is not None:
        accessor.stat, accessor.lstat = staticmethod(os.stat), staticmethod(os.lstat)
    sys.meta_path.append(_MissingModules(reading))
    # The mapping is one object that every module may have bound, so its class is what changes.
    os.environ.__class__ = type("_Environ", (_NotingEnviron,), {"reading": reading})


def _note_lookup(names: set[str], path: Any) -> None:
    if isinstance(path, (str, bytes, os.PathLike)):
        name = os.path.abspath(os.fsdecode(path))
        if not name.startswith(_SKIPPED):
            names.add(name)


class _NotingEnviron(os._Environ):  # type: ignore[type-arg]
    """The environment; notes each name that is read."""

    reading: Reading

    def __getitem__(self, key: Any) -> Any:
        self.reading.variables.add(os.fsdecode(key))
        return super().__getitem__(key)


class _MissingModules:
    """The last finder: what it is asked for, no other has found."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        self._reading.modules.add(name)


def _only_writes(arguments: tuple[Any, ...]) -> bool:
    mode, flags = arguments[1], arguments[2]
    if isinstance(mode, str):
        return "r" not in mode and "+" not in mode
    return isinstance(flags, int) and flags & os.O_ACCMODE == os.O_WRONLY


def _described(event: str, arguments: tuple[Any, ...]) -> str:
    if event == "socket.connect":
        return str(arguments[1])
    if event in ("subprocess.Popen", "os.exec", "os.posix_spawn"):
        return str(arguments[0])
    return ""


def _libraries() -> tuple[str, ...]:
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    places = {sysconfig.get_paths().get(name, "") for name in names} | {os.path.dirname(os.__file__)}
    return tuple(os.path.join(os.path.realpath(place), "") for place in places if place)


_LIBRARIES = _libraries()
_OWN = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "")
_known: dict[str, bool] = {}


def is_users_file(path: str) -> bool:
    """Whether a source file is the user's: not of Python, of an installed package, or of ours."""
    known = _known.get(path)
    if known is None:
        real = os.path.realpath(path)
        known = _known[path] = not (
            path.startswith("<")
            or real.startswith((*_LIBRARIES, _OWN))
            or f"{os.sep}site-packages{os.sep}" in real
            or f"{os.sep}dist-packages{os.sep}" in real
        )
    return known


_reading: Reading | None = None


def start_reading() -> Reading:
    """Note what is read from now on; the first call of the process counts."""
    global _reading  # noqa: PLW0603 - audit hooks belong to the process and cannot be removed
    if _reading is None:
        _reading = Reading(is_users_file)
        sys.addaudithook(_reading.hook)
    return _reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a process has read and done so far, as plain data.

    ``files``, ``folders`` and ``acts`` name the user's source files that were on the stack; ``sources`` are the loaded
    modules with their files, ``loaded_before`` the modules that were loaded when the reading began, at ``started``;
    ``missing`` and ``missing_modules`` were looked for and not there, along ``path``, ``present`` were; ``variables``
    were read.
    """

    files: Mapping[str, frozenset[str]] = field(default_factory=dict)
    folders: Mapping[str, frozenset[str]] = field(default_factory=dict)
    acts: Mapping[str, frozenset[str]] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    loaded_before: frozenset[str] = frozenset()
    started: float = field(default_factory=time.time)
    missing: frozenset[str] = frozenset()
    present: frozenset[str] = frozenset()
    missing_modules: frozenset[str] = frozenset()
    path: tuple[str, ...] = ()
    variables: frozenset[str] = frozenset()

    def users_modules(self) -> dict[str, Path]:
        """The user's loaded modules with their source files."""
        users = ((name, source) for name, source in self.sources.items() if is_users_file(source))
        return {name: Path(source).resolve() for name, source in users}


def evidence() -> Evidence:
    """What this process has read since ``start_reading`` was first called."""
    reading = start_reading()
    sources = ((name, getattr(module, "__file__", None)) for name, module in list(sys.modules.items()))
    return Evidence(
        files=_frozen(reading.files),
        folders=_frozen(reading.folders),
        acts=_frozen(reading.acts),
        sources={name: source for name, source in sources if isinstance(source, str)},
        loaded_before=reading.loaded_before,
        started=reading.started,
        missing=frozenset(reading.missing),
        present=frozenset(reading.present),
        missing_modules=frozenset(reading.modules),
        path=tuple(sys.path),
        variables=frozenset(reading.variables),
    )


def _frozen(notes: Mapping[str, set[str]]) -> dict[str, frozenset[str]]:
    return {name: frozenset(users) for name, users in notes.items()}
