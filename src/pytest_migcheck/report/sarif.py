"""SARIF 2.1.0, as GitHub's code scanning and other viewers read it.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html and, for what GitHub makes of it,
https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from pytest_migcheck.core.links import DOCS, rule_link

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {"error": "error", "warning": "warning", "info": "note"}
# What GitHub calls them.
_GITHUB = {"error": "error", "warning": "warning", "info": "recommendation"}
_TOLD = frozenset(("lock", "error", "why", "left", "rows", "fix"))
# SARIF has two kinds: in the source, and anywhere else.
_SUPPRESSIONS = {"comment": "inSource"}


def sarif_report(report: Mapping[str, Any]) -> str:
    """The findings as text of a SARIF log with one run."""
    findings = report["findings"]
    rules = {f["id"]: f["rule"] for f in sorted(findings, key=lambda f: str(f["id"]))}
    places = {id_: number for number, id_ in enumerate(rules)}
    run = {
        "tool": {
            "driver": {
                "name": "pytest-migcheck",
                "semanticVersion": report["version"],
                "informationUri": DOCS,
                "rules": [_rule(id_, name, report["rules"].get(id_), findings) for id_, name in rules.items()],
            }
        },
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"SRCROOT": {"description": {"text": "the top directory of the repository"}}},
        "invocations": [_invocation(report)],
        "results": _results(findings, report["root"], places),
    }
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=1, ensure_ascii=False) + "\n"


def _rule(id_: str, name: str, texts: Mapping[str, Any] | None, findings: list[Mapping[str, Any]]) -> dict[str, Any]:
    words = name.replace("-", " ")
    summary = texts["summary"] if texts else f"{words[0].upper()}{words[1:]}."
    severity = texts["severity"] if texts else next(f["severity"] for f in findings if f["id"] == id_)
    more = [
        f"{word} {texts[key]}."
        for word, key in (("Triggered when", "condition"), ("Effect:", "effect"), ("Fix:", "fix"))
        if texts
    ]
    return {
        "id": id_,
        "name": name.title().replace("-", ""),
        "shortDescription": {"text": summary},
        "fullDescription": {"text": " ".join([summary, *more[:2]])},
        "help": {"text": "\n".join([summary, *more]), "markdown": "\n\n".join([summary, *more])},
        "helpUri": rule_link(id_, name, has_page=bool(texts and texts["page"])),
        "defaultConfiguration": {"level": _LEVELS[severity]},
        "properties": {
            "tags": ["database", "migration"],
            "precision": "very-high",
            "problem.severity": _GITHUB[severity],
        },
    }


def _results(
    findings: list[Mapping[str, Any]], root: str, places: Mapping[str, int]
) -> list[dict[str, Any]]:
    seen: Counter[str] = Counter()
    results = [_result(finding, root, places, seen) for finding in findings]
    if any("suppressions" in result for result in results):
        # Where one result says whether it is suppressed, all of them do; the empty list means that it is not.
        results = [{"suppressions": [], **result} for result in results]
    return results


def _result(
    finding: Mapping[str, Any], root: str, places: Mapping[str, int], seen: Counter[str]
) -> dict[str, Any]:
    suppressed = finding["suppressed"]
    result: dict[str, Any] = {
        "ruleId": finding["id"],
        "ruleIndex": places[finding["id"]],
        "level": _LEVELS[finding["severity"]],
        "message": {"text": _message(finding)},
        "locations": [_location(finding, root)],
        "partialFingerprints": {"migcheck/v1": _fingerprint(finding, seen)},
        "properties": {
            name: finding[name]
            for name in ("check", "history", "revision", "direction", "node")
            if finding[name] is not None
        },
    }
    if suppressed:
        kind = _SUPPRESSIONS.get(suppressed["by"], "external")
        justification = suppressed["reason"] or suppressed["by"]
        result["suppressions"] = [
            {"kind": kind, "status": "accepted", "justification": justification, "properties": {"by": suppressed["by"]}}
        ]
    return result


def _message(finding: Mapping[str, Any]) -> str:
    shown = [f"{label}: {text}" for label, text in finding["details"] if label in _TOLD]
    return "\n".join([finding["headline"], *shown])


def _location(finding: Mapping[str, Any], root: str) -> dict[str, Any]:
    location: dict[str, Any] = {"logicalLocations": [{"fullyQualifiedName": finding["object"]}]}
    if finding["path"]:
        location["physicalLocation"] = {"artifactLocation": _artifact(finding["path"], root)}
        if finding["line"]:
            location["physicalLocation"]["region"] = {"startLine": finding["line"]}
    return location


def _artifact(path: str, root: str) -> dict[str, Any]:
    joined = (PurePosixPath(root) / path).as_posix()
    if PurePosixPath(joined).is_absolute():
        return {"uri": f"file://{quote(joined)}"}
    return {"uri": quote(joined), "uriBaseId": "SRCROOT"}


def _fingerprint(finding: Mapping[str, Any], seen: Counter[str]) -> str:
    """What makes it the same finding in the next run: its revision, rule and object, and never its line."""
    parts = (finding["history"], finding["revision"], finding["direction"], finding["id"], finding["object"])
    key = "\0".join(str(part or "") for part in parts)
    seen[key] += 1
    # Two of one kind on one object are told apart by their order.
    return f"{hashlib.sha256(key.encode()).hexdigest()[:32]}:{seen[key]}"


def _invocation(report: Mapping[str, Any]) -> dict[str, Any]:
    stopped = report["stopped"]
    broken = [c for c in report["checks"] if c["outcome"] == "error"]
    invocation: dict[str, Any] = {"executionSuccessful": stopped is None and not broken}
    notifications = [
        {"level": "error", "message": {"text": f"{c['node']}: {c['reason']}"}} for c in broken if c["reason"]
    ]
    if stopped is not None:
        notifications.append({"level": "error", "message": {"text": f"the run was cut short: {stopped}"}})
    if notifications:
        invocation["toolExecutionNotifications"] = notifications
    if report["run"]["started"]:
        invocation["startTimeUtc"] = report["run"]["started"]
    return invocation
