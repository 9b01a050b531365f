"""Findings on SQL files, with SQL for advice and the words of the tool that runs the files."""

from __future__ import annotations

from dataclasses import replace

from pytest_migcheck.core.finding import Finding
from pytest_migcheck.core.outcome import Outcome
from pytest_migcheck.history.source import History

_WAY_BACK = "downgrade()"
_LABELS = {"models": "declared"}


def in_words_of(history: History, outcome: Outcome) -> Outcome:
    """The outcome as it is to be told of this history."""
    if not history.in_sql:
        return outcome
    findings = tuple(_in_sql(finding, history) for finding in outcome.findings)
    notes = tuple(_plain(note, history) for note in outcome.notes)
    return replace(outcome, findings=findings, notes=notes)


def _in_sql(finding: Finding, history: History) -> Finding:
    details = [
        (_LABELS.get(label, label), _fix(text, history) if label == "fix" else _plain(text, history))
        for label, text in finding.details
    ]
    return replace(
        finding,
        headline=_plain(finding.headline, history),
        source_text="" if finding.source_text.endswith("()") else finding.source_text,
        # A patch of Python code has no place in a file of SQL.
        replacement=None,
        details=tuple((label, text) for label, text in details if text),
    )


def _fix(text: str, history: History) -> str:
    # It knows Alembic and SQLAlchemy, which a history of Alembic's imports in a process of its own.
    from pytest_migcheck.history.alembic.as_sql import OUTSIDE, sql_of

    return _plain(sql_of(text).replace(OUTSIDE, f"{OUTSIDE} ({history.outside})"), history)


def _plain(text: str, history: History) -> str:
    for alembic, here in (
        ("behind Alembic's back", f"behind the back of {history.tool}"),
        ("had ended Alembic's transaction", "had ended the transaction"),
        ("Alembic's transaction", f"the transaction of {history.tool}"),
        ("inside Alembic's", f"inside the {history.tool}"),
        ("op.get_context().autocommit_block()", history.outside),
        ("set it in env.py", "set it for the role or the session that migrates"),
        ("every revision", "every migration"),
        ("in the models", "in the declared schema"),
        ("between models and migrations", "between the declared schema and the migrations"),
        ("the models cannot be created", "the declared schema cannot be created"),
        ("correct the models: metadata.create_all()", "correct the declared schema: it"),
        ('revision: alembic revision --autogenerate -m "..."', f"migration: {history.generate}".rstrip(": ")),
        ("declare it in the declared schema", "declare it"),
        ("in a new revision", "in a new migration"),
        ("or if_not_exists=True / if_exists=True", "or IF NOT EXISTS / IF EXISTS"),
        (", in the model too", ""),
        ("the model without", "code that does not use"),
        ("SQLAlchemy selects columns by name, so a mapped column", "code names its columns, so one"),
        ("the models disagree for ever", "the declared schema disagrees for ever"),
        ("out with include_object in env.py: it is mapped as a table and is a view", "out, or declare it as a view"),
        ("with nullable=True and no default", "without NOT NULL and DEFAULT"),
        (_WAY_BACK, "the way back"),
    ):
        text = text.replace(alembic, here)
    return text
