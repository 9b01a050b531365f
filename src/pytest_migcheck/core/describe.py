"""One line that says what a catalog object is."""

from __future__ import annotations

import re

from pytest_migcheck.core.catalog import Attributes, ObjectKey, Value


def describe(key: ObjectKey, attributes: Attributes) -> str:
    """The object in a few words, such as ``ENUM (new, paid)`` or ``INDEX btree (email)``."""
    if key.kind == "type":
        return _type(attributes)
    if key.kind == "column":
        return _column(attributes)
    if key.kind == "index":
        definition = text(attributes.get("definition"))
        head = "UNIQUE INDEX" if attributes.get("unique") else "INDEX"
        return f"{head} {definition.partition(' USING ')[2]}"
    if key.kind == "extension":
        return f"version {text(attributes.get('version'))}"
    if key.kind == "comment":
        return repr(text(attributes.get("text")))
    if key.kind in ("constraint", "trigger", "rule", "statistics", "view", "materialized view"):
        return " ".join(text(attributes.get("definition")).split())
    return ""


def _type(attributes: Attributes) -> str:
    form = text(attributes.get("form")).upper()
    if form == "ENUM":
        return f"ENUM ({text(attributes.get('labels'))})"
    if form == "DOMAIN":
        return f"DOMAIN {short_type(text(attributes.get('base type')))}"
    return form


def _column(attributes: Attributes) -> str:
    parts = [short_type(text(attributes.get("type")))]
    if attributes.get("not null"):
        parts.append("NOT NULL")
    if attributes.get("default") is not None:
        parts.append(f"DEFAULT {text(attributes['default'])}")
    if attributes.get("identity"):
        parts.append("GENERATED AS IDENTITY")
    if attributes.get("generated"):
        how, _, expression = text(attributes["generated"]).partition(" ")
        parts.append(f"GENERATED ALWAYS AS ({expression}) {'VIRTUAL' if how == 'v' else 'STORED'}")
    return " ".join(parts)


_SHORT_TYPES = (
    (re.compile(r"\bcharacter varying\b"), "varchar"),
    (re.compile(r"\bcharacter(?=\()"), "char"),
    (re.compile(r"\b(timestamp|time)(\(\d\))? with time zone"), r"\1tz\2"),
    (re.compile(r"\b(timestamp|time)(\(\d\))? without time zone"), r"\1\2"),
)


def short_type(kind: str) -> str:
    """A type as people write it: ``varchar(20)``, ``timestamptz``."""
    for pattern, short in _SHORT_TYPES:
        kind = pattern.sub(short, kind)
    return kind


def text(value: Value) -> str:
    """A value as people write it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
