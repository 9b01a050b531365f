"""``drift``: the migrated catalog equals the declared models."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from pytest_migcheck.checks.drift_fix import keys_of
from pytest_migcheck.checks.drift_forgotten import with_forgotten
from pytest_migcheck.checks.drift_together import fixes
from pytest_migcheck.checks.restoring import Catalogs
from pytest_migcheck.core.catalog import Catalog, ObjectKey
from pytest_migcheck.core.describe import describe
from pytest_migcheck.core.difference_words import words
from pytest_migcheck.core.drift import drift
from pytest_migcheck.core.drift_severities import Severities, adjusted
from pytest_migcheck.core.finding import Change, Difference, Finding, Severity
from pytest_migcheck.core.outcome import Outcome, Status
from pytest_migcheck.core.quoting import name_parts
from pytest_migcheck.core.rule_ids import rule_id
from pytest_migcheck.history.source import Declared, History, ModelsNotCreatableError
from pytest_migcheck.postgres.database_set import DatabaseSet
from pytest_migcheck.postgres.fold import fold
from pytest_migcheck.postgres.server import Server


def compare_models(
    history: History, server: Server, migrated: Catalog, severities: Severities, copy: Callable[[], DatabaseSet]
) -> Outcome:
    """Compare the migrated catalog with the models of every database that has some.

    ``copy`` gives databases that are migrated to the heads.
    """
    models = DatabaseSet(server, "models")
    outcomes: list[Outcome] = []
    try:
        declared = history.declared(models)
        if isinstance(declared, str):
            return Outcome(status=Status.SKIPPED, reason=declared)
        for one in declared:
            if outcomes:
                models.drop()
                models = DatabaseSet(server, "models")
            side = Migrated(
                catalog=part_of(migrated, one),
                hidden_tables=history.version_tables(),
                env_path=str(history.env_path),
                heads=", ".join(history.graph.heads),
                severities=severities,
            )
            try:
                models = _built(one, side, models, copy)
            except ModelsNotCreatableError as error:
                outcomes.append(Outcome(status=Status.FAILED, findings=(_not_creatable(error, side.env_path, one),)))
            else:
                outcomes.append(judge_drift(one, side, models))
        return joined(outcomes)
    finally:
        models.drop()


def _built(
    declared: Declared, side: Migrated, models: DatabaseSet, copy: Callable[[], DatabaseSet]
) -> DatabaseSet:
    """The databases with the models: the empty ones that are given, or in their place those of ``copy``."""
    try:
        declared.build(models, side.catalog)
    except ModelsNotCreatableError:
        if declared.build_over is None:
            raise
    else:
        return models
    models.drop()
    over = copy()
    try:
        declared.build_over(over, side.catalog)
    except ModelsNotCreatableError:
        over.drop()
        raise
    return over


_SHOWN = 300


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
    severities: Severities = field(default_factory=dict)


def judge_drift(declared: Declared, side: Migrated, models: DatabaseSet) -> Outcome:
    """Read the models, which were built in a database, as the migrated one was read, and compare."""
    expected = models.read_catalog(side.hidden_tables)
    reader = models.reader(models.main)
    differences = drift(
        expected,
        side.catalog,
        folded=lambda pairs: fold(reader, pairs),
        ignore=declared.ignore,
        chosen=declared.chosen,
        complete=declared.complete,
    )
    catalogs = Catalogs(
        before=expected,
        after=side.catalog,
        version=models.server.version_num,
        conventions=declared.conventions,
    )
    shown = adjusted(differences, side.severities)
    told = [_finding(d, code, side, declared, catalogs) for d, code in fixes(shown, catalogs, declared.noun)]
    findings = tuple(with_forgotten(told, declared.forgotten(), side.env_path))
    failed = any(f.severity is Severity.ERROR for f in findings)
    return Outcome(status=Status.FAILED if failed else Status.PASSED, findings=findings, notes=declared.notes)


def _not_creatable(error: ModelsNotCreatableError, env_path: str, declared: Declared) -> Finding:
    reason = str(error).splitlines()[0]
    fix = "correct the models: metadata.create_all() must work in an empty database"
    if declared.complete:
        fix = "correct the DDL: it must run in an empty database from its first line to its last"
    return Finding(
        id=rule_id("drift"),
        rule="drift",
        severity=Severity.ERROR,
        check="drift",
        headline=f"the {declared.noun} cannot be created in an empty database: {reason}",
        object="models",
        path=env_path,
        line=1,
        details=(("models", declared.label), ("error", str(error)), ("fix", fix)),
    )


def _finding(difference: Difference, code: str, side: Migrated, declared: Declared, catalogs: Catalogs) -> Finding:
    before, after = keys_of(difference, catalogs)
    place = declared.locate(_of_column(before, catalogs.before)) if before else None
    where = f"{place[0]}:{place[1]}" if place else declared.label
    sides = (_described(before, catalogs.before), _described(after, catalogs.after))
    if difference.change is Change.CHANGED and sides[0] == sides[1]:
        sides = ("", "")  # the headline says it all
    object_ = f"{declared.database}:{difference.object}" if declared.database else difference.object
    named = replace(difference, object=object_)
    return Finding(
        id=rule_id("drift"),
        rule="drift",
        severity=difference.severity,
        check="drift",
        headline=" ".join(words(named, declared.noun).split()),
        object=object_,
        path=place[0] if place else side.env_path,
        line=place[1] if place else 1,
        difference=named,
        details=(
            (declared.noun.rpartition(" ")[2], f"{where}  {sides[0]}".rstrip()),
            ("migrated", f"head {side.heads}  {sides[1]}".rstrip()),
            ("fix", code),
        ),
    )


def _of_column(key: ObjectKey, catalog: Catalog) -> ObjectKey:
    """The column that a sequence belongs to stands for it: nobody declares such a sequence."""
    owner = name_parts(str(catalog.objects[key].get("owned by") or "")) if key.kind == "sequence" else []
    return ObjectKey("column", *owner) if len(owner) == 3 else key


def _described(key: ObjectKey | None, catalog: Catalog) -> str:
    attributes = catalog.objects.get(key) if key else None
    if key is None or attributes is None:
        return "–"
    return " ".join(describe(key, attributes).split())[:_SHOWN] or key.kind


def joined(outcomes: Sequence[Outcome]) -> Outcome:
    """The outcomes of all databases as one, each in the order in which its fixes can be pasted."""
    failed = any(o.status is Status.FAILED for o in outcomes)
    findings = tuple(f for o in outcomes for f in o.findings)
    notes = tuple(dict.fromkeys(note for o in outcomes for note in o.notes))
    return Outcome(status=Status.FAILED if failed else Status.PASSED, findings=findings, notes=notes)
