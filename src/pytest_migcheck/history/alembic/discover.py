"""Find Alembic configurations as the ``alembic`` command does, and in sub-folders of the project."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alembic.config import CommandLine, Config
from alembic.util import CommandError

from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.history.alembic.config_files import read_files, shown_path
from pytest_migcheck.history.folders import project_folders

# A header, of a table or of what should be one, and never mind where in the file.
_IN_TOML = re.compile(rb"(?m)^\s*\[+\s*tool\s*\.\s*alembic\b")


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
        f"{_for_environments(root)}"
        "for SQL files that were not found: migcheck_histories = TOOL:FOLDER, or sql:FOLDER where no tool is known"
    )


def _for_environments(root: Path) -> str:
    """What to do where there are env.py files, and the configuration is made in code; else ""."""
    folders = (f for f in project_folders(root) if (f / "versions").is_dir() and (f / "env.py").is_file())
    seen = [shown_path(folder / "env.py", root) for folder in folders]
    if not seen:
        return ""
    return (
        f"for {', '.join(seen[:3])}, whose configuration is made in code: return it from the hook "
        "pytest_migcheck_alembic_config in the root conftest.py\n"
    )


def _typed_config(root: Path, entry: str, origin: str = "--migcheck-config") -> FoundConfig:
    name, section = entry, "alembic"
    if ":" in entry and not (root / entry).exists():
        name, _, section = entry.rpartition(":")
    path = root / name
    if not path.is_file():
        wrong = "is a directory" if path.is_dir() else "does not exist"
        raise MigcheckError(
            f"{origin}: {name!r} {wrong} (looked for {path})\n"
            "valid: the path of an alembic.ini or pyproject.toml, with :SECTION where it has several"
        )
    config = _load(path, section, root)
    sections = config.file_config.sections()
    if path.suffix == ".ini" and section not in sections:
        raise MigcheckError(f"{origin}: {name} has no section [{section}]; it has {', '.join(sections) or 'none'}")
    return FoundConfig(label=entry, config=config)


def _config_in(root: Path, directory: Path, looked_at: list[str]) -> FoundConfig | None:
    ini, toml = directory / "alembic.ini", directory / "pyproject.toml"
    looked_at += [shown_path(ini, root), f"[tool.alembic] of {shown_path(toml, root)}"]
    path = _file_in(directory)
    if path is None:
        return None
    if path.is_dir():
        raise MigcheckError(
            f"{shown_path(path, root)}: this is a directory\n"
            "valid: a file of this name, which holds Alembic's configuration\n"
            "what to do: rename the directory, or name the file: --migcheck-config=path/to/alembic.ini"
        )
    return FoundConfig(label=shown_path(path, root), config=_load(path, "alembic", root))


def _file_in(directory: Path) -> Path | None:
    """Where a directory has its configuration; nothing of it is read but whether pyproject.toml speaks of Alembic."""
    ini, toml = directory / "alembic.ini", directory / "pyproject.toml"
    if ini.is_file():
        return ini
    if toml.is_file() and _IN_TOML.search(toml.read_bytes()):
        return toml
    return ini if ini.is_dir() else None


def give_x(config: Config, arguments: Sequence[str]) -> None:
    """Give a configuration the arguments that ``alembic -x ARGUMENT`` would give it."""
    typed = [word for argument in arguments for word in ("-x", argument)]
    options = CommandLine().parser.parse_args([*typed, "upgrade", "heads"])
    if config.cmd_opts is None:
        config.cmd_opts = options
    else:
        config.cmd_opts.x = options.x


def _load(path: Path, section: str, root: Path) -> Config:
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
    read_files(config, root)
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
    try:
        value = read("script_location")
    except CommandError:  # what an older Alembic says of a file without the section
        return None
    return str(value) if value is not None else None


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
    read_files(value, root)
    name = value.attributes.get("migcheck_name") or value.config_file_name or script_location(value)
    if value.config_file_name:
        _anchor(value, Path(value.config_file_name).parent.absolute())
    label = shown_path(Path(str(name)), root) if name else f"config {number + 1}"
    section = value.config_ini_section
    return FoundConfig(label=label if section == "alembic" else f"{label}:{section}", config=value)
