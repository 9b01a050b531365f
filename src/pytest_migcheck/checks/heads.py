"""``heads``: the files of a history are whole, nobody has rewritten it, and no heads are left to be merged."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pytest_migcheck.checks.history_rules import history_findings
from pytest_migcheck.checks.history_rules._rule import HistoryContext
from pytest_migcheck.core.finding import Finding, Severity
from pytest_migcheck.core.graph import Graph
from pytest_migcheck.core.outcome import Outcome, Status
from pytest_migcheck.core.rule_ids import rule_id
from pytest_migcheck.history.source import Fault, History


def judge_heads(history: History, context: HistoryContext, selected: Callable[[str, str], bool]) -> Outcome:
    """Judge what can be seen without a server; ``selected`` tells of rules that are off whether they were selected."""
    findings = (
        *map(_fault_finding, history.faults()),
        *_several_heads(history.graph),
        *history_findings(context, selected),
    )
    failed = any(finding.severity is Severity.ERROR for finding in findings)
    return Outcome(status=Status.FAILED if failed else Status.PASSED, findings=findings)


def _fault_finding(fault: Fault) -> Finding:
    return Finding(
        id=rule_id(fault.rule),
        rule=fault.rule,
        severity=fault.severity,
        check="heads",
        headline=fault.headline,
        object=fault.object,
        revision=fault.revision,
        path=fault.path,
        line=fault.line,
        details=fault.details,
    )


def _several_heads(graph: Graph) -> Iterator[Finding]:
    """Yield a finding when heads are left to be merged."""
    unlabelled = [h for h in graph.heads if not graph.revisions[h].branch_labels]
    labelled = {graph.revisions[h].branch_labels for h in graph.heads if h not in unlabelled}
    if len(graph.heads) <= 1 or (not unlabelled and len(labelled) == len(graph.heads)):
        return
    heads = sorted(graph.heads)
    parents = {parent for head in heads for parent in graph.revisions[head].parents}
    shared = f", both revise {next(iter(parents))}" if len(heads) == 2 and len(parents) == 1 else ""
    last = graph.revisions[graph.heads[-1]]
    files = "\n".join(
        f"{head}  {graph.revisions[head].message or '(no message)'}  {graph.revisions[head].path}" for head in heads
    )
    yield Finding(
        id=rule_id("several-heads"),
        rule="several-heads",
        severity=Severity.ERROR,
        check="heads",
        headline=f"{len(heads)} heads, {', '.join(heads[:-1])} and {heads[-1]}{shared}",
        object=", ".join(heads),
        path=last.path,
        line=last.down_revision_line,
        details=(
            ("heads", files),
            ("why", "`alembic upgrade head` stops with an error, so the next deployment does not migrate"),
            ("fix", f'alembic merge {" ".join(heads)} -m "merge heads"'),
        ),
    )
