"""Read a configuration's files at once, with one error that names the line for each way they can be wrong."""

from __future__ import annotations

import codecs
import configparser
import locale
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.util import CommandError

from pytest_migcheck.core.outcome import MigcheckError

# What Alembic itself reads of its section; every other option is env.py's own affair.
_READ = (
    *("script_location", "file_template", "prepend_sys_path", "version_locations", "path_separator"),
    *("version_path_separator", "timezone", "truncate_slug_length", "sourceless", "output_encoding"),
    "recursive_version_locations",
)
_HOOKS = "post_write_hooks"
_TEXT, _LIST, _BOOLEAN, _NUMBER = "a string", "a list of strings", "true or false", "a whole number"
_TOML_TYPES = {
    **dict.fromkeys(("script_location", "file_template", "timezone", "output_encoding"), _TEXT),
    **dict.fromkeys(("prepend_sys_path", "version_locations"), _LIST),
    **dict.fromkeys(("sourceless", "recursive_version_locations"), _BOOLEAN),
    "truncate_slug_length": _NUMBER,
}
_PERCENT = "valid: %% for a percent sign, %(here)s for the folder of the file"


def read_files(config: Config, root: Path) -> None:
    """Read the ``.ini`` file and ``pyproject.toml`` of a configuration, and every option that Alembic reads.

    Args:
        config: neither of its files need have been read.
        root: paths below it are shown relative to it.

    Raises:
        MigcheckError: a file cannot be read, or the value of an option is none.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if config.config_file_name:
            _read_ini(config, Path(config.config_file_name), root)
        toml = getattr(config, "toml_file_name", None)
        if toml and Path(toml).is_file():
            _read_toml(config, Path(toml), root)


def shown_path(path: Path, root: Path) -> str:
    """A path relative to the root where it lies below it."""
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


def _read_ini(config: Config, path: Path, root: Path) -> None:
    name = shown_path(path, root)
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return
    except OSError as error:
        raise MigcheckError(f"{name}: the file cannot be read: {error.strerror}\nvalid: a text file") from error
    try:
        parser = config.file_config
    except (configparser.Error, UnicodeDecodeError) as error:
        raise MigcheckError(_ini_error(error, raw, name)) from error
    for section, option in _options_read(parser, config.config_ini_section):
        try:
            parser.get(section, option)
        except configparser.InterpolationError as error:
            value = parser.get(section, option, raw=True)
            place = f"{name}:{_line_of(raw, option, section)}"
            raise MigcheckError(_percent_error(place, option, value, _escaped(value, parser, section))) from error
    _refuse_slug_length(parser, config.config_ini_section, raw, name)


def _refuse_slug_length(parser: configparser.ConfigParser, section: str, raw: bytes, name: str) -> None:
    option = "truncate_slug_length"
    value = parser.get(section, option, fallback="40")
    if not value.strip().isdecimal():
        place = f"{name}:{_line_of(raw, option, section)}"
        raise MigcheckError(f"{place}: {option} = {value} is not {_NUMBER}\nvalid: {_NUMBER}, such as 40")


def _options_read(parser: configparser.ConfigParser, main: str) -> Iterator[tuple[str, str]]:
    yield from ((main, option) for option in _READ if parser.has_option(main, option))
    if parser.has_section(_HOOKS):
        yield from ((_HOOKS, option) for option in parser.options(_HOOKS))


def _ini_error(error: configparser.Error | UnicodeDecodeError, raw: bytes, name: str) -> str:
    unreadable = _not_text(raw, name)
    if unreadable:
        return unreadable
    if isinstance(error, configparser.DuplicateSectionError):
        first = _line_of(raw, None, error.section)
        return (
            f"{name}:{error.lineno}: the section [{error.section}] is there already, in line {first}\n"
            "what to do: make one section of the two"
        )
    if isinstance(error, configparser.DuplicateOptionError):
        first = _line_of(raw, error.option, error.section)
        return (
            f"{name}:{error.lineno}: the option {error.option} of [{error.section}] is there already, in line {first}\n"
            "what to do: keep one of the two lines"
        )
    if isinstance(error, configparser.MissingSectionHeaderError):
        return (
            f"{name}:{error.lineno}: {error.line.rstrip()!r} comes before the first section\n"
            "valid: [alembic] in a line of its own, then its options, NAME = VALUE"
        )
    if isinstance(error, configparser.ParsingError) and error.errors:
        line = error.errors[0][0]
        text = raw.decode("utf-8", "replace").split("\n")[line - 1].strip()
        return f"{name}:{line}: {text!r} is no option\nvalid: NAME = VALUE; an indented line goes on with a value"
    return f"{name}: {error}"


def _not_text(raw: bytes, name: str) -> str | None:
    """What is wrong with the bytes of a file that should be text; None where nothing is."""
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return f"{name}: the file is UTF-16, and Alembic reads UTF-8\nwhat to do: save the file as UTF-8"
    if raw.startswith(codecs.BOM_UTF8):
        return (
            f"{name}:1: the file begins with a byte order mark, and Alembic takes it for a part of the first line\n"
            "what to do: save the file as UTF-8 without a byte order mark (BOM)"
        )
    if b"\0" in raw:
        line = raw[: raw.index(b"\0")].count(b"\n") + 1
        return f"{name}:{line}: the file is not text: it holds a NUL byte\nvalid: a text file with a section [alembic]"
    encoding = codecs.lookup(locale.getpreferredencoding(False)).name
    try:
        raw.decode(encoding)
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        return (
            f"{name}:{line}: the byte 0x{raw[error.start]:02x} is not {encoding}, the encoding of this locale, in "
            f"which Alembic reads the file\nwhat to do: save the file as {encoding}"
        )
    return None


def _line_of(raw: bytes, option: str | None, section: str | None = None) -> int:
    """The first line of an option of a section, or of the section itself; 1 where it is not found."""
    inside = section is None
    for number, line in enumerate(raw.decode("utf-8", "replace").split("\n"), 1):
        header = re.match(r"\[(.+)\]", line)
        if header and section is not None:
            inside = header[1] == section
            if inside and option is None:
                return number
        elif inside and option and re.match(rf"{re.escape(option)}\s*[=:]", line.strip(), re.IGNORECASE):
            return number
    return 1


def _escaped(value: str, parser: configparser.ConfigParser, section: str) -> str:
    def mended(match: re.Match[str]) -> str:
        known = match["name"] and parser.has_option(section, match["name"])
        return match[0] if match[0] == "%%" or known else f"%{match[0]}"

    return re.sub(r"%%|%\((?P<name>[^)]*)\)s|%", mended, value)


def _percent_error(place: str, option: str, value: str, right: str) -> str:
    return (
        f"{place}: {option} = {value}: a percent sign begins the name of an option, %(NAME)s, and there is none here\n"
        f"{_PERCENT}\nwhat to do: {option} = {right}"
    )


def _read_toml(config: Config, path: Path, root: Path) -> None:
    name = shown_path(path, root)
    try:
        values = config.toml_alembic_config
    except UnicodeDecodeError as error:
        raise MigcheckError(f"{name}: the file is not UTF-8, as TOML has to be: {error.reason}") from error
    except CommandError as error:
        raise MigcheckError(_not_a_table(path, name)) from error
    except (ValueError, AttributeError) as error:
        raise MigcheckError(_toml_error(error, name)) from error
    raw = path.read_bytes()
    for option in (option for option in _TOML_TYPES if option in values):
        place = f"{name}:{_line_of(raw, option, 'tool.alembic')}"
        _refuse_type(place, option, values[option])
        try:
            config.get_alembic_option(option)
        except (KeyError, ValueError, TypeError) as error:
            value = values[option]
            texts = [value] if isinstance(value, str) else value
            right = [re.sub(r"%%|%\(here\)s|%", lambda m: m[0] if len(m[0]) > 1 else "%%", text) for text in texts]
            mended = repr(right[0] if isinstance(value, str) else right)
            raise MigcheckError(_percent_error(place, option, repr(value), mended)) from error


def _toml_error(error: Exception, name: str) -> str:
    line = re.search(r"at line (\d+)", str(error))
    return (
        f"{name}{':' + line[1] if line else ''}: the file is not valid TOML: {error}\n"
        "what to do: correct the file, which Alembic reads beside alembic.ini"
    )


def _not_a_table(path: Path, name: str) -> str:
    line = re.search(rb"(?m)^[ \t]*\[\[\s*tool\.alembic", path.read_bytes())
    number = path.read_bytes()[: line.start()].count(b"\n") + 1 if line else 1
    return f"{name}:{number}: tool.alembic is not a table\nvalid: [tool.alembic], then NAME = VALUE"


def _refuse_type(place: str, option: str, value: Any) -> None:
    wanted = _TOML_TYPES[option]
    is_list = isinstance(value, list) and all(isinstance(part, str) for part in value)
    right = {
        _TEXT: isinstance(value, str),
        # Alembic puts what it gets before sys.path, and a string is as good as a list where it is ".".
        _LIST: is_list or (option == "prepend_sys_path" and value == "."),
        _BOOLEAN: isinstance(value, bool),
        _NUMBER: isinstance(value, int) and not isinstance(value, bool),
    }
    if not right[wanted]:
        raise MigcheckError(f"{place}: {option} = {value!r} is not {wanted}\nvalid: {wanted}")
