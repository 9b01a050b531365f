"""Mark the findings that an ignore answers, and tell of ignores that answer nothing."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pytest_migcheck.core.finding import Finding, Severity, Suppressed
from pytest_migcheck.core.graph import Graph, Revision
from pytest_migcheck.core.outcome import Outcome, Status, TracedStatement
from pytest_migcheck.core.rule_ids import RULE_IDS, rule_id
from pytest_migcheck.settings import Settings
from pytest_migcheck.suppress.directives import IRREVERSIBLE
from pytest_migcheck.suppress.ignores import COMMENT, CommentFiles, Ignore, configured, means, sql_ignores


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """What the settings say about ignores.

    ``rules`` maps every id to its name, the user's own included; ``inactive`` are ids that cannot be found in this run;
    ``revision_ignores`` map a revision to (entries, reason); ``no_way_back`` are revisions; ``checks`` are the kinds
    of item of the run.
    """

    rules: Mapping[str, str]
    checks: Collection[str]
    inactive: Collection[str] = frozenset()
    revision_ignores: Mapping[str, tuple[tuple[str, ...], str]] = field(default_factory=dict)
    no_way_back: Collection[str] = ()
    files: CommentFiles = field(default_factory=lambda: CommentFiles(reason_required=False))

    def irreversible(self, revision: Revision) -> str | None:
        """The reason for which the settings or its file say that a revision has no way back; None if neither does."""
        if any(revision.id.startswith(name) for name in self.no_way_back):
            return "migcheck_irreversible names it"
        for comment in self.files.of(revision.path):
            if comment.directive.word == IRREVERSIBLE and not comment.directive.fault:
                return comment.directive.reason or "its file says so"
        return None

    def all_irreversible(self, graph: Graph) -> dict[str, str]:
        """Every revision that is said to have no way back, with the reason."""
        return {r.id: why for r in graph.revisions.values() if (why := self.irreversible(r)) is not None}

    def revision(
        self, outcome: Outcome, check: str, revision: Revision, statements: Sequence[TracedStatement]
    ) -> Outcome:
        """The outcome of a revision's item, with the findings that ignores in its file and its SQL silence marked."""
        in_sql = sql_ignores(statements, revision.path, reason_required=self.files.reason_required)
        own = (
            *self.files.ignores((revision.path,)),
            *configured(self.revision_ignores, revision.id, revision.path),
            *(comment.ignore for comment in in_sql if not comment.fault),
        )
        elsewhere = {f.path for f in outcome.findings if f.path and f.path != revision.path}
        marked, used = _marked(outcome, (*own, *self.files.ignores(sorted(elsewhere))))
        more: list[Finding] = []
        if check == _first(("locks", "stairway"), self.checks):
            more += self._faulty(check, revision)
        if check == "locks":
            more += [_malformed(check, revision, c.ignore.path, c.ignore.line, c.fault) for c in in_sql if c.fault]
        # What stopped half-way, or never began, might have found something.
        if outcome.status in (Status.PASSED, Status.FAILED) and outcome.reason is None:
            more += self._unused(own, used, check, revision)
        more.sort(key=lambda finding: finding.severity is not Severity.ERROR)
        return replace(marked, findings=(*marked.findings, *more))

    def history(self, outcome: Outcome, check: str, revisions: Sequence[Revision]) -> Outcome:
        """The outcome of an item of a whole history; ``revisions`` are those that were judged."""
        paths = {f.path for f in outcome.findings if f.path}
        by_path = {revision.path: revision for revision in revisions}
        files = (*paths, *(by_path if check == "heads" else ()))
        own = (
            *self.files.ignores(sorted(set(files))),
            *(i for r in revisions for i in configured(self.revision_ignores, r.id, r.path)),
        )
        marked, used = _marked(outcome, own)
        more: list[Finding] = []
        if check == "heads":
            for ignore in own:
                revision = by_path.get(ignore.path)
                more += self._unused((ignore,), used, check, revision) if revision else ()
            if _first(("locks", "stairway"), self.checks) is None:
                more += [finding for r in revisions for finding in self._faulty(check, r)]
        return replace(marked, findings=(*marked.findings, *more))

    def _unused(
        self, ignores: Sequence[Ignore], used: Collection[tuple[Ignore, str]], check: str, revision: Revision
    ) -> Iterator[Finding]:
        for ignore in ignores:
            for entry in ignore.entries:
                if (ignore, entry) not in used and self._judged_by(entry) == {check}:
                    yield _unused(check, revision, ignore, entry)

    def _judged_by(self, entry: str) -> set[str]:
        """The kinds of item that can find what an entry means, as far as the run looks for it."""
        return {home(i) for i, name in self.rules.items() if means(entry, i, name) and i not in self.inactive}

    def _faulty(self, check: str, revision: Revision) -> Iterator[Finding]:
        """What is wrong with the comments of a revision's file, whether anything was found or not."""
        for comment in self.files.of(revision.path):
            if comment.directive.fault:
                yield _malformed(check, revision, revision.path, comment.line, comment.directive.fault)
                continue
            for entry in comment.directive.entries:
                if not any(means(entry, i, name) for i, name in self.rules.items()):
                    yield _unknown(check, revision, comment.line, entry, self.rules)


def silence_of(settings: Settings, own_rules: Mapping[str, str], off: Collection[str]) -> Silence:
    """What the settings of a run say; ``off`` are the ids of rules that are silent until selected."""
    rules = {**RULE_IDS, **own_rules}
    return Silence(
        rules=rules,
        checks=settings.checks,
        inactive={
            i for i, name in rules.items() if settings.ignored(i, name) or (i in off and not settings.selected(i, name))
        },
        revision_ignores=settings.revision_ignores,
        no_way_back=settings.irreversible,
        files=CommentFiles(reason_required=settings.require_reason),
    )


def home(id_: str) -> str:
    """The kind of item that finds what a rule is about."""
    if id_.startswith("MC00"):
        return "stairway"
    families = {"MC0": "heads", "MC3": "drift", "MC4": "data", "MC9": ""}
    return families.get(id_[:3], "locks")


def _first(names: Sequence[str], among: Collection[str]) -> str | None:
    return next((name for name in names if name in among), None)


def _marked(outcome: Outcome, ignores: Sequence[Ignore]) -> tuple[Outcome, set[tuple[Ignore, str]]]:
    used: set[tuple[Ignore, str]] = set()
    findings = []
    for finding in outcome.findings:
        hits = [(i, entry) for i in ignores if (entry := i.entry_for(finding)) is not None]
        used.update(hits)
        if hits and finding.suppressed is None:
            ignore = hits[0][0]
            finding = replace(finding, suppressed=Suppressed(by=ignore.by, reason=ignore.reason))
        findings.append(finding)
    return replace(outcome, findings=tuple(findings)), used


def _own_finding(
    rule: str, severity: Severity, check: str, revision: Revision, *, path: str, line: int, entry: str, headline: str,
    details: tuple[tuple[str, str], ...],
) -> Finding:
    return Finding(
        id=rule_id(rule),
        rule=rule,
        severity=severity,
        check=check,
        headline=headline,
        object=entry,
        revision=revision.id,
        path=path,
        line=line,
        details=details,
    )


def _unused(check: str, revision: Revision, ignore: Ignore, entry: str) -> Finding:
    by_comment = ignore.by == COMMENT
    where = f"ignore[{entry}]" if by_comment else f"migcheck_revision_ignores: {entry}"
    return _own_finding(
        "unused-ignore",
        Severity.WARNING,
        check,
        revision,
        path=ignore.path,
        line=ignore.line,
        entry=entry,
        headline=f"{where} silences nothing in {revision.id}",
        details=(
            ("why", f"{check} ran and found nothing of {entry} where the ignore stands"),
            ("fix", "remove it" if by_comment else f"take {entry} out of migcheck_revision_ignores for {revision.id}"),
        ),
    )


def _unknown(check: str, revision: Revision, line: int, entry: str, rules: Mapping[str, str]) -> Finding:
    words = {**{name: f"{i} ({name})" for i, name in rules.items()}, **{i: f"{i} ({n})" for i, n in rules.items()}}
    near = [word for word in words if word.startswith(entry.lower())]
    near = near or difflib.get_close_matches(entry, words, 1, 0.4)
    return _own_finding(
        "unknown-ignore",
        Severity.WARNING,
        check,
        revision,
        path=revision.path,
        line=line,
        entry=entry,
        headline=f"ignore[{entry}] names no rule",
        details=(
            *((("fix", f"did you mean {words[near[0]]}?"),) if near else ()),
            ("rules", "pytest --migcheck-rules"),
        ),
    )


def _malformed(check: str, revision: Revision, path: str, line: int, fault: str) -> Finding:
    return _own_finding(
        "malformed-ignore",
        Severity.ERROR,
        check,
        revision,
        path=path,
        line=line,
        entry=revision.id,
        headline=f"a comment to migcheck counts for nothing: {fault}",
        details=(("fix", "# migcheck: ignore[MC101] reason, ignore-file[MC101] reason, or irreversible reason"),),
    )
