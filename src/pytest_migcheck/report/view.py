"""The report arranged as its HTML page shows it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pytest_migcheck.core.links import rule_link
from pytest_migcheck.report.pictures.graph import Node, revision_graph
from pytest_migcheck.report.steps_view import steps_of

FAMILIES = {
    "MC0": "History and reversibility",
    "MC1": "Locks",
    "MC2": "Rewrites and lost data",
    "MC3": "Drift",
    "MC4": "Rows",
    "MC9": "Of migcheck itself",
}
_OPENED = 12
_WORDS = {"error": "errors", "warning": "warnings", "info": "listed"}


def view_of(report: Mapping[str, Any]) -> dict[str, Any]:
    """Everything that the template names."""
    findings = report["findings"]
    shown = [f for f in findings if not f["suppressed"]]
    histories = [_history(history, number, report) for number, history in enumerate(report["histories"])]
    links = {(h["name"], step.id): f"#{step.anchor}" for h in histories for step in h["steps"]}
    return {
        "report": report,
        "verdict": _verdict(report, shown),
        "facts": list(_facts(report)),
        "families": _families(findings),
        "rules": [_rule(id_, group, report) for id_, group in _by_rule(shown)],
        "histories": histories,
        "drift": [f for f in findings if f["check"] == "drift" and f["difference"]],
        "rows": [f for f in findings if f["check"] == "data" and not f["suppressed"]],
        "tried": [check for check in report["checks"] if check.get("tried")],
        "ledger": [f for f in findings if f["suppressed"]],
        "many": len(histories) > 1,
        # A closed revision costs no layout: a page with hundreds of open ones would open slowly.
        "opened": sum(step.state == "error" for h in histories for step in h["steps"]) <= _OPENED,
        "links": links,
        "link": lambda f: links.get((f["history"], f["revision"])) or f"#{history_anchor(f, histories)}",
    }


def history_anchor(finding: Mapping[str, Any], histories: Sequence[Mapping[str, Any]]) -> str:
    """Where the checks of a whole history are."""
    number = next((n for n, history in enumerate(histories) if history["name"] == finding["history"]), 0)
    return f"history-{number}-{finding['check']}"


def _verdict(report: Mapping[str, Any], shown: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    severities = Counter(f["severity"] for f in shown)
    outcomes = Counter(c["outcome"] for c in report["checks"])
    parts = [f"{severities[s]} {word if severities[s] != 1 else s}" for s, word in _WORDS.items() if severities[s]]
    parts += [f"{outcomes['error']} not judged"] if outcomes["error"] else []
    text = ", ".join(parts) or "nothing to report"
    if report["stopped"]:
        return {"state": "error", "word": "Cut short", "text": f"{report['stopped']}; so far: {text}"}
    if outcomes["failed"] or outcomes["error"]:
        return {"state": "error", "word": "Failed", "text": text}
    return {"state": "warning" if severities["warning"] else "ok", "word": "Passed", "text": text}


def _facts(report: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    server, run = report["server"], report["run"]
    for history in report["histories"]:
        heads = ", ".join(history["heads"])
        yield "History", f"{history['name']}: {history['revisions']} revisions, head {heads}"
    yield "Checks", _outcomes(report["checks"])
    if server:
        yield "Server", f"PostgreSQL {server['version']}, {server['kind']}"
    yield "Versions", ", ".join([f"migcheck {report['version']}", *(f"{n} {v}" for n, v in run["versions"].items())])
    if run["started"]:
        yield "Run", f"{run['started'].replace('T', ' ').replace('Z', ' UTC')}, {run['seconds']} s"
    yield from run["settings"].items()


def _outcomes(checks: Sequence[Mapping[str, Any]]) -> str:
    counted = Counter(check["outcome"] for check in checks)
    return ", ".join(f"{counted[o]} {o}" for o in ("passed", "failed", "skipped", "error") if counted[o]) or "none"


def _families(findings: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    rows = []
    for prefix, name in FAMILIES.items():
        members = [f for f in findings if f["id"].startswith(prefix)]
        rows.append({"id": prefix, "name": name, **_counts(members)})
    others = [f for f in findings if f["id"][:3] not in FAMILIES]
    return rows + ([{"id": "", "name": "Rules of your own", **_counts(others)}] if others else [])


def _counts(findings: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    shown = Counter("ignored" if f["suppressed"] else f["severity"] for f in findings)
    return {name: shown[name] for name in ("error", "warning", "info", "ignored")}


def _by_rule(findings: Sequence[Mapping[str, Any]]) -> list[tuple[str, list[Mapping[str, Any]]]]:
    order = {"error": 0, "warning": 1, "info": 2}
    grouped: dict[str, list[Mapping[str, Any]]] = {}
    for finding in sorted(findings, key=lambda f: (order[f["severity"]], f["id"])):
        grouped.setdefault(finding["id"], []).append(finding)
    return list(grouped.items())


def _rule(id_: str, findings: Sequence[Mapping[str, Any]], report: Mapping[str, Any]) -> dict[str, Any]:
    texts = report["rules"].get(id_)
    return {
        "id": id_,
        "name": findings[0]["rule"],
        "severity": findings[0]["severity"],
        "summary": texts["summary"] if texts else "",
        "link": rule_link(id_, findings[0]["rule"], has_page=bool(texts and texts["page"])),
        "findings": findings,
    }


def _history(history: Mapping[str, Any], number: int, report: Mapping[str, Any]) -> dict[str, Any]:
    name = history["name"]
    steps = steps_of(history, number, report)
    nodes = [
        Node(
            id=step.id,
            parents=step.parents,
            depends_on=step.depends_on,
            message=step.message,
            state=step.state,
            verdict=step.verdict,
            link=f"#{step.anchor}",
            irreversible=step.irreversible,
        )
        for step in steps
    ]
    whole = [c for c in report["checks"] if c["history"] == name and c["revision"] is None]
    return {
        "name": name,
        "number": number,
        "kind": history["kind"],
        "steps": steps,
        "graph": revision_graph(nodes, f"Revision graph of {name}") if nodes else "",
        "checks": [
            {**check, "findings": _of_check(report, check), "anchor": f"history-{number}-{check['check']}"}
            for check in whole
        ],
        "walked": any(step.walked for step in steps),
    }


def _of_check(report: Mapping[str, Any], check: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [f for f in report["findings"] if f["node"] == check["node"]]
