"""A file name that is not the one that the project's ``file_template`` gives."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from pytest_migcheck.checks.history_rules._rule import HistoryContext, HistoryRule, Spotted
from pytest_migcheck.core.graph import Revision

_TOKEN = re.compile(r"%\((\w+)\)(?:\.?\d*)[sd]")
_FORMS = {
    "slug": r"[^/\\]*",
    "epoch": r"\d+",
    "year": r"\d{4}",
    **dict.fromkeys(("month", "day", "hour", "minute", "second"), r"\d{1,2}"),
}


def look(context: HistoryContext) -> Iterator[Spotted]:
    if context.file_template is None:
        return
    for revision in context.judged():
        name = Path(revision.path).stem
        if pattern(context.file_template, revision).fullmatch(name):
            continue
        yield Spotted(
            headline=f"the file name of {revision.id} is not what file_template = {context.file_template} gives",
            path=revision.path,
            line=1,
            object=revision.id,
            revision=revision.id,
            details=(("name", f"{name}.py"),),
            fix="rename the file; alembic revision -m names it so",
        )


def pattern(template: str, revision: Revision) -> re.Pattern[str]:
    """What the names of the template look like; its words may have changed since, its id and numbers may not."""
    parts, at = [], 0
    for token in _TOKEN.finditer(template):
        parts.append(re.escape(template[at : token.start()]))
        parts.append(re.escape(revision.id) if token[1] == "rev" else _FORMS.get(token[1], ".*"))
        at = token.end()
    return re.compile("".join([*parts, re.escape(template[at:])]))


RULE = HistoryRule(name="file-name-breaks-template", look=look)
