"""What a foreign key binds, as ``pg_get_constraintdef`` prints it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pytest_migcheck.core.catalog import ObjectKey
from pytest_migcheck.core.quoting import NAME, QUALIFIED, name_parts

_LIST = rf"\(({NAME}(?:, {NAME})*)\)"
_DEFINITION = re.compile(rf"FOREIGN KEY {_LIST} REFERENCES ({QUALIFIED}){_LIST}")
_PERIOD = re.compile(r"(?<=[(, ])PERIOD (?=\S)")


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignKey:
    """Its own columns, and the table and columns that it points at."""

    columns: tuple[str, ...]
    target: ObjectKey
    referred: tuple[str, ...]


def read_foreign_key(definition: str) -> ForeignKey | None:
    """Read a definition; None for another constraint."""
    match = _DEFINITION.match(_PERIOD.sub("", definition))
    if match is None:
        return None
    columns, target, referred = (tuple(name_parts(group)) for group in match.groups())
    schema, name = target if len(target) == 2 else ("", target[0])
    return ForeignKey(columns=columns, target=ObjectKey("table", schema, "", name), referred=referred)
