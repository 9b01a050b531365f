"""CREATE TABLE, DROP, and ALTER of everything that is not a table."""

from __future__ import annotations

from pytest_migcheck.sql.alter_table import sub_command, table_element
from pytest_migcheck.sql.cursor import Cursor, phrases
from pytest_migcheck.sql.model import UNRECOGNISED, Action, ParsedStatement

_CREATED = ("TEMPORARY", "TEMP", "UNLOGGED", "GLOBAL", "LOCAL", "RECURSIVE", "TRUSTED", "PROCEDURAL", "CONSTRAINT")
_TWO_WORDS = {
    ("MATERIALIZED", "VIEW"), ("FOREIGN", "TABLE"), ("EVENT", "TRIGGER"), ("FOREIGN", "DATA"), ("ACCESS", "METHOD"),
    ("TEXT", "SEARCH"), ("USER", "MAPPING"), ("DEFAULT", "PRIVILEGES"), ("LARGE", "OBJECT"), ("OPERATOR", "CLASS"),
    ("OPERATOR", "FAMILY"),
}  # fmt: skip
_ON_TABLE = frozenset(("trigger", "rule", "policy"))
_VALUE_ACTIONS = {("ADD", "VALUE"): "add value", ("RENAME", "VALUE"): "rename value"}


def create(cursor: Cursor) -> ParsedStatement:
    """Read what follows CREATE, indexes aside."""
    flags = {"OR REPLACE"} if cursor.take("OR", "REPLACE") else set()
    while cursor.peek() in _CREATED:
        flags.add(cursor.peek())
        cursor.at += 1
    word = _object(cursor)
    if not word:
        return UNRECOGNISED
    if cursor.take("IF", "NOT", "EXISTS"):
        flags.add("IF NOT EXISTS")
    if word == "table":
        return _create_table(cursor, flags)
    name = cursor.name()
    table = _table_after_on(cursor) if word in _ON_TABLE else ""
    if word == "rule":
        cursor.until("TO")
        table = cursor.name() if cursor.take("TO") else ""
    elements: tuple[str, ...] = ()
    if word == "type" and cursor.take("AS", "ENUM"):
        flags.add("ENUM")
        elements = cursor.elements()
    return ParsedStatement(
        kind=f"create {word}", name=name, table=table, elements=elements, tail=cursor.slice(cursor.rest),
        flags=frozenset(flags),
    )  # fmt: skip


def _create_table(cursor: Cursor, flags: set[str]) -> ParsedStatement:
    name = cursor.name()
    target = ""
    if cursor.take("PARTITION", "OF"):
        flags.add("PARTITION OF")
        target = cursor.name()
    actions: list[Action] = []
    inner = Cursor(cursor.text, cursor.parenthesised())
    while inner.rest:
        element = inner.until(",")
        inner.take(",")
        if element and element[0].key != "LIKE":
            actions.append(table_element(Cursor(cursor.text, element)))
    rest = cursor.rest
    flags |= phrases(rest, "AS", "INHERITS", "PARTITION BY", "DEFAULT")
    return ParsedStatement(
        kind="create table", name=name, table=name, names=(target,) if target else (), actions=tuple(actions),
        tail=cursor.slice(rest), flags=frozenset(flags),
    )  # fmt: skip


def drop(cursor: Cursor) -> ParsedStatement:
    """Read what follows DROP, indexes aside."""
    word = _object(cursor)
    if not word:
        return UNRECOGNISED
    flags = {"IF EXISTS"} if cursor.take("IF", "EXISTS") else set()
    names = [_name_and_arguments(cursor)]
    while cursor.take(","):
        names.append(_name_and_arguments(cursor))
    table = _table_after_on(cursor) if word in _ON_TABLE else ""
    flags |= phrases(cursor.rest, "CASCADE")
    return ParsedStatement(
        kind=f"drop {word}", name=names[0], names=tuple(names), table=table or (names[0] if word == "table" else ""),
        flags=frozenset(flags),
    )  # fmt: skip


def alter(cursor: Cursor) -> ParsedStatement:
    """Read what follows ALTER, tables aside: one action, in the words of ALTER TABLE."""
    word = _object(cursor)
    if not word:
        return UNRECOGNISED
    flags = {"IF EXISTS"} if cursor.take("IF", "EXISTS") else set()
    name = _name_and_arguments(cursor)
    table = _table_after_on(cursor) if word in _ON_TABLE else ""
    text = cursor.slice(cursor.rest)
    actions: list[Action] = []
    while cursor.rest:
        taken = Cursor(cursor.text, cursor.until(","))
        cursor.take(",")
        if taken.words:
            actions.append(_value_action(taken) if word == "type" else sub_command(taken))
    return ParsedStatement(
        kind=f"alter {word}", name=name, table=table, actions=tuple(actions), tail=text, flags=frozenset(flags)
    )


def _value_action(cursor: Cursor) -> Action:
    text = cursor.slice(cursor.words)
    for keys, kind in _VALUE_ACTIONS.items():
        if cursor.take(*keys):
            flags = {"IF NOT EXISTS"} if cursor.take("IF", "NOT", "EXISTS") else set()
            label = cursor.name()
            flags |= phrases(cursor.rest, "BEFORE", "AFTER")
            return Action(kind=kind, name=label, text=text, tail=cursor.slice(cursor.rest), flags=frozenset(flags))
    return sub_command(cursor)


def _object(cursor: Cursor) -> str:
    pair = (cursor.peek(), cursor.peek(1))
    if pair in _TWO_WORDS:
        cursor.at += 2
        return " ".join(pair).lower()
    word = cursor.peek()
    if not word.isalpha():
        return ""
    cursor.at += 1
    return word.lower()


def _name_and_arguments(cursor: Cursor) -> str:
    name = cursor.name()
    if cursor.peek() == "(":
        cursor.parenthesised()
    return name


def _table_after_on(cursor: Cursor) -> str:
    cursor.until("ON")
    return cursor.name() if cursor.take("ON") else ""


def lock_table(cursor: Cursor) -> ParsedStatement:
    """Read what follows LOCK; the mode is the tail."""
    cursor.take("TABLE")
    names = relation_names(cursor)
    mode = ""
    if cursor.take("IN"):
        mode = " ".join(word.key for word in cursor.until("MODE"))
    return ParsedStatement(kind="lock table", name=names[0], table=names[0], names=names, tail=mode)


def cluster(cursor: Cursor) -> ParsedStatement:
    """Read what follows CLUSTER; both spellings, ``t USING i`` and ``i ON t``."""
    cursor.parenthesised()
    cursor.take("VERBOSE")
    first = cursor.name()
    table = cursor.name() if cursor.take("ON") else first
    return ParsedStatement(kind="cluster", name=first, table=table)


def vacuum(cursor: Cursor) -> ParsedStatement:
    """Read what follows VACUUM."""
    flags = {word.key for word in cursor.parenthesised()}
    while cursor.peek() in ("FULL", "FREEZE", "VERBOSE", "ANALYZE", "ANALYSE"):
        flags.add(cursor.peek())
        cursor.at += 1
    names = relation_names(cursor) if cursor.rest else ()
    table = names[0] if names else ""
    return ParsedStatement(kind="vacuum", name=table, table=table, names=names, flags=frozenset(flags) & {"FULL"})


def relation_names(cursor: Cursor) -> tuple[str, ...]:
    names: list[str] = []
    while True:
        cursor.take("ONLY")
        names.append(cursor.name())
        cursor.take("*")
        if cursor.peek() == "(":
            cursor.parenthesised()
        if not cursor.take(","):
            return tuple(names)
