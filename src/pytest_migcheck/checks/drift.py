"""``drift``: the migrated catalog equals the declared models."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from pytest_migcheck.checks.stairway import difference_text
from pytest_migcheck.core.catalog import Catalog
from pytest_migcheck.core.drift import drift
from pytest_migcheck.core.finding import Change, Difference, Finding, Severity
from pytest_migcheck.core.outcome import Outcome, Status
from pytest_migcheck.core.rule_ids import rule_id
from pytest_migcheck.history.source import Declared, ModelsNotCreatableError
from pytest_migcheck.postgres.database_set import DatabaseSet
from pytest_migcheck.postgres.fold import fold


def part_of(migrated: Catalog, declared: Declared) -> Catalog:
    """What a catalog of several databases says of the declared one, as if it were alone."""
    prefix = f"{declared.database}:"
    if declared.database:
        own = ((k, v) for k, v in migrated.objects.items() if k.schema.startswith(prefix))
        return Catalog({k._replace(schema=k.schema.removeprefix(prefix)): v for k, v in own})
    others = tuple(f"{label}:" for label in declared.others)
    return Catalog({k: v for k, v in migrated.objects.items() if not k.schema.startswith(others)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Migrated:
    """The migrated side: its catalog, what was left out of that, and the words for it."""

    catalog: Catalog
    hidden_tables: tuple[tuple[str, str], ...]
    env_path: str
    heads: str


def judge_drift(declared: Declared, side: Migrated, models: DatabaseSet) -> Outcome:
    """Build the models of one database, read them as the migrated one was read, and compare."""
    migrated, env_path, heads = side.catalog, side.env_path, side.heads
    try:
        declared.build(models, migrated)
    except ModelsNotCreatableError as error:
        return Outcome(status=Status.FAILED, findings=(_not_creatable(error, env_path, declared.label),))
    expected = models.read_catalog(side.hidden_tables)
    reader = models.reader(models.main)
    differences = drift(
        expected,
        migrated,
        folded=lambda pairs: fold(reader, pairs),
        ignore=declared.ignore,
        complete=declared.complete,
    )
    if declared.database:
        differences = tuple(replace(d, object=f"{declared.database}:{d.object}") for d in differences)
    findings = tuple(_findings(differences, env_path, heads, declared.label))
    failed = any(f.severity is Severity.ERROR for f in findings)
    return Outcome(status=Status.FAILED if failed else Status.PASSED, findings=findings)


def _not_creatable(error: ModelsNotCreatableError, env_path: str, label: str) -> Finding:
    reason = str(error).splitlines()[0]
    return Finding(
        id=rule_id("drift"),
        rule="drift",
        severity=Severity.ERROR,
        check="drift",
        headline=f"the models cannot be created in an empty database: {reason}",
        object="models",
        path=env_path,
        line=1,
        details=(
            ("models", label),
            ("error", str(error)),
            ("fix", "correct the models: metadata.create_all() must work in an empty database"),
        ),
    )


def _findings(differences: tuple[Difference, ...], env_path: str, heads: str, label: str) -> Iterator[Finding]:
    for difference in differences:
        yield Finding(
            id=rule_id("drift"),
            rule="drift",
            severity=difference.severity,
            check="drift",
            headline=_headline(difference),
            object=difference.object,
            path=env_path,
            line=1,
            difference=difference,
            details=(
                ("models", f"{label}: {_side(difference, found=False)}"),
                ("migrated", f"head {heads}: {_side(difference, found=True)}"),
                ("differs", difference_text(difference)),
                ("fix", _fix(difference)),
            ),
        )


def _headline(difference: Difference) -> str:
    what = f"{difference.kind} {difference.object}"
    return {
        Change.ADDED: f"{what} is in the migrated database and not in the models",
        Change.REMOVED: f"{what} is in the models and not in the migrated database",
        Change.CHANGED: f"{what} differs between models and migrations: {_attributes(difference)}",
        Change.RENAMED: f"{what} has another name in the models",
    }[difference.change]


def _attributes(difference: Difference) -> str:
    return ", ".join(f"{a.name} {a.expected or '–'} → {a.found or '–'}" for a in difference.attributes)


def _side(difference: Difference, *, found: bool) -> str:
    missing = Change.REMOVED if found else Change.ADDED
    if difference.change is missing:
        return "–"
    if difference.change is Change.CHANGED:
        return ", ".join(f"{a.name} {(a.found if found else a.expected) or '–'}" for a in difference.attributes)
    return difference.definition


def _fix(difference: Difference) -> str:
    if difference.change is Change.ADDED:
        return "declare it in the models, or drop it in a new revision"
    return 'write the missing revision: alembic revision --autogenerate -m "..."'


def joined(outcomes: Sequence[Outcome]) -> Outcome:
    """The outcomes of all databases as one, with errors first, as the terminal shows it."""
    order = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}
    findings = sorted((f for o in outcomes for f in o.findings), key=lambda f: order[f.severity])
    failed = any(o.status is Status.FAILED for o in outcomes)
    return Outcome(status=Status.FAILED if failed else Status.PASSED, findings=tuple(findings))
