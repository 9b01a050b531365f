"""The constants of a migration and of its tables: what their conditions compare with is what breaks them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_STRING = re.compile(r"'((?:[^']|'')*)'")
_COMMAND = re.compile(r"[A-Z]{2,} ")
_NUMBER = re.compile(r"(?<![\w.'])-?\d+(?:\.\d+)?(?![\w.'])")
_BATCH = re.compile(r"\b(?:LIMIT|FETCH\s+(?:FIRST|NEXT))\s+(?:(\d+)|[:%$({?])|\.limit\((\d+)?", re.IGNORECASE)
_HEADING = frozenset(("revision", "down_revision", "branch_labels", "depends_on"))
_LONGEST = 60
# A larger constant is hardly the size of a batch.
_LARGEST_BATCH = 10_000
_MOST = 24
# Longer values cost time and teach nothing that a narrower column does not show.
_LONGEST_TEXT = 2000


@dataclass(frozen=True, slots=True)
class Literals:
    """Strings and numbers in the order of their appearance."""

    strings: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()

    def and_also(self, other: Literals) -> Literals:
        return Literals(_some((*self.strings, *other.strings)), _some((*self.numbers, *other.numbers)))

    @property
    def lengths(self) -> tuple[int, ...]:
        """Numbers that may be lengths of texts."""
        whole = (int(number) for number in self.numbers if number.isdigit())
        return tuple(number for number in whole if 1 <= number <= _LONGEST_TEXT)


def batch_size(text: str, literals: Literals) -> int:
    """The most rows that a statement of a migration takes at once; 0 where nothing says so.

    Args:
        text: the source of the migration.
        literals: its constants, one of which is the size where a statement has a parameter in its place.
    """
    sizes, numbers = [0], [int(number) for number in literals.numbers if number.isdigit()]
    for found in _BATCH.finditer(text):
        written = found[1] or found[2]
        sizes += [int(written)] if written else [n for n in numbers if n <= _LARGEST_BATCH]
    return max(sizes)


def _some(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if len(value) <= _LONGEST))[:_MOST]


def literals_of_sql(texts: Iterable[str]) -> Literals:
    """The quoted strings and the numbers of SQL texts."""
    strings: list[str] = []
    numbers: list[str] = []
    for text in texts:
        strings += [found.replace("''", "'") for found in _STRING.findall(text)]
        numbers += _NUMBER.findall(_STRING.sub("''", text))
    return Literals(_some(strings), _some(numbers))


def _is_heading(assignment: ast.Assign) -> bool:
    """Whether it is what Alembic reads of a file."""
    return any(isinstance(target, ast.Name) and target.id in _HEADING for target in assignment.targets)


def literals_of_python(path: Path) -> Literals:
    """The constants in the functions of a revision file; what is SQL or prose is too long to be a value."""
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        # Alembic has loaded it, so it is read elsewhere as well: here it only lends its constants.
        return Literals()
    constants = [
        node.value
        for function in tree.body
        if isinstance(function, ast.FunctionDef) or (isinstance(function, ast.Assign) and not _is_heading(function))
        for node in ast.walk(function)
        if isinstance(node, ast.Constant)
    ]
    words = [value for value in constants if isinstance(value, str)]
    sql = literals_of_sql(words)
    plain = [word for word in words if "\n" not in word and word.count(" ") < 3 and not _COMMAND.match(word)]
    numbers = [str(value) for value in constants if isinstance(value, (int, float)) and not isinstance(value, bool)]
    return sql.and_also(Literals(_some(plain), _some(numbers)))
