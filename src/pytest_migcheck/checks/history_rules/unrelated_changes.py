"""An upgrade that changes things which have nothing to do with each other."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from pytest_migcheck.checks.history_rules._rule import HistoryContext, HistoryRule, Spotted, upgrade_body

# Where a call of op names its table: the position, and the keyword.
_FIRST = frozenset(
    (
        *("create_table", "drop_table", "rename_table", "add_column", "drop_column", "alter_column"),
        *("create_table_comment", "drop_table_comment", "batch_alter_table"),
    )
)
_SECOND = frozenset(
    (
        *("create_index", "create_unique_constraint", "create_check_constraint", "create_primary_key"),
        *("create_exclude_constraint", "create_foreign_key", "drop_constraint", "drop_index"),
    )
)
_TABLE_KEYWORDS = ("table_name", "source_table", "source", "old_table_name")


def look(context: HistoryContext) -> Iterator[Spotted]:
    for revision in context.judged():
        groups = related(upgrade_body(revision.path) or ())
        if len(groups) < 2:
            continue
        yield Spotted(
            headline=f"{revision.id} changes {len(groups)} things that have nothing to do with each other",
            path=revision.path,
            line=revision.upgrade_line,
            object=revision.id,
            revision=revision.id,
            details=(("things", "\n".join(", ".join(sorted(group)) for group in groups)),),
            fix="a revision for each",
        )


def related(body: tuple[ast.stmt, ...]) -> list[set[str]]:
    """The tables that operations change, in groups that foreign keys or one call hold together."""
    groups: list[set[str]] = []
    for statement in body:
        for call in (node for node in ast.walk(statement) if isinstance(node, ast.Call)):
            tables = _tables(call)
            if tables:
                touching = [group for group in groups if group & tables]
                groups = [group for group in groups if group not in touching]
                groups.append(tables.union(*touching))
    return groups


def _tables(call: ast.Call) -> set[str]:
    name = getattr(call.func, "attr", "")
    of_op = isinstance(call.func, ast.Attribute) and getattr(call.func.value, "id", "") == "op"
    if not of_op or name not in _FIRST | _SECOND:
        return set()
    place = 0 if name in _FIRST else 1
    named = {k.arg: k.value for k in call.keywords}
    values = [call.args[place]] if len(call.args) > place else []
    values += [named[keyword] for keyword in _TABLE_KEYWORDS if keyword in named][:1] if not values else []
    if name == "create_foreign_key":
        values += call.args[2:3] or [v for k, v in named.items() if k in ("referent_table", "referent")]
    found = {v.value for v in values if isinstance(v, ast.Constant) and isinstance(v.value, str)}
    return found | (_referred(call) if found else set())


def _name(call: ast.Call) -> str:
    return str(getattr(call.func, "attr", getattr(call.func, "id", "")))


def _referred(call: ast.Call) -> set[str]:
    """The tables that ForeignKey("orders.id") within the call refers to."""
    found = set()
    for node in ast.walk(call):
        if isinstance(node, ast.Call) and _name(node).startswith("ForeignKey"):
            texts = [c.value for c in ast.walk(node) if isinstance(c, ast.Constant) and isinstance(c.value, str)]
            found |= {text.split(".")[-2] for text in texts if "." in text}
    return found


RULE = HistoryRule(name="unrelated-changes", look=look, off=True)
