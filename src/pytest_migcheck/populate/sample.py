"""Rows that a team exports, as CSV or in the text form of COPY, to start from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pytest_migcheck.core.catalog import Catalog
from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.core.rows import NewRow, RowSet
from pytest_migcheck.populate.drawing import Plain, draw_rows
from pytest_migcheck.populate.plan import Plan, bounded
from pytest_migcheck.populate.plan_parts import PlannedTable

SETTING = "migcheck_sample: "
_ENDINGS = (".csv", ".copy", ".tsv")
_TABLES = ("table", "partitioned table")
_MOST = 200
_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleRow:
    """A row of a file: column to value, None for NULL."""

    path: Path
    line: int
    values: dict[str, str | None]


class Sample:
    """The files of a directory, one for each table: ``orders.csv`` or ``sales.orders.copy``."""

    def __init__(self, folder: Path) -> None:
        paths = {path.stem: path for path in sorted(folder.iterdir()) if path.suffix in _ENDINGS}
        self._files = {stem: tuple(_read(path)) for stem, path in paths.items()}
        self._names = {stem: path.name for stem, path in paths.items()}
        self._seen: dict[str, set[str]] = {stem: set() for stem in paths}
        if not self._files:
            raise MigcheckError(
                f"migcheck_sample: {folder} has no file that is named after a table; "
                "valid: orders.csv or public.orders.csv (with a header), orders.copy (COPY ... WITH (HEADER))"
            )

    def rows(self, plan: Plan, notes: list[str]) -> Iterator[RowSet]:
        """The rows for the tables of a plan, once; tables without a file that these need are drawn."""
        if not any(self._of(table) for table in plan.tables):
            return
        drawn = draw_rows(bounded(plan, (1, 1)), Plain(), nulls=False)
        rows: list[NewRow] = []
        for table in plan.tables:
            sampled = self._of(table)
            if len(sampled) > _MOST:
                notes.append(f"{sampled[0].path.name}: the first {_MOST} of {len(sampled)} rows are used")
            filled = [row.row for row in drawn if row.table == table.shape.key]
            rows += [self._row(table, sample, dict(filled[0]) if filled else {}) for sample in sampled[:_MOST]]
            if not sampled:
                rows += [row for row in drawn if row.table == table.shape.key]
        yield tuple(rows)

    def look(self, catalog: Catalog) -> None:
        """Note which tables and columns there are; some come and go with the revisions."""
        for stem, seen in self._seen.items():
            for key in catalog.named(stem.rpartition(".")[2]):
                if key.kind in _TABLES and stem in (key.name, f"{key.schema}.{key.name}"):
                    seen |= {other.name for other in catalog.beside(key) if other.kind == "column"}

    def strangers(self, revision: str) -> Iterator[str]:
        """What the files name and no catalog had, up to a revision."""
        for stem, seen in self._seen.items():
            columns = [name for row in self._files[stem][:1] for name in row.values if name not in seen]
            if not seen:
                yield f"{SETTING}{self._names[stem]} is not used: there is no table {stem}, at {revision} or before"
            elif columns:
                names = ", ".join(columns)
                yield f"{SETTING}{self._names[stem]}: {stem} has no column {names}, at {revision} or before"

    def _of(self, table: PlannedTable) -> tuple[SampleRow, ...]:
        shape = table.shape
        return self._files.get(f"{shape.schema}.{shape.name}") or self._files.get(shape.name, ())

    @staticmethod
    def _row(table: PlannedTable, sample: SampleRow, drawn: dict[str, str | None]) -> NewRow:
        """A sampled row in the table as it is at this revision: columns that are not there yet are left out."""
        known = {c.shape.name: c for c in table.columns}
        values = {name: value for name, value in sample.values.items() if name in known}
        for name, column in known.items():
            shape = column.shape
            if name not in values and shape.not_null and shape.default is None and not shape.identity:
                values[name] = drawn.get(name)
        origin = f"{SETTING}{sample.path.name}:{sample.line}"
        return NewRow(table.shape.key, tuple(values.items()), origin=origin)


def _read(path: Path) -> Iterator[SampleRow]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        before = path.read_bytes()[: error.start]
        line, column = before.count(b"\n") + 1, error.start - (before.rfind(b"\n") + 1) + 1
        raise MigcheckError(
            f"migcheck_sample: {path}:{line}:{column}: byte 0x{error.object[error.start]:02x} is not UTF-8\n"
            "what to do: export with ENCODING 'UTF8'"
        ) from error
    yield from _read_csv(path, text) if path.suffix == ".csv" else _read_copy(path, text)


def _read_csv(path: Path, text: str) -> Iterator[SampleRow]:
    """CSV with a header; an empty field without quotes is NULL, as COPY writes it."""
    records = iter(_records(path, text))
    header = next(records, None)
    if header is None:
        raise MigcheckError(f"migcheck_sample: {path}:1:1: the file is empty; its first line names the columns")
    names = [name for name, _ in header[1]]
    for line, fields in records:
        if len(fields) != len(names):
            raise _wrong_number(path, line, fields, names)
        yield SampleRow(
            path=path, line=line,
            values={
                name: None if text == "" and not quoted else text
                for name, (text, quoted) in zip(names, fields, strict=True)
            },
        )  # fmt: skip


def _wrong_number(path: Path, line: int, fields: list[tuple[str, bool]], names: list[str]) -> MigcheckError:
    where = sum(len(text) + 2 * quoted + 1 for text, quoted in fields[: len(names)])
    return MigcheckError(
        f"migcheck_sample: {path}:{line}:{max(where, 1)}: {len(fields)} fields, and the header names {len(names)}: "
        f"{', '.join(names)}"
    )


def _records(path: Path, text: str) -> Iterator[tuple[int, list[tuple[str, bool]]]]:
    """(line, [(field, whether it was quoted)]); the csv module of older versions cannot tell NULL from ''."""
    fields: list[tuple[str, bool]] = []
    at, line, started = 0, 1, 1
    while at < len(text):
        if text[at] == '"':
            end = at + 1
            while True:
                end = text.find('"', end)
                if end < 0:
                    column = at - (text.rfind("\n", 0, at) + 1) + 1
                    raise MigcheckError(f"migcheck_sample: {path}:{line}:{column}: a quote is opened and never closed")
                if text[end : end + 2] != '""':
                    break
                end += 2
            field, quoted, after = text[at + 1 : end].replace('""', '"'), True, end + 1
        else:
            after = min((p for p in (text.find(",", at), text.find("\n", at)) if p >= 0), default=len(text))
            field, quoted = text[at:after].rstrip("\r"), False
        fields.append((field, quoted))
        line += text.count("\n", at, after)
        rest = text[after : after + 2].lstrip("\r")
        if rest.startswith(","):
            at = after + 1
            if at >= len(text):
                fields.append(("", False))
            continue
        if rest and not rest.startswith("\n"):
            column = after - (text.rfind("\n", 0, after) + 1) + 1
            raise MigcheckError(
                f"migcheck_sample: {path}:{line}:{column}: {text[after]!r} comes right after a closing quote; "
                'a quote inside of a field is written ""'
            )
        yield started, fields
        fields, at = [], text.find("\n", after) + 1 or len(text)
        line += 1
        started = line
    if fields:
        yield started, fields


def _read_copy(path: Path, text: str) -> Iterator[SampleRow]:
    r"""The text form of COPY with a header: tabs between the fields, \N for NULL, backslashes escape."""
    lines = [line for line in text.split("\n") if line != "\\."]
    names = lines[0].rstrip("\r").split("\t")
    if not lines[0].strip():
        raise MigcheckError(f"migcheck_sample: {path}:1:1: the first line names the columns, separated by tabs")
    for number, line in enumerate(lines[1:], start=2):
        if line == "" and number == len(lines):
            continue
        fields = [(field, False) for field in line.rstrip("\r").split("\t")]
        if len(fields) != len(names):
            raise _wrong_number(path, number, fields, names)
        yield SampleRow(
            path=path, line=number,
            values={n: None if f == "\\N" else _unescaped(f) for n, (f, _) in zip(names, fields, strict=True)},
        )  # fmt: skip


def _unescaped(field: str) -> str:
    out, at = [], 0
    while at < len(field):
        if field[at] == "\\" and at + 1 < len(field):
            out.append(_ESCAPES.get(field[at + 1], field[at + 1]))
            at += 2
        else:
            out.append(field[at])
            at += 1
    return "".join(out)
