"""Names and strings as SQL takes them.

https://www.postgresql.org/docs/current/sql-syntax-lexical.html
"""

from __future__ import annotations


def literal(value: str) -> str:
    """A string constant, for a server whose standard_conforming_strings is on."""
    return "'" + value.replace("'", "''") + "'"


def in_quotes(name: str) -> str:
    """A name exactly as it is, whatever is in it."""
    return '"' + name.replace('"', '""') + '"'
