"""The labels of an enum, which the catalog keeps as one string: ``new, 'paid, late'``.

A label that is empty, holds a comma or begins with a quote stands in quotes.
"""

from __future__ import annotations

import re

from pytest_migcheck.core.quoting import literal

_ONE = re.compile(r"(?:'((?:[^']|'')*)'|([^,']?[^,]*))(?:, |$)", re.DOTALL)


def read_labels(listed: str) -> list[str]:
    """The labels themselves, in their order."""
    return [
        match[2] if match[1] is None else match[1].replace("''", "'")
        for match in _ONE.finditer(listed)
        if match[0]
    ]


def write_label(label: str) -> str:
    """One label as the list has it."""
    return literal(label) if not label or "," in label or label.startswith("'") else label
