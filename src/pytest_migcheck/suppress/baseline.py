"""Known findings in a file: by check, revision, rule and object, with their number; never by line or message."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from pytest_migcheck.core.finding import Finding, Severity, Suppressed
from pytest_migcheck.core.outcome import MigcheckError, Outcome
from pytest_migcheck.core.rule_ids import RULE_IDS

BASELINE = "baseline"
_SCHEMA = 1


class Key(NamedTuple):
    """What makes two findings the same one; ``revision`` is "" for those on a whole history."""

    history: str
    revision: str
    check: str
    rule: str
    object: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """The file's entries; ``writing`` takes every finding of the run for a known one."""

    path: Path
    known: Mapping[Key, int]
    writing: bool = False

    def mark(self, outcome: Outcome, history: str) -> Outcome:
        """The outcome with its known findings marked; of more than are known, the first ones are."""
        seen: Counter[Key] = Counter()
        findings = []
        for finding in outcome.findings:
            if finding.suppressed is None and _counts(finding):
                key = Key(history, finding.revision or "", finding.check, finding.id, finding.object)
                seen[key] += 1
                if self.writing or seen[key] <= self.known.get(key, 0):
                    finding = replace(finding, suppressed=Suppressed(by=BASELINE, reason=f"in {self.path.name}"))
            findings.append(finding)
        return replace(outcome, findings=tuple(findings))


def _counts(finding: Finding) -> bool:
    # What is wrong with an ignore is put right in a moment.
    return finding.severity is not Severity.INFO and not finding.id.startswith("MC9")


def read_baseline(path: Path, *, writing: bool) -> Baseline:
    """The baseline in a file; a new one, to be written, may not be there yet.

    Raises:
        MigcheckError: the file is not one that ``--migcheck-write-baseline`` wrote.
    """
    if writing and not path.exists():
        return Baseline(path=path, known={}, writing=True)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise MigcheckError(
            f"migcheck_baseline: {path} cannot be read: {error}\n"
            "what to do: write it with pytest --migcheck --migcheck-write-baseline, or correct the path"
        ) from error
    return Baseline(path=path, known=_parsed(path, text), writing=writing)


def _parsed(path: Path, text: str) -> dict[Key, int]:
    try:
        plain = json.loads(text)
        if plain["schema"] != _SCHEMA:
            raise MigcheckError(f"migcheck_baseline: {path} has schema {plain['schema']}; this version reads {_SCHEMA}")
        found: Counter[Key] = Counter()
        for entry in plain["findings"]:
            found[Key(*(str(entry[name] or "") for name in Key._fields))] += int(entry["count"])
        return dict(found)
    except json.JSONDecodeError as error:
        conflict = " (a merge that is not resolved?)" if "<<<<<<<" in text else ""
        what = f"line {error.lineno}: {error.msg}{conflict}"
    except (KeyError, TypeError, ValueError) as error:
        what = f"{type(error).__name__}: {error}"
    raise MigcheckError(
        f"migcheck_baseline: {path} is not a baseline: {what}\n"
        "what to do: keep the entries of both sides where it is a merge, or remove the file and write it anew with "
        "pytest --migcheck --migcheck-write-baseline"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """The baseline beside what a run has found: ``found`` are known findings that are still there."""

    baseline: Baseline
    found: Mapping[Key, int]
    stale: Mapping[Key, int]
    kept: Mapping[Key, int]

    def plain(self) -> dict[str, Any]:
        """In the form of the JSON report; the ``count`` of a stale entry is how many are not found any more."""
        return {
            "path": str(self.baseline.path),
            "entries": sum(self.baseline.known.values()),
            "found": sum(self.found.values()),
            "stale": [_plain(key, count) for key, count in sorted(self.stale.items())],
            "written": self.baseline.writing,
        }

    def text(self) -> str:
        """The file's text: what was found, and what was known and not judged in this run; one entry on a line."""
        entries = sorted({**self.kept, **self.found}.items())
        lines = ",\n".join("  " + json.dumps(_plain(key, count), ensure_ascii=False) for key, count in entries)
        return f'{{\n "schema": {_SCHEMA},\n "findings": [\n{lines}\n ]\n}}\n'


def tally(
    baseline: Baseline, entries: Iterable[Mapping[str, Any]], revisions: Mapping[str, Collection[str]]
) -> Tally:
    """Compare a baseline with the entries of a run.

    Args:
        baseline: what was known.
        entries: of the items that ran, in the form of the JSON report.
        revisions: those that each history has.
    """
    judged: set[tuple[str, str, str]] = set()
    found: Counter[Key] = Counter()
    for entry in entries:
        check = entry["check"]
        if _is_judged(check):
            judged.add((check["history"], check["revision"] or "", check["check"]))
        found.update(
            Key(f["history"], f["revision"] or "", f["check"], f["id"], f["object"])
            for f in entry["findings"]
            if f["suppressed"] and f["suppressed"]["by"] == BASELINE
        )
    stale, kept = {}, {}
    for key, count in baseline.known.items():
        gone = key.revision and key.revision not in revisions.get(key.history, ())
        if gone or _item(key) in judged:
            if count > found[key]:
                stale[key] = count - found[key]
        else:
            kept[key] = count
    return Tally(baseline=baseline, found=dict(found), stale=stale, kept=kept)


def _item(key: Key) -> tuple[str, str, str]:
    """The item that a finding is of; those on a whole history name the revision that is to blame."""
    on_revision = key.check in ("stairway", "locks", "data")
    return key.history, key.revision if on_revision else "", key.check


def _is_judged(check: Mapping[str, Any]) -> bool:
    """Whether the item ran to its end, so that what it did not find is not there."""
    reason = check["reason"] or ""
    return (check["outcome"] in ("passed", "failed") and not reason) or reason.startswith("irreversible")


def _plain(key: Key, count: int) -> dict[str, Any]:
    return {**key._asdict(), "revision": key.revision or None, "name": RULE_IDS.get(key.rule, ""), "count": count}


def lines_about(found: Tally, shown: str, *, verbose: bool) -> Sequence[str]:
    """What the terminal says of it; ``shown`` is the file's path as the user knows it."""
    if found.baseline.writing:
        added = sum(max(0, n - found.baseline.known.get(key, 0)) for key, n in found.found.items())
        total = sum(found.found.values()) + sum(found.kept.values())
        return [f"baseline: {total} in {shown} ({added} new, {sum(found.stale.values())} gone)"]
    if not found.stale:
        return []
    number = sum(found.stale.values())
    lines = [
        f"baseline: {number} of {shown} {'is' if number == 1 else 'are'} not found any more: "
        "pytest --migcheck --migcheck-write-baseline removes them"
    ]
    if verbose:
        lines += [f"  {key.rule} {key.object}   {key.revision or key.check}" for key in sorted(found.stale)]
    return lines
