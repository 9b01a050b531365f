"""Everything that a migrated template was made from, with fingerprints to check before it is used again."""

from __future__ import annotations

import hashlib
import importlib.machinery
import json
import os
import re
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from pytest_migcheck.core.reading import Evidence, is_users_file

# Variables of the terminal, of the session and of the test run itself. They count only where they were read by name;
# every other one always does.
_PASSING = re.compile(
    r"(PYTEST_CURRENT_TEST|PYTEST_VERSION|PYTEST_XDIST_\w+|PYTHONHASHSEED|COV_CORE_\w+|COVERAGE_\w+|TOX_WORK_DIR|TOX_ENV_DIR|"
    r"SHLVL|_|PWD|OLDPWD|COLUMNS|LINES|TERM|TERM_PROGRAM|TERM_PROGRAM_VERSION|TERM_SESSION_ID|COLORTERM|WINDOWID|LS_COLORS|"
    r"PS1|PROMPT_COMMAND|SSH_(AUTH_SOCK|AGENT_PID|CLIENT|CONNECTION|TTY)|GPG_(AGENT_INFO|TTY)|XDG_SESSION_\w+|XDG_RUNTIME_DIR|"
    r"DBUS_SESSION_BUS_ADDRESS|DISPLAY|WAYLAND_DISPLAY|VSCODE_(IPC_HOOK_CLI|GIT_\w+|INJECTION|PID)|INVOCATION_ID|JOURNAL_STREAM|"
    r"HIST(FILE|SIZE|FILESIZE|CONTROL|IGNORE|TIMEFORMAT)|LESS|LESSOPEN|LESSCLOSE|LESSCHARSET|PAGER|EDITOR|VISUAL|MAIL|LOGNAME|"
    r"DOCKER_HOST)\Z"
)
# They differ in every run, and pytest itself reads them.
_OF_THE_RUN = re.compile(
    r"(PYTEST_CURRENT_TEST|PYTEST_VERSION|PYTEST_XDIST_\w+|COLUMNS|LINES|TERM|COV_CORE_\w+|COVERAGE_\w+)\Z"
)
_CODE = "/*.py"
_RIVAL = "/<module>/"
Entries = dict[str, list[str]]
_BY_CONTENT = "sha256:"


@dataclass(frozen=True, slots=True)
class Manifest:
    """``files`` and ``folders`` map paths to fingerprints, ``modules`` names to the files they were loaded from.

    ``missing`` were looked for and not there, ``missing_modules`` likewise along ``path``, ``present`` were there;
    ``variables`` were read by name, beside those that always count.
    """

    files: Mapping[str, str]
    folders: Mapping[str, str]
    modules: Mapping[str, str]
    environment: str
    missing: tuple[str, ...] = ()
    present: tuple[str, ...] = ()
    missing_modules: tuple[str, ...] = ()
    path: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, files: Iterable[Path], reading: Evidence, scripts: Iterable[Path], whole: Iterable[Path] = ()
    ) -> Manifest:
        """The manifest of what these source files of the user, and all loaded libraries, make.

        ``scripts`` are folders in which a further file of code would be a further revision, ``whole`` those in which
        any file would.
        """
        sources = {str(path) for path in files}
        # What the process has opened of the user's counts, whoever asked for it: threads have no such frames.
        read = {name for name, users in reading.files.items() if users & sources or is_users_file(name)}
        variables = tuple(sorted(v for v in reading.variables if _PASSING.match(v) and not _OF_THE_RUN.match(v)))
        listed = {name for name, users in reading.folders.items() if users & sources}
        listed |= {str(Path(folder).resolve()) for folder in whole}
        folders = {str(Path(folder).resolve()) for folder in scripts}
        elsewhere = (name for name in sources if str(Path(name).parent) not in folders)
        code = {f"{folder}{_CODE}" for folder in folders} | _rivals(elsewhere)
        seen: Entries = {}
        return cls(
            files={
                **{name: _content(name) for name in sorted(sources | read) if is_users_file(name)},
                **{name: _identity(name) for name in sorted(_libraries(reading) | read) if not is_users_file(name)},
            },
            folders={name: _listing(name, seen) for name in sorted(listed | code)},
            modules={name: str(path) for name, path in sorted(reading.users_modules().items()) if str(path) in sources},
            environment=_environment(variables),
            missing=tuple(n for n in sorted(reading.missing) if is_users_file(n) and not os.path.lexists(n)),
            present=tuple(n for n in sorted(reading.present) if is_users_file(n) and os.path.lexists(n)),
            missing_modules=tuple(sorted(name for name in reading.missing_modules if _is_missing(name, reading.path))),
            path=reading.path,
            variables=variables,
        )

    def changed(self) -> str | None:
        """What is not as it was, in a few words; None if everything is."""
        for name, known in self.files.items():
            now = _content(name) if known.startswith(_BY_CONTENT) else _identity(name)
            if now != known:
                return f"{name} has changed"
        seen: Entries = {}
        for name, known in self.folders.items():
            if _listing(name, seen) != known:
                return f"files came or went in {name}"
        if _environment(self.variables) != self.environment:
            return "environment variables have changed"
        for name in filter(os.path.lexists, self.missing):
            return f"{name} is there now"
        for name in self.present:
            if not os.path.lexists(name):
                return f"{name} is not there now"
        for name in self.missing_modules:
            if not _is_missing(name, self.path):
                return f"the module {name} can be imported now"
        for name, path in self.modules.items():
                # A module that is not found yet is found by a path that env.py adds, and env.py has not changed.
            if "." not in name and _origin(name) not in (path, None):
                return f"the module {name} comes from another file"
        return None

    def newest(self) -> float:
        """The time at which one of the user's files was changed last."""
        users = (name for name, known in self.files.items() if known.startswith(_BY_CONTENT))
        return max(map(_changed_at, users), default=0.0)

    def to_json(self) -> str:
        return json.dumps({one.name: getattr(self, one.name) for one in fields(self)})

    @classmethod
    def from_json(cls, text: str) -> Manifest | None:
        """The manifest of a text that ``to_json`` gave; None if it is another one's."""
        try:
            plain: dict[str, Any] = json.loads(text)
            values: dict[str, Any] = {one.name: plain[one.name] for one in fields(cls)}
        except (ValueError, KeyError, TypeError):
            return None
        plain = {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
        return cls(**plain)


def _content(name: str) -> str:
    """A file of the user: its name or times say nothing after a checkout of another branch."""
    try:
        with open(name, "rb") as file:  # noqa: PTH123 - one of many
            return _BY_CONTENT + hashlib.sha256(file.read()).hexdigest()
    except OSError:
        return f"{_BY_CONTENT} not there"


def _identity(name: str) -> str:
    """A file of a library, of which there are a thousand."""
    try:
        found = os.stat(name)  # noqa: PTH116
        return f"{found.st_size} {found.st_mtime_ns} {found.st_ctime_ns} {found.st_ino}"
    except OSError:
        return "not there"


def _changed_at(name: str) -> float:
    try:
        found = os.stat(name)  # noqa: PTH116
    except OSError:
        return 0.0
    return max(found.st_mtime, found.st_ctime)


def _libraries(reading: Evidence) -> set[str]:
    return {source for source in reading.sources.values() if not is_users_file(source)}


def _listing(name: str, seen: Entries) -> str:
    """The names in a folder: all, those of code (``/*.py``), or of what would be imported in place of a module.

    ``seen`` holds what was listed before: a package has many modules.
    """
    folder, code, _ = name.partition(_CODE)
    folder, rival, stem = folder.partition(_RIVAL)
    if folder not in seen:
        try:
            found = os.listdir(folder)  # noqa: PTH208
        except OSError:
            found = ["", "not there"]
        seen[folder] = [entry for entry in found if not entry.startswith(".") and entry != "__pycache__"]
    entries = seen[folder]
    if code:
        entries = [e for e in entries if e.endswith((".py", ".so")) or "." not in e]
    if rival:
        entries = [e for e in entries if e.partition(".")[0] == stem and (e == stem or e.endswith((".py", ".so")))]
    return hashlib.sha256("\n".join(sorted(entries)).encode(errors="surrogateescape")).hexdigest()


def _rivals(sources: Iterable[str]) -> set[str]:
    """For each module, the places of a package or an extension of the same name, which would win."""
    return {f"{Path(s).parent}{_RIVAL}{Path(s).stem}" for s in sources if s.endswith(".py")}


def _environment(read: Collection[str]) -> str:
    kept = sorted((name, value) for name, value in os.environ.items() if name in read or not _PASSING.match(name))
    return hashlib.sha256(json.dumps(kept).encode()).hexdigest()


def _is_missing(name: str, path: Sequence[str]) -> bool:
    """Whether a module that failed to be found fails still; one whose package is there is looked for in it."""
    package, _, _ = name.rpartition(".")
    if not package:
        return importlib.machinery.PathFinder.find_spec(name, list(path)) is None
    spec = importlib.machinery.PathFinder.find_spec(package, list(path)) if "." not in package else None
    places = list(spec.submodule_search_locations or ()) if spec is not None else None
    return places is None or importlib.machinery.PathFinder.find_spec(name, places) is None


def _origin(name: str) -> str | None:
    module = sys.modules.get(name)
    source = getattr(module, "__file__", None)
    if source is None:
        spec = importlib.machinery.PathFinder.find_spec(name)
        source = spec.origin if spec is not None else None
    return str(Path(source).resolve()) if source else None
