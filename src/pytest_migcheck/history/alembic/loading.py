"""Load revision files as Alembic does; what is wrong with one is an error that names its line."""

from __future__ import annotations

import inspect
import traceback
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from alembic.script import Script, ScriptDirectory
from alembic.util import CommandError, to_tuple

from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.history.alembic.left_out import refuse_left_out
from pytest_migcheck.history.alembic.written import DOWNGRADE, UPGRADE, line_of, unreadable

_PARENTS = "valid: the id of a revision as a string, a tuple of such ids, or None for the first revision"
_NAMES = "valid: a string, a tuple of strings, or None"


def load_files(scripts: ScriptDirectory, label: str) -> dict[str, Script]:
    """Every revision file by its id.

    Raises:
        MigcheckError: a file does not load, cannot run or is left out, or an id stands twice.
    """
    refuse_left_out(scripts, label)
    found: dict[str, Script] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            for script in scripts._load_revisions():
                wrong = next(_wrong_values(script.module, script.path), None) or _not_runnable(script)
                if wrong:
                    raise MigcheckError(f"{label}: {wrong}")
                twin = found.get(script.revision)
                if twin is not None:
                    raise MigcheckError(
                        f"MC015 duplicate-revision-id: {label}: revision id {script.revision!r} stands in two files\n"
                        f"  {twin.path}\n  {script.path}\n"
                        "what to do: give one of them a new id, and correct the down_revision of what follows it"
                    )
                found[script.revision] = script
        except (MigcheckError, KeyboardInterrupt):
            raise
        except BaseException as error:
            # A module may raise whatever it likes while it loads, SystemExit and pytest's own outcomes too.
            raise MigcheckError(f"{label}: {_explained(error, scripts)}") from error
    return found


def _explained(error: BaseException, scripts: ScriptDirectory) -> str:
    path, module = _being_loaded(error)
    if path is not None and module is not None:
        wrong = next(_wrong_values(module, path), None)
        return wrong or f"{path}: {_text(error)}"
    if isinstance(error, (SyntaxError, ValueError)):
        source = getattr(error, "filename", None) or path
        wrong = unreadable(source) if source and Path(source).is_file() else None
        if wrong:
            return wrong
    if isinstance(error, SyntaxError):
        place = f"{error.filename or path}:{error.lineno or 1}"
        return f"{place}: SyntaxError: {error.msg}\n    {(error.text or '').strip()}"
    if isinstance(error, CommandError):
        return _text(error)
    return _where(error, scripts, path)


def _being_loaded(error: BaseException) -> tuple[str | None, ModuleType | None]:
    """The file that Alembic was loading, and its module where that was there already."""
    for frame, _line in traceback.walk_tb(error.__traceback__):
        here = dict(frame.f_locals)  # since Python 3.13 no dictionary itself
        if frame.f_globals.get("__name__") == "alembic.script.base" and {"dir_", "filename"} <= here.keys():
            module = here.get("module")
            return str(Path(here["dir_"]) / here["filename"]), module if isinstance(module, ModuleType) else None
    return None, None


def _where(error: BaseException, scripts: ScriptDirectory, path: str | None) -> str:
    """The error of a revision file at import, with the user's innermost line."""
    ours = (str(scripts.dir), *((path,) if path else ()))
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename.startswith(ours)]
    place = f"{frames[-1].filename}:{frames[-1].lineno}: " if frames else f"{path}: " if path else ""
    line = f"\n    {frames[-1].line}" if frames else ""
    what = "\nwhat to do: a revision must load without ending the process" if isinstance(error, SystemExit) else ""
    return f"{place}{type(error).__name__}: {_text(error)}{line}{what}"


def _text(error: BaseException) -> str:
    """The text of an exception, which the user's class makes."""
    try:
        return str(error)
    except Exception as failure:  # noqa: BLE001
        return f"(the text of the exception cannot be made: {type(failure).__name__})"


def _wrong_values(module: ModuleType, path: str) -> Iterator[str]:
    """What the names that Alembic reads of a revision are bound to, where that is nothing it can use."""
    if not hasattr(module, "down_revision"):
        yield f"{path}: the file does not set down_revision\n{_PARENTS}\n{_else('down_revision')}"
    id_ = getattr(module, "revision", None)
    if hasattr(module, "revision") and (not isinstance(id_, str) or not id_):
        right = f'revision = "{id_}"' if isinstance(id_, int) else 'revision = "1f0c3a9b7d24"'
        yield (
            f"{path}:{line_of(path, 'revision')}: revision = {_shown(id_)} is no id of a revision\n"
            f"valid: a string that is not empty\nwhat to do: {right}"
        )
    elif not hasattr(module, "revision"):
        yield f"{path}: the file does not set revision\nvalid: a string that is not empty\n{_else('revision')}"
    elif odd := sorted(set(str(id_)) & set("@-+")):
        yield (
            f"{path}:{line_of(path, 'revision')}: revision = {id_!r} holds {' and '.join(map(repr, odd))}, which "
            "Alembic does not take in an id\nvalid: letters, digits and underscores\nwhat to do: give it another id"
        )
    for name, valid in (("down_revision", _PARENTS), ("depends_on", _NAMES), ("branch_labels", _NAMES)):
        value = getattr(module, name, None)
        if not _is_names(value):
            place = f"{path}:{line_of(path, name)}"
            yield f"{place}: {name} = {_shown(value)} is not a string, nor a tuple of strings\n{valid}"
        elif name != "branch_labels" and id_ in to_tuple(value, default=()):
            yield (
                f"{path}:{line_of(path, name)}: {name} = {_shown(value)} names the revision itself\n"
                f"{valid}\nwhat to do: name the revision before it"
            )


def _else(name: str) -> str:
    return f"what to do: set {name}, or move a file that is no revision out of this folder"


def _is_names(value: Any) -> bool:
    if value is None or isinstance(value, str):
        return True
    # Alembic makes a tuple of anything that can be gone through.
    if not isinstance(value, Iterable) or isinstance(value, (bytes, bytearray)):
        return False
    return not isinstance(value, (list, tuple, set, frozenset)) or all(isinstance(part, str) for part in value)


def _shown(value: Any) -> str:
    try:
        return repr(value)
    except Exception as failure:  # noqa: BLE001
        return f"(a {type(value).__name__} whose repr() raises {type(failure).__name__})"


def _not_runnable(script: Script) -> str | None:
    """Why calling ``upgrade()`` or ``downgrade()`` would not run what is written there; a way back need not exist."""
    if not hasattr(script.module, UPGRADE):
        return (
            f"{script.path}: there is no function upgrade(), so Alembic cannot run this revision\n"
            "valid: def upgrade() at the top level of the file\n"
            "what to do: write it, or move a file that is no revision out of this folder"
        )
    for name in (UPGRADE, DOWNGRADE):
        wrong = _why_not_run(name, getattr(script.module, name, None))
        if wrong and hasattr(script.module, name):
            return f"{script.path}:{line_of(script.path, name)}: {wrong}"
    return None


def _why_not_run(name: str, function: Any) -> str | None:
    if not callable(function):
        return f"{name} = {_shown(function)} is no function\nvalid: def {name}()"
    if inspect.iscoroutinefunction(function):
        return (
            f"{name}() is a coroutine function (async def): Alembic calls it and does not wait for it, so nothing of "
            f"it runs\nvalid: def {name}()\n"
            "what to do: write it without async; op.run_async(function) runs what has to be awaited"
        )
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        return (
            f"{name}() is a generator function (it holds yield): Alembic calls it and does not go through it, so "
            f"nothing of it runs\nvalid: def {name}() without yield"
        )
    return None
