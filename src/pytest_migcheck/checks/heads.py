"""``heads``: the history has one head, or one for each branch label."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.core.finding import Finding, Severity
from pytest_migcheck.core.graph import Graph
from pytest_migcheck.core.rule_ids import rule_id


def check_heads(graph: Graph, env_path: str) -> Iterator[Finding]:
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
