"""Let each history import its own modules, when several histories have modules of one name (``models``, ``app``)."""

from __future__ import annotations

import sys
import sysconfig
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from alembic.config import Config

_KEPT = frozenset(("conftest", "__main__"))
_INSTALLED = tuple(str(Path(sysconfig.get_path(name))) for name in ("stdlib", "purelib", "platlib"))


def prepended_folders(config: Config) -> tuple[Path, ...]:
    """The folders that ``prepend_sys_path`` puts first; "." means the configuration's folder, then the working one."""
    source = config.config_file_name or getattr(config, "toml_file_name", None)
    read = getattr(config, "get_prepend_sys_paths_list", None)
    with warnings.catch_warnings():
        # Alembic warns of files that do not set path_separator; with filterwarnings = error that would end the run.
        warnings.simplefilter("ignore")
        entries = (read() if read else (config.get_main_option("prepend_sys_path") or "").split()) or []
    own = [Path(source).absolute().parent] if source and "." in entries else []
    return tuple(dict.fromkeys((*own, *(Path(entry).absolute() for entry in entries))))


class OwnModules:
    """The modules of one history whose names another history, loaded before, has taken."""

    def __init__(self, folders: tuple[Path, ...]) -> None:
        self._folders = folders
        self._own: dict[str, ModuleType] = {}

    @contextmanager
    def first(self) -> Iterator[None]:
        """Import from the history's own folders first; afterwards everything is as it was for the others."""
        path = list(sys.path)
        sys.path[:] = dict.fromkeys([*map(str, self._folders), *path])
        names = {name for name in {name.partition(".")[0] for name in list(sys.modules)} if self._is_foreign(name)}
        foreign = {n: m for n, m in list(sys.modules.items()) if n.partition(".")[0] in names}
        self._replace(names, self._own)
        try:
            yield
        finally:
            self._own = {n: m for n, m in sys.modules.items() if n.partition(".")[0] in names}
            self._replace(names, foreign)
            sys.path[:] = dict.fromkeys([*path, *sys.path])

    @staticmethod
    def _replace(names: set[str], modules: dict[str, ModuleType]) -> None:
        for name in [n for n in sys.modules if n.partition(".")[0] in names]:
            del sys.modules[name]
        sys.modules.update(modules)

    def _is_foreign(self, name: str) -> bool:
        """Whether the loaded module is another one than the first that the history's folders have."""
        place = _place(sys.modules.get(name))
        if place is None or name in _KEPT or str(place).startswith(_INSTALLED):
            return False
        found = (f / candidate for f in self._folders for candidate in (name, f"{name}.py"))
        own = next((path for path in found if path.exists()), None)
        return own is not None and own != place


def _place(module: ModuleType | None) -> Path | None:
    """The file of a module, the folder of a package."""
    folders = list(getattr(module, "__path__", ()))
    if folders:
        return Path(folders[0]).absolute()
    file = getattr(module, "__file__", None)
    return Path(file).absolute() if file else None
