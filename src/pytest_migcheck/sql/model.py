"""The thin model of the statements whose form decides a lock."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One sub-command of ALTER TABLE: ``kind`` such as ``add column``, ``name`` what it is about.

    ``text`` is the sub-command as written; ``flags`` are phrases that matter, such as ``NOT NULL``.
    ``columns``, ``target`` and ``target_columns`` are those of a key: its columns, the table it refers to and
    the columns there; ``expression`` is that of a CHECK, ``default`` that of a DEFAULT, ``new_name`` the one of
    a RENAME. ``tail`` is what follows the part that was read, such as ``ON DELETE CASCADE``.
    """

    kind: str
    name: str = ""
    text: str = ""
    type: str = ""
    columns: tuple[str, ...] = ()
    target: str = ""
    target_columns: tuple[str, ...] = ()
    expression: str = ""
    default: str = ""
    new_name: str = ""
    tail: str = ""
    flags: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedStatement:
    """``kind`` is ``alter table``, ``create index``, ``drop index``, ... or ``unrecognised``.

    ``columns`` is the text between the parentheses of an index, ``elements`` the same cut at its commas;
    ``text`` is the statement as written. ``where`` is the predicate of an index, ``include`` the columns
    that it carries, ``tail`` what was not read.
    """

    kind: str
    text: str = ""
    name: str = ""
    table: str = ""
    names: tuple[str, ...] = ()
    columns: str = ""
    elements: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    where: str = ""
    tail: str = ""
    actions: tuple[Action, ...] = ()
    flags: frozenset[str] = frozenset()


UNRECOGNISED = ParsedStatement(kind="unrecognised")
