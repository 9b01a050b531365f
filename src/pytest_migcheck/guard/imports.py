"""Act on a module right after it was executed, before whoever imports it sees a name of it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

#: Patches a module, and gives what it replaced: (the original, its replacement).
Patch = Callable[[ModuleType], Sequence[tuple[Any, Any]]]


class Hook(MetaPathFinder):
    """A finder that lets the others find, and patches modules by their names."""

    def __init__(self, patches: Mapping[str, Patch]) -> None:
        self._patches = patches

    def install(self) -> None:
        """Patch what is imported already, and then whatever is imported."""
        self.keep_first(sys.meta_path)
        for name, patch in self._patches.items():
            module = sys.modules.get(name)
            if module is not None:
                _replace_everywhere(patch(module))

    def keep_first(self, meta_path: list[Any]) -> None:
        """Go before finders that the user's code has added."""
        if not meta_path or meta_path[0] is not self:
            if self in meta_path:
                meta_path.remove(self)
            meta_path.insert(0, self)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        patch = self._patches.get(fullname)
        if patch is None:
            return None
        for finder in list(sys.meta_path):
            find = None if finder is self else getattr(finder, "find_spec", None)
            spec: ModuleSpec | None = find(fullname, path, target) if find is not None else None
            if spec is not None:
                if spec.loader is not None:
                    spec.loader = _PatchingLoader(spec.loader, patch)
                return spec
        return None


class _PatchingLoader(Loader):
    """Takes the place of a loader until the module is executed; the module shows the real one."""

    def __init__(self, loader: Loader, patch: Patch) -> None:
        self._loader = loader
        self._patch = patch

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        spec.loader = self._loader
        try:
            return self._loader.create_module(spec)
        finally:
            spec.loader = self

    def exec_module(self, module: ModuleType) -> None:
        module.__loader__ = self._loader
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        self._patch(module)


def _replace_everywhere(replaced: Sequence[tuple[Any, Any]]) -> None:
    """Give every module that has bound an original its replacement."""
    replacements = {id(original): (original, replacement) for original, replacement in replaced}
    modules: list[Any] = list(sys.modules.values())
    for module in modules:
        if not isinstance(module, ModuleType) or module.__name__.startswith("pytest_migcheck.guard"):
            continue
        for name, value in list(vars(module).items()):
            found = replacements.get(id(value))
            if found is not None and found[0] is value:
                setattr(module, name, found[1])
