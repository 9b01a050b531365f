"""The comments of a Python file that say something to us, and the lines that each is about."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pytest_migcheck.suppress.directives import Directive, directive_of

Span = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """A comment at ``line``, about the lines of ``spans`` (both ends included)."""

    line: int
    directive: Directive
    spans: tuple[Span, ...] = ()

    def covers(self, line: int) -> bool:
        return any(first <= line <= last for first, last in self.spans)


def comments_of(path: Path, *, reason_required: bool = False) -> tuple[Comment, ...]:
    """The comments to us; none where the file cannot be read as Python, which is told elsewhere."""
    try:
        source = path.read_bytes()
    except OSError:
        return ()
    if b"migcheck" not in source:
        return ()  # most files: nothing to take apart
    try:
        text = source.decode(tokenize.detect_encoding(io.BytesIO(source).readline)[0])
        units = sorted(_units(ast.parse(source)))
        return tuple(_comments(text, units, reason_required=reason_required))
    except (SyntaxError, UnicodeDecodeError, LookupError, tokenize.TokenError):
        return ()


def _comments(text: str, units: list[Span], *, reason_required: bool) -> Iterator[Comment]:
    found = [t for t in tokenize.generate_tokens(io.StringIO(text).readline) if t.type == tokenize.COMMENT]
    alone = {token.start[0] for token in found if not token.line[: token.start[1]].strip()}
    for token in found:
        directive = directive_of(token.string, reason_required=reason_required)
        if directive is not None:
            line = token.start[0]
            yield Comment(line=line, directive=directive, spans=tuple(_spans(line, alone, units)))


def _spans(line: int, alone: set[int], units: list[Span]) -> Iterator[Span]:
    """The statement that a comment stands in, and the one below it where nothing else stands on its line."""
    around = [(first, last) for first, last in units if first <= line <= last]
    if around:
        yield max(around)
    if line in alone:
        below = line
        while below in alone:
            below += 1
        yield from (unit for unit in units if unit[0] == below)


def _units(tree: ast.AST) -> Iterator[Span]:
    """First and last line of every statement; of one that holds others, up to the first of them."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.stmt):
            continue
        body = getattr(node, "body", None) or getattr(node, "cases", None)
        first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))])
        if body:
            inner = getattr(body[0], "lineno", None) or body[0].pattern.lineno
            yield first, max(first, inner - 1)
        else:
            yield first, node.end_lineno or node.lineno
