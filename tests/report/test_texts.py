"""Reports, rendered from literal outcomes."""

from __future__ import annotations

import json
from pathlib import Path

from pytest_migcheck.core.finding import Direction, Finding, Severity, Suppressed
from pytest_migcheck.core.lock import HeldLock, LockMode
from pytest_migcheck.core.outcome import Outcome, Status, TracedStatement
from pytest_migcheck.core.statement import Source, Statement
from pytest_migcheck.report.build import About, build_report
from pytest_migcheck.report.json import json_report
from pytest_migcheck.report.plain import plain_outcome
from pytest_migcheck.report.terminal import outcome_headline, render_outcome

SHARE = HeldLock(
    relation="public.orders", kind="r", mode=LockMode.SHARE, preexisting=True, table="public.orders", predicted=True
)


def finding(root: Path, **changes: object) -> Finding:
    values: dict[str, object] = {
        "id": "MC101",
        "rule": "create-index-not-concurrent",
        "severity": Severity.ERROR,
        "check": "locks",
        "headline": "building ix blocks writes to orders",
        "object": "public.orders",
        "revision": "3f2a1c",
        "direction": Direction.UPGRADE,
        "path": str(root / "versions" / "x.py"),
        "line": 2,
        "sql": "CREATE INDEX ix\n\n  ON orders (email)",
        "locks": (SHARE,),
        "details": (("lock", "SHARE on public.orders"), ("fix", "with block():\n    op.create_index()")),
    }
    return Finding(**{**values, **changes})  # type: ignore[arg-type]


def source_file(root: Path) -> None:
    (root / "versions").mkdir()
    (root / "versions" / "x.py").write_text('def upgrade():\n    op.create_index("ix")\n')


def test_a_finding_is_complete_in_itself(tmp_path):
    source_file(tmp_path)
    outcome = Outcome(status=Status.FAILED, findings=(finding(tmp_path),))
    text = render_outcome(outcome, root=tmp_path, node="versions/x.py::locks", verbosity=0)
    assert text.splitlines() == [
        "MC101 create-index-not-concurrent: building ix blocks writes to orders",
        "  versions/x.py:2",
        '  2 |     op.create_index("ix")',
        "  sql     CREATE INDEX ix",
        "            ON orders (email)",
        "  lock    SHARE on public.orders",
        "  fix     with block():",
        "              op.create_index()",
        "  ignore  # migcheck: ignore[MC101] <reason>",
        "  more    pytest --migcheck-explain MC101",
        "  again   pytest --migcheck 'versions/x.py::locks'",
    ]


def test_a_label_as_wide_as_its_column_stands_apart(tmp_path):
    outcome = Outcome(status=Status.FAILED, findings=(finding(tmp_path, details=(("migrated", "head 1"),)),))
    assert "  migrated head 1" in render_outcome(outcome, root=tmp_path, node="n", verbosity=0).splitlines()


def test_two_levels_of_verbosity_list_the_statements(tmp_path):
    outcome = Outcome(status=Status.FAILED, findings=(finding(tmp_path),), statements=(traced(tmp_path),))
    assert "SHARE on public.orders" not in render_outcome(
        Outcome(status=Status.FAILED, findings=(finding(tmp_path, details=()),), statements=(traced(tmp_path),)),
        root=tmp_path,
        node="n",
        verbosity=1,
    )
    text = render_outcome(outcome, root=tmp_path, node="n", verbosity=2)
    assert "  upgrade 1  transaction 3  versions/x.py:2" in text.splitlines()
    assert "    SHARE on public.orders" in text.splitlines()


def test_the_headline_counts_what_is_shown(tmp_path):
    silenced = finding(tmp_path, suppressed=Suppressed(by="comment", reason="small table"))
    listed = finding(tmp_path, severity=Severity.INFO)
    one = Outcome(status=Status.FAILED, findings=(silenced, finding(tmp_path), listed))
    assert outcome_headline(one) == "MC101 create-index-not-concurrent: building ix blocks writes to orders"
    two = Outcome(status=Status.FAILED, findings=(finding(tmp_path), finding(tmp_path, id="MC107")))
    assert outcome_headline(two).endswith("(and 1 more)")


def traced(root: Path) -> TracedStatement:
    statement = Statement(
        sql="CREATE INDEX ix ON orders (email)",
        source=Source(path=str(root / "versions" / "x.py"), line=2, function="upgrade", text=""),
        seconds=0.5,
        transaction=3,
        acquired=(SHARE,),
        held=(SHARE,),
        scans=("public.orders",),
    )
    return TracedStatement(revision="3f2a1c", direction=Direction.UPGRADE, run=1, statement=statement)


def test_the_json_report_has_the_promised_form(tmp_path):
    outcome = Outcome(status=Status.FAILED, findings=(finding(tmp_path),), statements=(traced(tmp_path),))
    node = "versions/x.py::locks"
    entry = plain_outcome(outcome, node=node, history="alembic.ini", check="locks", revision="3f2a1c", seconds=0.12)
    about = About(
        root=tmp_path,
        top=tmp_path,
        server={"kind": "embedded", "version": "18.6"},
        histories=[{"name": "alembic.ini", "kind": "alembic", "revisions": 1, "heads": ["3f2a1c"]}],
    )
    report = json.loads(json_report(build_report([json.loads(json.dumps(entry))], about)))
    promised = {"schema", "version", "server", "histories", "checks", "findings", "statements", "stopped"}
    assert promised <= set(report)
    assert report["checks"] == [
        {
            "node": node,
            "history": "alembic.ini",
            "check": "locks",
            "revision": "3f2a1c",
            "outcome": "failed",
            "reason": None,
            "seconds": 0.12,
            "steps": [],
            "tried": None,
        }
    ]
    (found,) = report["findings"]
    lock = {"relation": "public.orders", "mode": "SHARE", "predicted": True, "observed": True}
    lock |= {"table": "public.orders", "preexisting": True}
    assert found["path"] == "versions/x.py" and found["locks"] == [lock]
    assert found["difference"] is None and found["suppressed"] is None and found["direction"] == "upgrade"
    (statement,) = report["statements"]
    assert statement["pass"] == 1 and statement["transaction"] == 3 and statement["node"] == node
    assert statement["scans"] == ["public.orders"] and statement["error"] is None
