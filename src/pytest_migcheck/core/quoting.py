"""Names and strings as SQL takes them.

https://www.postgresql.org/docs/current/sql-syntax-lexical.html
"""

from __future__ import annotations

import re

# A name and an address as PostgreSQL prints them, as patterns.
NAME = r'(?:"(?:[^"]|"")*"|[^".,()\s]+)'
QUALIFIED = rf"{NAME}(?:\.{NAME})*"


def literal(value: str) -> str:
    """A string constant, for a server whose standard_conforming_strings is on."""
    return "'" + value.replace("'", "''") + "'"


def in_quotes(name: str) -> str:
    """A name exactly as it is, whatever is in it."""
    return '"' + name.replace('"', '""') + '"'


def name_parts(address: str) -> list[str]:
    """The names of an address as PostgreSQL prints it (``public."T".id``), without quotes."""
    found = re.findall(NAME, address)
    return [name[1:-1].replace('""', '"') if name.startswith('"') else name for name in found]


def addresses(listed: str) -> list[str]:
    """The addresses of a list, with their quotes."""
    return re.findall(QUALIFIED, listed)
