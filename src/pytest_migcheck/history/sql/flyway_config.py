"""What Flyway's configuration says of placeholders."""

from __future__ import annotations

import os
import re
from pathlib import Path

from pytest_migcheck.history.sql.reading import read_config

_FILES = ("flyway.conf", "flyway.toml", "conf/flyway.conf")
_SETTING = re.compile(
    r"""^[ \t]*(?:flyway\.)?placeholders\.([\w.\-]+)[ \t]*=[ \t]*["']?(.*?)["']?[ \t]*\r?$""", re.MULTILINE
)
_TABLE = re.compile(r"(?ms)^\[flyway\.placeholders\]\s*$(.*?)(?=^\[|\Z)")
_PAIR = re.compile(r"""^[ \t]*["']?([\w.\-]+)["']?[ \t]*=[ \t]*["']?(.*?)["']?[ \t]*\r?$""", re.MULTILINE)
_OFF = re.compile(r"(?im)^[ \t]*(?:flyway\.)?placeholderReplacement[ \t]*=[ \t]*false")


def placeholders_of(folder: Path) -> tuple[dict[str, str] | None, tuple[Path, ...]]:
    """Names and values, None where they are not replaced; and the files that say so.

    ``FLYWAY_PLACEHOLDERS_NAME`` in the environment comes first, as with Flyway.
    """
    found: dict[str, str] = {
        "flyway:defaultSchema": "public",
        "flyway:table": "flyway_schema_history",
        "flyway:environment": "default",
        "flyway:workingDirectory": str(Path.cwd()),
    }
    files = tuple(
        path for place in (folder, *folder.parents[:3]) for name in _FILES if (path := place / name).is_file()
    )
    for path in reversed(files):
        text = read_config(path)
        if _OFF.search(text):
            return None, files
        found.update((match[1], match[2]) for match in _SETTING.finditer(text))
        for table in _TABLE.finditer(text):
            found.update((match[1], match[2]) for match in _PAIR.finditer(table[1]))
    for name, value in os.environ.items():
        if name.startswith("FLYWAY_PLACEHOLDERS_"):
            found[name.removeprefix("FLYWAY_PLACEHOLDERS_").lower()] = value
    return found, files
