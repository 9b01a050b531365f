"""ALTER TABLE and its sub-commands."""

from __future__ import annotations

from pytest_migcheck.sql.cursor import Cursor, phrases
from pytest_migcheck.sql.model import Action, ParsedStatement

_CONSTRAINTS = {
    "FOREIGN": "add foreign key",
    "CHECK": "add check",
    "UNIQUE": "add unique",
    "PRIMARY": "add primary key",
    "EXCLUDE": "add exclusion",
    "NOT": "add not null",
}
_CONSTRAINT_PHRASES = ("NOT VALID", "USING INDEX", "NOT ENFORCED", "NO INHERIT", "NULLS NOT DISTINCT")
_COLUMN_PHRASES = (
    "NOT NULL",
    "DEFAULT",
    "GENERATED",
    "AS IDENTITY",
    "REFERENCES",
    "UNIQUE",
    "PRIMARY KEY",
    "CHECK",
    "STORED",
    "VIRTUAL",
)
_TYPE_ENDS = (
    "NOT",
    "NULL",
    "DEFAULT",
    "GENERATED",
    "REFERENCES",
    "UNIQUE",
    "PRIMARY",
    "CHECK",
    "CONSTRAINT",
    "COLLATE",
    "USING",
)
_DEFAULT_ENDS = ("NOT", "NULL", "CONSTRAINT", "UNIQUE", "PRIMARY", "CHECK", "REFERENCES", "GENERATED", "COLLATE")
# What can stand between the verb of a sub-command and the name that it is about.
_NOISE = (("COLUMN",), ("CONSTRAINT",), ("IF", "NOT", "EXISTS"), ("IF", "EXISTS"))
_PLAIN = {
    ("VALIDATE", "CONSTRAINT"): "validate constraint",
    ("ALTER", "CONSTRAINT"): "alter constraint",
    ("DROP", "CONSTRAINT"): "drop constraint",
    ("RENAME", "TO"): "rename to",
    ("RENAME", "CONSTRAINT"): "rename constraint",
    ("RENAME",): "rename column",
    ("ATTACH", "PARTITION"): "attach partition",
    ("DETACH", "PARTITION"): "detach partition",
    ("DROP", "NOT", "NULL"): "drop not null",
    ("DROP",): "drop column",
    ("OWNER", "TO"): "owner to",
    ("SET", "SCHEMA"): "set schema",
    ("SET", "TABLESPACE"): "set tablespace",
    ("SET", "ACCESS", "METHOD"): "set access method",
    ("INHERIT",): "inherit",
    ("CLUSTER", "ON"): "cluster on",
    ("SET", "NOT", "NULL"): "set not null",
    ("DISABLE", "TRIGGER"): "disable trigger",
    ("ENABLE", "TRIGGER"): "enable trigger",
}
_PLAIN_PHRASES = ("CONCURRENTLY", "FINALIZE", "CASCADE", "DEFAULT")
_COLUMN_ACTIONS = (
    ("SET", "NOT", "NULL"),
    ("DROP", "NOT", "NULL"),
    ("SET", "DEFAULT"),
    ("DROP", "DEFAULT"),
    ("SET", "STATISTICS"),
    ("SET", "STORAGE"),
    ("SET", "COMPRESSION"),
    ("SET", "EXPRESSION"),
    ("DROP", "EXPRESSION"),
    ("DROP", "IDENTITY"),
)


def alter_table(cursor: Cursor) -> ParsedStatement:
    """Read what follows ALTER TABLE."""
    flags = {"IF EXISTS"} if cursor.take("IF", "EXISTS") else set()
    if cursor.take("ONLY"):
        flags.add("ONLY")
    table = cursor.name()
    cursor.take("*")
    actions: list[Action] = []
    while cursor.rest:
        taken = cursor.until(",")
        cursor.take(",")
        if taken:
            actions.append(sub_command(Cursor(cursor.text, taken)))
    return ParsedStatement(kind="alter table", table=table, actions=tuple(actions), flags=frozenset(flags))


def table_element(cursor: Cursor) -> Action:
    """A column or a constraint between the parentheses of CREATE TABLE, as ALTER TABLE ... ADD would make it."""
    text = cursor.slice(cursor.words)
    if cursor.take("CONSTRAINT"):
        return _constraint(cursor, cursor.name(), text)
    if _constraint_starts(cursor.peek(), cursor.peek(1)):
        return _constraint(cursor, "", text)
    return _add_column(cursor, text)


def sub_command(cursor: Cursor) -> Action:
    """One sub-command of ALTER TABLE; those of other objects are spelt like them."""
    text = cursor.slice(cursor.words)
    if cursor.take("ADD", "CONSTRAINT"):
        return _constraint(cursor, cursor.name(), text)
    if cursor.peek() == "ADD" and _constraint_starts(cursor.peek(1), cursor.peek(2)):
        cursor.take("ADD")
        return _constraint(cursor, "", text)
    if cursor.take("ADD"):
        return _add_column(cursor, text)
    for keys, kind in _PLAIN.items():
        if cursor.take(*keys):
            flags = phrases(cursor.rest, *_PLAIN_PHRASES)
            for noise in _NOISE:
                cursor.take(*noise)
            name, tail = cursor.name(), cursor.slice(cursor.rest)
            new = cursor.name() if kind.startswith("rename ") and cursor.take("TO") else ""
            return Action(kind=kind, name=name, text=text, new_name=new, tail=tail, flags=flags)
    if cursor.take("ALTER"):
        return _alter_column(cursor, text)
    kind = " ".join(word.key.lower() for word in cursor.words[:2] if word.key.isalpha())
    return Action(kind=kind, text=text)


def _constraint_starts(key: str, following: str) -> bool:
    # EXCLUDE is the one of these words that may be the name of a column without quotes.
    if key == "EXCLUDE":
        return following in ("USING", "(")
    return key in ("FOREIGN", "CHECK", "UNIQUE", "PRIMARY") or (key == "NOT" and following == "NULL")


def _constraint(cursor: Cursor, name: str, text: str) -> Action:
    kind = _CONSTRAINTS.get(cursor.peek(), "add constraint")
    flags = phrases(cursor.rest, *_CONSTRAINT_PHRASES)
    expression = ""
    columns: tuple[str, ...] = ()
    if kind == "add not null":
        cursor.take("NOT", "NULL")
        columns = (cursor.name(),)
    elif kind == "add check":
        cursor.until("(")
        expression = cursor.slice(cursor.parenthesised())
    else:
        cursor.until("(", "USING", "REFERENCES")
        columns = cursor.elements()
    target = ""
    target_columns: tuple[str, ...] = ()
    if kind == "add foreign key" and cursor.take("REFERENCES"):
        cursor.take("ONLY")
        target, target_columns = cursor.name(), cursor.elements()
    return Action(
        kind=kind,
        name=name,
        text=text,
        columns=columns,
        target=target,
        target_columns=target_columns,
        expression=expression,
        tail=cursor.slice(cursor.rest),
        flags=flags,
    )


def _add_column(cursor: Cursor, text: str) -> Action:
    cursor.take("COLUMN")
    flags = frozenset({"IF NOT EXISTS"}) if cursor.take("IF", "NOT", "EXISTS") else frozenset()
    name = cursor.name()
    type_ = cursor.slice(cursor.until(*_TYPE_ENDS))
    rest = cursor.rest
    target = ""
    target_columns: tuple[str, ...] = ()
    cursor.until("REFERENCES")
    if cursor.take("REFERENCES"):
        target, target_columns = cursor.name(), cursor.elements()
    flags |= phrases(rest, *_COLUMN_PHRASES)
    cursor.at = len(cursor.words) - len(rest)
    default = _default(cursor)
    cursor.at = len(cursor.words) - len(rest)
    cursor.until("CHECK")
    expression = cursor.slice(cursor.parenthesised()) if cursor.take("CHECK") else ""
    return Action(
        kind="add column",
        name=name,
        text=text,
        type=type_,
        columns=(name,) if target else (),
        target=target,
        target_columns=target_columns,
        expression=expression,
        default=default,
        tail=cursor.slice(rest),
        flags=flags,
    )


def _default(cursor: Cursor) -> str:
    cursor.until("DEFAULT")
    if not cursor.take("DEFAULT"):
        return ""
    start = cursor.at
    cursor.at += 1  # it may be NULL
    cursor.until(*_DEFAULT_ENDS)
    return cursor.slice(cursor.words[start : cursor.at])


def _alter_column(cursor: Cursor, text: str) -> Action:
    cursor.take("COLUMN")
    name = cursor.name()
    if cursor.take("TYPE") or cursor.take("SET", "DATA", "TYPE"):
        type_ = cursor.slice(cursor.until(*_TYPE_ENDS))
        flags = phrases(cursor.rest, "USING", "COLLATE")
        return Action(kind="alter type", name=name, text=text, type=type_, tail=cursor.slice(cursor.rest), flags=flags)
    for keys in _COLUMN_ACTIONS:
        if cursor.take(*keys):
            kind = " ".join(keys).lower()
            return Action(kind=kind, name=name, text=text, tail=cursor.slice(cursor.rest))
    if cursor.take("ADD", "GENERATED"):
        return Action(kind="add identity", name=name, text=text)
    return Action(kind="alter column", name=name, text=text, tail=cursor.slice(cursor.rest))
