"""The summary section of the terminal, and the report files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from pytest_migcheck.core.outcome import NOT_JUDGED
from pytest_migcheck.plugin.report_files import OWN_FOLDER, ReportFiles, annotates, make_folder, top_of
from pytest_migcheck.plugin.telling import closing_lines, tally_of
from pytest_migcheck.report.build import relative
from pytest_migcheck.report.patch import patch_of
from pytest_migcheck.session import Session
from pytest_migcheck.settings import Settings

_LISTED = 6
_SILENCED = {"since": "older", "baseline": "in baseline"}


class Summary:
    """Collects the plain entries of the run; in the controller they come from all workers."""

    def __init__(self, settings: Settings, files: ReportFiles, verbosity: int) -> None:
        self._settings = settings
        self._verbosity = verbosity
        self._files = files
        self._entries: dict[str, dict[str, Any]] = {}
        self.collected: list[dict[str, Any]] = []
        self.stopped: str | None = None
        self._built: dict[str, Any] | None = None

    def add(self, plain: dict[str, Any]) -> None:
        self._entries[plain["check"]["node"]] = plain

    def write(self, reporter: Any, session: Session) -> None:
        """Write the section: one line of figures, then one for each rule."""
        if not self._entries:
            return
        entries = list(self._entries.values())
        findings = [f for entry in entries for f in entry["findings"]]
        reporter.section("migcheck", "=")
        reporter.write_line(_figures(entries, findings))
        if reporter.verbosity < 0:
            return
        server = next((e["server_line"] for e in entries if e.get("server_line")), "no server was needed")
        reporter.write_line(server)
        for rule, members in _by_rule(findings).items():
            reporter.write_line(f"  {rule:<42} {len(members):>3}   {self._places(members)}")
        for line in (*self._listed(entries), *self._ignored(findings)):
            reporter.write_line(line)
        self._write_patch(reporter, findings)
        shown = sum(f["severity"] != "info" and not f["suppressed"] for f in findings)
        for line in closing_lines(session, tally_of(session, entries), shown, verbose=self._verbosity > 0):
            reporter.write_line(line)
        for note in dict.fromkeys(note for entry in entries for note in entry["notes"]):
            reporter.write_line(f"  note: {note}")
        for path in (path for kind, path in self._settings.reports.items() if kind != "github"):
            reporter.write_line(f"report: {relative(str(path), self._settings.root)}")

    def _write_patch(self, reporter: Any, findings: list[dict[str, Any]]) -> None:
        """Write the exact fixes to a file, and say how to apply it."""
        root = self._settings.root
        # The paths of a patch are relative to the repository, wherever in it pytest runs.
        told = [f for f in findings if f["severity"] != "info" and not f["suppressed"]]
        patch = patch_of(told, top_of(root))
        path = root / OWN_FOLDER / "fixes.patch"
        # That of an earlier run does not fit the files any more.
        path.unlink(missing_ok=True)
        if patch:
            make_folder(path.parent)
            path.write_text(patch, encoding="utf-8")
            reporter.write_line(f"fixes: git apply {relative(str(path), root)}")

    def _places(self, findings: list[dict[str, Any]]) -> str:
        shown = [
            f["object"] if f["check"] == "drift" else f"{f['revision'] or f['object']}:{f['line']}" for f in findings
        ]
        names = list(dict.fromkeys(shown))
        more = f", … ({len(names) - _LISTED} more)" if len(names) > _LISTED else ""
        return ", ".join(names[:_LISTED]) + more

    def _listed(self, entries: list[dict[str, Any]]) -> Iterator[str]:
        """With ``-v``, what items have found that pass, warnings with their fix: those that fail have told all."""
        if self._verbosity < 1:
            return
        for entry in entries:
            passed = entry["check"]["outcome"] == "passed"
            for finding in entry["findings"] if passed else ():
                if not finding["suppressed"]:
                    word = "listed" if finding["severity"] == "info" else finding["severity"]
                    where = f"{finding['id']} {finding['rule']}  {self._places([finding])}"
                    yield f"  {word:<7}  {where}   {finding['headline']}"
                    if finding["severity"] == "warning" or self._verbosity > 1:
                        yield from _fix_lines(finding)

    def _ignored(self, findings: list[dict[str, Any]]) -> Iterator[str]:
        """With ``-v``, what is there and fails nobody, with the reason."""
        if self._verbosity < 1:
            return
        for finding in findings:
            if finding["suppressed"]:
                by, reason = finding["suppressed"]["by"], finding["suppressed"]["reason"]
                why = f"{by}: {reason}" if reason else by
                yield f"  ignored  {finding['id']} {finding['rule']}  {self._places([finding])}   {why}"

    def _not_run(self, entry: dict[str, Any]) -> dict[str, Any]:
        if self.stopped is None:
            return entry
        return {**entry, "check": {**entry["check"], "reason": f"{entry['check']['reason']}: {self.stopped}"}}

    def write_baseline(self, session: Session) -> None:
        """Write the baseline if that was asked for; what did not run keeps its entries."""
        if self._settings.write_baseline and self._entries:
            found = tally_of(session, list(self._entries.values()))
            assert found is not None
            found.baseline.path.parent.mkdir(parents=True, exist_ok=True)
            found.baseline.path.write_text(found.text(), encoding="utf-8")

    def _report(self, session: Session) -> dict[str, Any]:
        """The report of the whole run, which has ended."""
        if self._built is None:
            entries = [self._entries.get(e["check"]["node"]) or self._not_run(e) for e in self.collected]
            self._built = self._files.build(entries, session, self.stopped)
        return self._built

    def write_files(self, session: Session) -> None:
        """Write the reports that were asked for; also when the run was cut short."""
        if self._settings.reports:
            self._files.write(self._report(session), self._settings.reports)

    def annotate(self, reporter: Any, session: Session) -> None:
        """Print the findings for GitHub, which reads its commands at the beginning of a line."""
        if not annotates(self._settings.reports):
            return
        for command in self._files.annotations(self._report(session)):
            reporter.ensure_newline()
            reporter.write_line(command)


def _fix_lines(finding: dict[str, Any]) -> Iterator[str]:
    for text in (text for label, text in finding["details"] if label == "fix"):
        for number, line in enumerate(text.splitlines()):
            yield f"           {'' if number else 'fix':<5}{line}".rstrip()


def _figures(entries: list[dict[str, Any]], findings: list[dict[str, Any]]) -> str:
    revisions = len({(e["check"]["history"], e["check"]["revision"]) for e in entries if e["check"]["revision"]})
    severities = Counter(f["severity"] for f in findings if not f["suppressed"])
    broken = sum(e["check"]["outcome"] == "error" or _is_held_up(e["check"]) for e in entries)
    silenced = Counter(_SILENCED.get(f["suppressed"]["by"], "ignored") for f in findings if f["suppressed"])
    seconds = sum(e["check"]["seconds"] for e in entries)
    counted = [_plural(severities[s], s) for s in ("error", "warning") if severities[s]]
    counted += [f"{_plural(broken, 'check')} not judged"] if broken else []
    counted = counted or ["nothing to report"]
    counted += [f"{silenced[word]} {word}" for word in ("ignored", *_SILENCED.values()) if silenced[word]]
    counted += [f"{severities['info']} listed"] if severities["info"] else []
    return f"{_plural(revisions, 'revision')}, {_plural(len(entries), 'check')}, {seconds:.1f} s: {', '.join(counted)}"


def _is_held_up(check: dict[str, Any]) -> bool:
    """Whether a check could not be made because of what stopped another."""
    return check["outcome"] == "skipped" and str(check["reason"] or "").startswith(NOT_JUDGED)


def _plural(number: int, word: str) -> str:
    return f"{number} {word}" + ("" if number == 1 else "s")


def _by_rule(findings: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    grouped: dict[str, list[dict[str, Any]]] = {}
    for finding in findings:
        if finding["severity"] != "info" and not finding["suppressed"]:
            grouped.setdefault(f"{finding['id']} {finding['rule']}", []).append(finding)
    return dict(sorted(grouped.items()))
