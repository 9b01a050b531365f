"""What rows break, and how a finding says so."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pytest_migcheck.checks.data_words import advice, when
from pytest_migcheck.core.finding import Direction, Finding, Severity
from pytest_migcheck.core.finding_texts import FINDING_TEXTS
from pytest_migcheck.core.graph import Revision
from pytest_migcheck.core.rule_ids import rule_id
from pytest_migcheck.core.statement import Source, Statement
from pytest_migcheck.core.step import StepFailure
from pytest_migcheck.core.table_shape import TableName, TableShape
from pytest_migcheck.populate.compare import Damage, Intent, damages, left_behind
from pytest_migcheck.populate.passage import Passage

_USING = re.compile(
    r"ALTER\s+(?:COLUMN\s+)?(\"[^\"]+\"|\w+)\s+(?:SET\s+DATA\s+)?TYPE\s+.*?\sUSING\s+(.*?)(?:,\s*ALTER\s|$)",
    re.IGNORECASE | re.DOTALL,
)
_STEPS = {
    1: "up ✗",
    2: "up ✓   down ✗",
    3: "up ✓   down ✓   up ✗",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Breakage:
    """One way in which rows break a revision; ``key``, which begins with the rule, tells it from the others."""

    key: tuple[str, ...]
    severity: Severity
    passage: Passage
    damage: Damage | None = None
    failure: StepFailure | None = None

    @property
    def rule(self) -> str:
        return self.key[0]


def breakages(
    passage: Passage, tables: Mapping[TableName, TableShape], intent: Intent, batch: int
) -> list[Breakage]:
    """Everything that these rows break; ``batch`` is how many a statement takes at once, 0 for any number."""
    found = []
    failure = passage.failure
    if failure is not None and not (passage.step == 2 and failure.deliberate):
        rule = "downgrade-fails-on-rows" if passage.step == 2 else "upgrade-fails-on-rows"
        key = (rule, str(passage.step), failure.sqlstate or failure.kind, _subject(failure))
        found.append(Breakage(key=key, severity=_of_failure(failure), passage=passage, failure=failure))
    for damage in (*damages(passage, tables, intent), *(left_behind(passage, tables, intent, batch) if batch else ())):
        key = (damage.rule, ".".join(damage.table), damage.column, "up" if damage.up else "down")
        lowered = Severity.INFO if damage.told else Severity.WARNING
        severity = lowered if damage.intended else Severity.ERROR
        found.append(Breakage(key=key, severity=severity, passage=passage, damage=damage))
    return found


def _subject(failure: StepFailure) -> str:
    """The line that failed: two statements that fail are two faults."""
    return f"{failure.source.path}:{failure.source.line}" if failure.source else ""


def _of_failure(failure: StepFailure) -> Severity:
    """A migration that looks at the rows and refuses them says so itself."""
    refuses = failure.sqlstate is None and failure.source is not None
    raises = refuses and failure.source is not None and failure.source.text.strip().startswith("raise ")
    return Severity.WARNING if raises else Severity.ERROR


def computed_columns(
    statements: Iterable[Statement], tables: Mapping[TableName, TableShape]
) -> frozenset[tuple[TableName, str]]:
    """The columns whose type is changed USING more than a cast: the author has said what becomes of the values."""
    found = set()
    for statement in statements:
        for column, expression in _USING.findall(statement.sql):
            name = column.strip('"') if column.startswith('"') else column.lower()
            cast = rf"\(?(?:\w+\.)?\"?{re.escape(name)}\"?(?:::[\w\s().\"\[\]]+)+\)?|CAST\s*\(.*\)"
            if not re.fullmatch(cast, expression.strip(), re.IGNORECASE):
                found |= {(key, name) for key in tables if key[1] in statement.sql}
    return frozenset(found)


def data_finding(breakage: Breakage, revision: Revision, shown: Sequence[tuple[str, str]]) -> Finding:
    """The finding; ``shown`` are the smallest rows, and how to have them again."""
    damage, failure = breakage.damage, breakage.failure
    rule = breakage.rule
    if failure is not None:
        direction = Direction.DOWNGRADE if breakage.passage.step == 2 else Direction.UPGRADE
        again = " again" if breakage.passage.step == 3 else ""
        headline = f"{_doing(direction)} {revision.id}{again} fails{when(failure)}"
        subject = revision.id
        fix = advice(failure)
        source = failure.source
    else:
        assert damage is not None
        direction = Direction.UPGRADE if damage.up else Direction.DOWNGRADE
        headline = f"{_doing(direction)} {revision.id} {damage.text}"
        subject = ".".join(filter(None, (*damage.table, damage.column)))
        fix, source = damage.fix, _source_of(damage, breakage.passage, step=0 if damage.up else 1)
    path, line = (source.path, source.line) if source else revision.place(direction)
    details = [("error", _error(failure))] if failure is not None else []
    details += [("value", damage.detail)] if damage is not None and damage.detail else []
    details += _where_lost(damage, breakage.passage)
    details += [("steps", _STEPS[breakage.passage.step])] if failure is not None and breakage.passage.step > 1 else []
    details += shown
    details.append(("why", _effect(breakage)))
    details += [("fix", fix)] if fix else []
    return Finding(
        id=rule_id(rule),
        rule=rule,
        severity=breakage.severity,
        check="data",
        headline=headline,
        object=subject,
        revision=revision.id,
        direction=direction,
        path=path,
        line=line,
        source_text=source.text if source else "",
        sql=failure.sql if failure is not None else None,
        details=tuple(details),
    )


def _doing(direction: Direction) -> str:
    return "upgrading" if direction is Direction.UPGRADE else "downgrading"


def _effect(breakage: Breakage) -> str:
    """What comes of it; the texts of rules about damage speak of the way back."""
    damage = breakage.damage
    if damage is not None and damage.up and breakage.rule in ("rows-lost", "values-changed"):
        return "once it is deployed, what the rows held is gone, and no downgrade brings it back"
    return FINDING_TEXTS[breakage.rule].effect


def _where_lost(damage: Damage | None, passage: Passage) -> list[tuple[str, str]]:
    """The statement of the upgrade after which no downgrade could have brought a value back."""
    source = _source_of(damage, passage, step=0) if damage is not None and damage.lost_before else None
    return [("lost", f"by the upgrade, {source.path}:{source.line}")] if source else []


def _error(failure: StepFailure) -> str:
    return f"{failure.kind}: {failure.message}"


def _source_of(damage: Damage, passage: Passage, step: int) -> Source | None:
    """The last statement of a step (0 is the upgrade) that names the table."""
    statements = passage.results[step].statements if len(passage.results) > step else ()
    named = [s for s in statements if s.source is not None and damage.table[1] in s.sql]
    about = [s for s in named if damage.column and damage.column in s.sql]
    return next((s.source for s in reversed(about or named)), None)
