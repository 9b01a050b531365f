"""Find Alembic configurations as the ``alembic`` command does, and in sub-folders of the project."""

from __future__ import annotations

import configparser
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alembic.config import CommandLine, Config

from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.history.folders import project_folders


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundConfig:
    """A configuration with the name that reports use for it."""

    label: str
    config: Config


def find_configs(root: Path, typed: tuple[str, ...]) -> tuple[FoundConfig, ...]:
    """Return the configurations that were typed, else those that the project has.

    Args:
        root: the project's root directory.
        typed: ``FILE`` or ``FILE:SECTION`` entries of ``--migcheck-config``, relative to ``root``.

    Raises:
        MigcheckError: a typed file does not exist, or nothing was found; the message names every place.
    """
    if typed:
        return tuple(_typed_config(root, entry) for entry in typed)
    named = os.environ.get("ALEMBIC_CONFIG")
    if named:
        return (_typed_config(root, named, "$ALEMBIC_CONFIG"),)
    looked_at: list[str] = ["$ALEMBIC_CONFIG (not set)"]
    for directory in project_folders(root):
        found = _config_in(root, directory, looked_at)
        if found and directory == root:
            return (found,)
        if found:
            below = [_config_in(root, other, looked_at) for other in project_folders(root) if other != root]
            return tuple(entry for entry in below if entry)
    raise MigcheckError(
        f"no Alembic configuration found in {root}, and no folder of SQL that is known as one of migrations\n"
        "looked at: " + ", ".join(looked_at[:3]) + ", and alembic.ini two folders deep\n"
        "what to do: run pytest in the project's root, or name the file: --migcheck-config=path/to/alembic.ini\n"
        "for SQL files that were not found: migcheck_histories = TOOL:FOLDER, or sql:FOLDER where no tool is known"
    )


def _typed_config(root: Path, entry: str, origin: str = "--migcheck-config") -> FoundConfig:
    name, section = entry, "alembic"
    if ":" in entry and not (root / entry).exists():
        name, _, section = entry.rpartition(":")
    path = root / name
    if not path.is_file():
        raise MigcheckError(
            f"{origin}: {name!r} does not exist (looked for {path})\n"
            "valid: the path of an alembic.ini or pyproject.toml, with :SECTION where it has several"
        )
    config = _load(path, section)
    if path.suffix == ".ini" and section not in _sections(path):
        raise MigcheckError(
            f"{origin}: {name} has no section [{section}]; it has {', '.join(_sections(path)) or 'none'}"
        )
    return FoundConfig(label=entry, config=config)


def _config_in(root: Path, directory: Path, looked_at: list[str]) -> FoundConfig | None:
    ini, toml = directory / "alembic.ini", directory / "pyproject.toml"
    looked_at += [_relative(ini, root), f"[tool.alembic] of {_relative(toml, root)}"]
    if ini.is_file():
        return FoundConfig(label=_relative(ini, root), config=_load(ini, "alembic"))
    if toml.is_file() and "[tool.alembic]" in toml.read_text(encoding="utf-8"):
        return FoundConfig(label=_relative(toml, root), config=_load(toml, "alembic"))
    return None


def _relative(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


def _load(path: Path, section: str) -> Config:
    options = CommandLine().parser.parse_args(["upgrade", "heads"])
    directory = path.parent.absolute()
    ini = path if path.suffix != ".toml" else directory / "alembic.ini"
    keywords: dict[str, object] = {}
    if (directory / "pyproject.toml").is_file() and "toml_file" in Config.__init__.__code__.co_varnames:
        keywords["toml_file"] = str(directory / "pyproject.toml")
    config = Config(
        str(ini) if ini.is_file() else None,
        ini_section=section,
        cmd_opts=options,
        **keywords,  # type: ignore[arg-type]
    )
    _anchor(config, directory)
    return config


def _anchor(config: Config, directory: Path) -> None:
    """Make a relative script location hold from the configuration's own folder."""
    location = script_location(config)
    if location is None:
        if (directory / "env.py").is_file():
            config.set_main_option("script_location", str(directory).replace("%", "%%"))
        return
    relative = not Path(location).is_absolute() and ":" not in location
    if relative and not Path(location).is_dir() and (directory / location).is_dir():
        config.set_main_option("script_location", str(directory / location).replace("%", "%%"))


def script_location(config: Config) -> str | None:
    """The script location as configured, of the .ini file or of pyproject.toml."""
    read = getattr(config, "get_alembic_option", config.get_main_option)
    value = read("script_location")
    return str(value) if value is not None else None


def _sections(path: Path) -> list[str]:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(path, encoding="utf-8")
    return parser.sections()


def hooked_configs(returned: Sequence[Any], root: Path) -> tuple[FoundConfig, ...]:
    """The configurations that the hook ``pytest_migcheck_alembic_config`` returned.

    Raises:
        MigcheckError: a value is neither an ``alembic.config.Config`` nor a path.
    """
    found: list[FoundConfig] = []
    for value in returned:
        for one in value if isinstance(value, (list, tuple)) else [value]:
            found.append(_hooked_config(one, root, len(found)))
    return tuple(found)


def _hooked_config(value: Any, root: Path, number: int) -> FoundConfig:
    if isinstance(value, (str, os.PathLike)):
        return _typed_config(root, os.fspath(value), "pytest_migcheck_alembic_config")
    if not isinstance(value, Config):
        raise MigcheckError(
            f"pytest_migcheck_alembic_config returned {value!r}; "
            "valid: an alembic.config.Config, a path, or a list of them"
        )
    options = CommandLine().parser.parse_args(["upgrade", "heads"])
    value.cmd_opts = value.cmd_opts or options
    name = value.attributes.get("migcheck_name") or value.config_file_name or script_location(value)
    label = _relative(Path(str(name)), root) if name else f"config {number + 1}"
    section = value.config_ini_section
    return FoundConfig(label=label if section == "alembic" else f"{label}:{section}", config=value)
