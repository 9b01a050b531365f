"""Values of every type in PostgreSQL's text form: the simplest first, then those that break migrations."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from pytest_migcheck.core.table_shape import TypeShape
from pytest_migcheck.populate.literals import Literals

_TEXTS = (
    *("a", "b", "A", "", "a b", "a ", "a b c", " a", "1", "ä", "O'Neil", "ß", "İ", "null", "true", "%", "\\"),
    *("日本語", "e\u0301", "\U0001f600", "a" * 300),
)
_PLAIN = 10
_SMALL = ("0", "1", "2", "-1")
_TIMES = ("2000-01-01 00:00:00", "2000-01-02 12:34:56.789012", "2021-03-28 02:30:00", "2021-10-31 02:30:00")
_FAR_TIMES = ("0001-01-01 00:00:00", "9999-12-31 23:59:59.999999", "infinity", "-infinity")
_JSON = ("{}", '{"a": 1}', "null", "[]", "[1, 2]", '"a"', "1", '{"a": null}', '{"a": {"b": [1]}}', '{"a": 1, "a": 2}')
_FLOATS = (*_SMALL, "1.5", "0.1", "NaN", "Infinity", "-Infinity", "1e300", "-0")

# In the order of simplicity: what Hypothesis shrinks to is the first that still fails.
BUILT_IN: Mapping[str, tuple[str, ...]] = {
    "boolean": ("false", "true"),
    "smallint": (*_SMALL, "32767", "-32768"),
    "integer": (*_SMALL, "2147483647", "-2147483648", "32768"),
    "bigint": (*_SMALL, "2147483648", "9223372036854775807", "-9223372036854775808"),
    "numeric": (*_SMALL, "1.5", "0.005", "99.99", "0.123456789", "99999999.99", "1e20", "NaN", "Infinity"),
    "real": (*_FLOATS[:-2], "1e30"),
    "double precision": _FLOATS,
    "money": ("0", "1", "1.55", "-1"),
    "date": ("2000-01-01", "2000-01-02", "2024-02-29", "0001-01-01", "9999-12-31", "infinity", "-infinity"),
    "timestamp without time zone": (*_TIMES, *_FAR_TIMES),
    "timestamp with time zone": (*(f"{t}+00" for t in _TIMES), *_FAR_TIMES),
    "time without time zone": ("00:00:00", "12:34:56.789", "23:59:59.999999", "24:00:00"),
    "time with time zone": ("00:00:00+00", "12:34:56+05:30", "23:59:59-12"),
    "interval": ("00:00:00", "1 day", "1 mon", "-1 day", "24:00:00", "1 year 2 mons 3 days 04:05:06.789"),
    "uuid": (
        *(f"00000000-0000-0000-0000-{n:012d}" for n in range(3)),
        "ffffffff-ffff-ffff-ffff-ffffffffffff",
    ),
    "json": _JSON,
    "jsonb": _JSON,
    "bytea": ("\\x", "\\x61", "\\x00ff", "\\xc3"),
    "inet": ("127.0.0.1", "10.0.0.1/8", "::1"),
    "cidr": ("10.0.0.0/8", "::/0"),
    "macaddr": ("08:00:2b:01:02:03",),
    "macaddr8": ("08:00:2b:01:02:03:04:05",),
    "bit": ("0", "1", "00000000", "101"),
    "bit varying": ("", "0", "101"),
    "point": ("(0,0)", "(1,1)"),
    "line": ("{1,-1,0}",),
    "lseg": ("[(0,0),(1,1)]",),
    "box": ("(1,1),(0,0)",),
    "path": ("((0,0),(1,1))", "[(0,0),(1,1)]"),
    "polygon": ("((0,0),(1,1),(1,0))",),
    "circle": ("<(0,0),1>",),
    "tsvector": ("", "'a'", "'a':1 'b':2"),
    "tsquery": ("'a'", "'a' & 'b'"),
    "xml": ("<a/>", "<a>1</a>"),
    "pg_lsn": ("0/0", "16/B374D848"),
    "oid": ("0", "1", "4294967295"),
    '"char"': ("a", "b"),
    "jsonpath": ("$", "$.a"),
    "txid_snapshot": ("1:1:",),
    "pg_snapshot": ("1:1:",),
    "xid": ("0", "1"),
    "regclass": ("pg_class",),
    "regtype": ("integer",),
    "regproc": ("now",),
    "int2vector": ("1",),
}
_TEXT_TYPES = frozenset(("text", "character varying", "character", "name", "citext"))
# For types of extensions: what is none of theirs, their own input functions refuse.
_ANY = ("a", "1", "0", "{}", "[1]", "[1,2,3]", "(1,1)", "a=>1", "a.b", "POINT(0 0)", "{1,2}", "1.0.0", "2000-01-01", "")
_MODIFIERS = re.compile(r"\(([\w,]+)\)$")
_MOST_DIMENSIONS = 4000
_NUMBERS = frozenset(("smallint", "integer", "bigint", "numeric", "real", "double precision", "money"))
_WHOLE = frozenset(("smallint", "integer", "bigint", "oid"))
_DEPTH = 4
_UNQUOTED = frozenset('{}[](),"\\ \t\n')


def is_text(name: str) -> bool:
    return name in _TEXT_TYPES


def is_number(name: str) -> bool:
    """Whether values are shown without quotes."""
    return name in _NUMBERS


def base_name(type_: int, types: Mapping[int, TypeShape]) -> str:
    """The name of a type, below its domains; "" for one that is not known."""
    shape = types.get(type_)
    while shape is not None and shape.form == "domain":
        shape = types.get(shape.inner or 0)
    return shape.name if shape is not None else ""


class Candidates:
    """Gives the candidates of types; ``literals`` are constants worth trying."""

    def __init__(self, types: Mapping[int, TypeShape]) -> None:
        self._types = types

    def of(self, type_: int, literals: Literals, depth: int = 0, *, written: str = "") -> tuple[str, ...]:
        """Texts, most of which are values of the type; PostgreSQL is asked about each.

        ``written`` is the type with its modifiers, which a type of an extension may insist on.
        """
        shape = self._types.get(type_)
        if shape is None or depth > _DEPTH:
            return ()
        composed: dict[str, Callable[[TypeShape, Literals, int], Iterable[str]]] = {
            "domain": lambda s, literals, d: self.of(s.inner or 0, literals, d),
            "array": self._arrays,
            "composite": self._composites,
            "range": self._ranges,
            "multirange": lambda s, literals, d: ("{}", *(f"{{{r}}}" for r in self.of(s.inner or 0, literals, d)[:4])),
        }
        if shape.form == "enum":
            return shape.labels
        if shape.form in composed:
            if shape.checks:
                literals = literals.and_also(_of_checks(shape.checks))
            return tuple(dict.fromkeys(composed[shape.form](shape, literals, depth + 1)))
        return tuple(dict.fromkeys(_base(shape.name, literals, written)))

    def _arrays(self, shape: TypeShape, literals: Literals, depth: int) -> Iterable[str]:
        elements = [_element(value) for value in self.of(shape.inner or 0, literals, depth)]
        yield "{}"
        yield from (f"{{{value}}}" for value in elements[:8])
        yield from (f"{{{','.join(pair)}}}" for pair in itertools.pairwise(elements[:3]))
        yield from (f"{{{value},{value}}}" for value in elements[:1])
        yield "{NULL}"

    def _composites(self, shape: TypeShape, literals: Literals, depth: int) -> Iterable[str]:
        fields = [self.of(type_, literals, depth) for _, type_, _ in shape.attributes]
        for n in range(3):
            values = (options[min(n, len(options) - 1)] if options else None for options in fields)
            yield f"({','.join('' if value is None else _field(value) for value in values)})"

    def _ranges(self, shape: TypeShape, literals: Literals, depth: int) -> Iterable[str]:
        bounds = [value for value in self.of(shape.inner or 0, literals, depth) if "infinity" not in value.lower()][:4]
        yield from (f'["{low}","{high}")' for low, high in itertools.combinations(bounds, 2))
        yield from (f'["{high}","{low}")' for low, high in itertools.combinations(bounds, 2))
        yield "empty"
        yield "(,)"


def _of_checks(checks: Sequence[str]) -> Literals:
    from pytest_migcheck.populate.literals import literals_of_sql

    return literals_of_sql(checks)


def _base(name: str, literals: Literals, written: str) -> Iterable[str]:
    if name in _TEXT_TYPES:
        yield from _TEXTS[:3]
        yield from (text for text in literals.strings if text.strip())
        yield from _TEXTS[3:_PLAIN]
        for length in literals.lengths:
            yield "a" * length
            yield "a" * (length + 1)
        yield from _TEXTS[_PLAIN:]
        yield from literals.strings
        yield from literals.numbers
        # An address, a word with a mark in it, digits: what CHECKs of the wild ask for.
        yield from ("a@b.c", "a-b", "a_b", "a/b", "http://a", "12345", "AA", "aaa", "a1b2c3d4")
    elif name in _NUMBERS:
        values = BUILT_IN[name]
        yield from values[:3]
        for number in literals.numbers:
            whole = number if name not in _WHOLE else number.partition(".")[0]
            if abs(float(whole)) < 1e15:
                base = int(float(whole))
                yield from (whole, str(base + 1), str(base - 1))
        yield from values[3:]
    elif name in ("json", "jsonb"):
        yield from _json(literals)
    elif name in BUILT_IN:
        yield from BUILT_IN[name][:4]
        yield from _fitting(written) if name == "bit" else ()
        yield from literals.strings
        yield from BUILT_IN[name][4:]
    else:
        yield from (*_ANY, *_fitting(written), *literals.strings)


def _fitting(written: str) -> Iterable[str]:
    """What types mean by their modifiers: so many bits, a number of dimensions, a kind of shape."""
    found = _MODIFIERS.search(written)
    for modifier in found[1].split(",") if found else ():
        if modifier.isdecimal():
            number = min(int(modifier), _MOST_DIMENSIONS)
            yield from (digit * number for digit in "01")
            yield from (f"[{','.join([digit] * number)}]" for digit in "12")
            yield f"{{1:1}}/{number}"
        else:
            yield f"{modifier} EMPTY"


def _json(literals: Literals) -> Iterable[str]:
    yield from _JSON[:2]
    keys = [text for text in literals.strings if text.isidentifier()][:8]
    for key in keys:
        yield from (f'{{"{key}": {value}}}' for value in ('"a"', "1", "null", '{"a": 1}', "[1]", "true"))
    if len(keys) > 1:
        yield "{" + ", ".join(f'"{key}": "a"' for key in keys[:4]) + "}"
    if keys:
        yield f'{{"{keys[0]}": "a", "b": 1}}'
    yield from _JSON[2:]


def _element(value: str) -> str:
    plain = value and not _UNQUOTED & set(value) and value.upper() != "NULL"
    return value if plain else '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _field(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '""') + '"'
