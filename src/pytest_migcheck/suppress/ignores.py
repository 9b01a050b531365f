"""What silences the findings on a revision: comments in its file and in its SQL, and lines of the configuration."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pytest_migcheck.core.finding import Finding
from pytest_migcheck.core.lock import LockMode
from pytest_migcheck.core.outcome import TracedStatement
from pytest_migcheck.sql.comments import comments
from pytest_migcheck.suppress.directives import IGNORE, IGNORE_FILE, directive_of
from pytest_migcheck.suppress.python_comments import Comment, Span, comments_of
from pytest_migcheck.suppress.sql_comments import sql_comments_of

COMMENT, CONFIG = "comment", "config"
_LIVE_RULE = ("MC199", "blocking-statement")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignore:
    """One ignore and what it reaches: lines of a file (None: all of it), one statement of a SQL text, a revision.

    ``by`` is ``comment`` or ``config``; ``path`` and ``line`` say where it stands.
    """

    entries: tuple[str, ...]
    reason: str
    by: str
    path: str
    line: int
    spans: tuple[Span, ...] | None = None
    sql: tuple[str, str] | None = None
    revision: str | None = None

    def reaches(self, finding: Finding) -> bool:
        """Whether it stands where it can speak about the finding, whatever the rule."""
        if self.revision is not None:
            return finding.revision == self.revision
        if self.sql is not None:
            whole, part = self.sql
            return finding.sql == whole and finding.part in ("", part)
        if finding.path != self.path:
            return False
        return self.spans is None or any(first <= (finding.line or 0) <= last for first, last in self.spans)

    def entry_for(self, finding: Finding) -> str | None:
        """The entry that silences the finding, None if none does."""
        if not self.reaches(finding):
            return None
        return next((entry for entry in self.entries if _means(entry, finding)), None)


def means(entry: str, id_: str, name: str) -> bool:
    """Whether an entry is a rule's id, a prefix of it, or its name."""
    return name == entry.lower() or id_.startswith(entry.upper())


def _means(entry: str, finding: Finding) -> bool:
    if means(entry, finding.id, finding.rule):
        return True
    # Before a rule had a name for it, the statement was a blocking one.
    blocks = any(lock.mode >= LockMode.SHARE for lock in finding.locks)
    return finding.check == "locks" and blocks and means(entry, *_LIVE_RULE)


class CommentFiles:
    """The comments of the user's files; each file is read once."""

    def __init__(self, *, reason_required: bool) -> None:
        self.reason_required = reason_required
        self._known: dict[str, tuple[Comment, ...]] = {}

    def of(self, path: str) -> tuple[Comment, ...]:
        if path not in self._known:
            read = sql_comments_of if path.endswith(".sql") else comments_of
            self._known[path] = read(Path(path), reason_required=self.reason_required)
        return self._known[path]

    def ignores(self, paths: Collection[str]) -> Iterator[Ignore]:
        """The valid ignores of the files."""
        for path in paths:
            for comment in self.of(path):
                directive = comment.directive
                if directive.word in (IGNORE, IGNORE_FILE) and not directive.fault:
                    yield Ignore(
                        entries=directive.entries,
                        reason=directive.reason,
                        by=COMMENT,
                        path=path,
                        line=comment.line,
                        spans=None if directive.word == IGNORE_FILE else comment.spans,
                    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlComment:
    """A comment to us in a SQL text that ran, with the line that ran it; ``fault`` says why it counts for nothing."""

    ignore: Ignore
    fault: str


def sql_ignores(
    statements: Iterable[TracedStatement], revision_path: str, *, reason_required: bool
) -> tuple[SqlComment, ...]:
    """The ignores in the SQL texts that ran; a text that ran several times counts once."""
    found: dict[tuple[str, str, str], SqlComment] = {}
    for traced in statements:
        script = traced.statement.sql
        for text, part in comments(script) if "migcheck" in script else ():
            directive = directive_of(text, reason_required=reason_required)
            if directive is None:
                continue
            source = traced.statement.source
            fault = directive.fault
            if not fault and directive.word != IGNORE:
                fault = f"in SQL, {directive.word!r} has no meaning; only ignore[MC101] reason has one"
            ignore = Ignore(
                entries=directive.entries,
                reason=directive.reason,
                by=COMMENT,
                path=source.path if source else revision_path,
                line=source.line if source else 1,
                sql=(script, part),
            )
            found.setdefault((script, part, text), SqlComment(ignore=ignore, fault=fault))
    return tuple(found.values())


def configured(
    revision_ignores: Mapping[str, tuple[tuple[str, ...], str]], revision: str, path: str
) -> Iterator[Ignore]:
    """The ignores of ``migcheck_revision_ignores`` for a revision, which may be named by the start of its id."""
    for name, (entries, reason) in revision_ignores.items():
        if revision.startswith(name):
            yield Ignore(entries=entries, reason=reason, by=CONFIG, path=path, line=1, revision=revision)
