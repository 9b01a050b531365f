"""The planner's nodes of a condition with operands in one order: ``a < b`` and ``b > a`` are the same.

The text of nodes is ``{NAME :field value ...}`` with lists ``(item ...)``; what else is in a word has a backslash
(https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/nodes/outfuncs.c).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_TOKEN = re.compile(r"[{}()]|(?:\\.|[^\s{}()\\])+", re.DOTALL)
# Text, or the items of a list.
_Item = str | tuple[str, ...]


def in_one_order(nodes: str, commutators: Mapping[str, str]) -> str:
    """The nodes with the operands of AND and OR, and of operators that have a commutator, sorted.

    ``commutators`` are oids of operators: the one that says the same with its operands exchanged.
    """
    open_: list[list[_Item]] = [[]]
    for found in _TOKEN.finditer(nodes):
        word = found[0]
        if word in "{(":
            open_.append([])
        elif word == ")":
            items = open_.pop()
            open_[-1].append(tuple(map(_text, items)))
        elif word == "}":
            items = open_.pop()
            open_[-1].append(f"{{{' '.join(map(_text, _ordered(items, commutators)))}}}")
        else:
            open_[-1].append(word)
    return " ".join(map(_text, open_[0]))


def _text(item: _Item) -> str:
    return item if isinstance(item, str) else f"({' '.join(item)})"


def _ordered(items: list[_Item], commutators: Mapping[str, str]) -> list[_Item]:
    """The parts of a node, the operands among them in order."""
    if items[0] not in ("BOOLEXPR", "OPEXPR"):
        return items
    place = items.index(":args") + 1
    operands = items[place]
    if items[0] == "BOOLEXPR":
        items[place] = tuple(sorted(operands))
        return items
    operator = items.index(":opno") + 1
    commutator = commutators.get(_text(items[operator]))
    if commutator is not None and operands != tuple(sorted(operands)):
        items[operator], items[place] = commutator, tuple(sorted(operands))
    # Which function it calls follows from the operator.
    items[items.index(":opfuncid") + 1] = ""
    return items
