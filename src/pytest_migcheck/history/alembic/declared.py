"""What a history declares: env.py's models, or what settings and hooks name in their place."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from pytest_migcheck.core.finding import Change, Difference
from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.history.alembic.chosen_names import ChosenNames
from pytest_migcheck.history.alembic.environment import Configured
from pytest_migcheck.history.alembic.filters import Filters
from pytest_migcheck.history.alembic.forgotten import forgotten_tables
from pytest_migcheck.history.alembic.hidden import goes_with_hidden
from pytest_migcheck.history.alembic.metadata import all_named, hooked_metadata
from pytest_migcheck.history.alembic.models import Models
from pytest_migcheck.history.alembic.places import Places
from pytest_migcheck.history.alembic.schemas import SchemaView
from pytest_migcheck.history.alembic.tables_of_tests import tables_of_tests
from pytest_migcheck.history.ddl import DdlSource, declared_by_ddl
from pytest_migcheck.history.source import Declared

METADATA_HOOK = "pytest_migcheck_metadata"
_SETTING = "migcheck_metadata"
_FROM_ENV = "target_metadata (env.py)"
_NO_MODELS = "no models declared: env.py passes target_metadata=None to context.configure()"
_NO_TABLES = "no models declared: target_metadata holds no table (does env.py import the models' modules?)"
_NO_METADATA = (
    "{}: target_metadata: {} is no MetaData, so Alembic's autogenerate fails, too\n"
    "what to do: hand the MetaData to context.configure(), such as Base.metadata, or name it for these checks: "
    "migcheck_metadata = module:attribute"
)
_MOST_PLACES = 5
_PASSES = (
    "env.py migrates one database in several passes with the same models (a schema for each tenant?): "
    "which schema the models belong to is not known"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredElsewhere:
    """What settings and hooks say in place of env.py: names of metadata, DDL, what a hook returned.

    ``timeout`` is the limit in seconds for building what is declared; ``test_files`` are
    modules whose tables are no models.
    """

    metadata: tuple[str, ...] = ()
    ddl: DdlSource | None = None
    hooked: Sequence[Any] = ()
    timeout: float = 120.0
    test_files: tuple[Path, ...] = ()


class DeclaredModels:
    """The models of one history, from env.py or from what is declared elsewhere."""

    def __init__(self, configured: Configured, elsewhere: DeclaredElsewhere, env_path: Path) -> None:
        self._configured = configured
        self._env_path = env_path
        self._elsewhere = elsewhere

    def declared(self) -> tuple[Declared, ...] | str:
        """What to build and what to leave out for each database, or the reason why there is nothing to compare.

        Raises:
            MigcheckError: what env.py calls its metadata is something else.
        """
        named = self._named()
        if named is not None:
            return named
        by_database: dict[str, list[dict[str, Any]]] = {}
        for label, call in zip(self._configured.labels, self._configured.calls, strict=True):
            if call.get("target_metadata") is not None:
                by_database.setdefault(label, []).append(call)
        if not by_database:
            return _NO_MODELS
        if any(_repeats(calls) for calls in by_database.values()):
            return _PASSES
        metadata_of = {label: self._metadata_of(calls) for label, calls in by_database.items()}
        found = [
            replace(
                self._declared(metadata_of[label], calls[0], _FROM_ENV, self._view_of(calls[0])), database=label
            )
            for label, calls in by_database.items()
        ]
        return self._kept(found, list(metadata_of.values()))

    def _view_of(self, call: dict[str, Any]) -> SchemaView:
        return self._configured.view(next(n for n, c in enumerate(self._configured.calls) if c is call))

    def _metadata_of(self, calls: Sequence[dict[str, Any]]) -> list[sa.MetaData]:
        found = [m for call in calls for m in _metadata_of(call)]
        for one in found:
            if not isinstance(one, sa.MetaData):
                raise MigcheckError(_NO_METADATA.format(self._env_path, getattr(one, "__name__", None) or repr(one)))
        return found

    def _named(self) -> tuple[Declared, ...] | str | None:
        """What is declared elsewhere; None where that is env.py's business."""
        elsewhere = self._elsewhere
        options = self._configured.calls[0] if self._configured.calls else {}
        view = self._view_of(options) if self._configured.calls else SchemaView()
        ddl = elsewhere.ddl
        metadata: list[sa.MetaData] = []
        for value in elsewhere.hooked:
            found = hooked_metadata(value, METADATA_HOOK)
            if isinstance(found, Path):
                ddl = DdlSource(
                    value=str(found), root=Path.cwd(), origin=METADATA_HOOK, timeout=elsewhere.timeout
                )
            else:
                metadata += _filled(found, METADATA_HOOK)
        if ddl is not None:
            filters = Filters((), {**options, "include_schemas": True}, view)
            return (replace(declared_by_ddl(ddl, filters.ignores), others=self._labels()),)
        for name in () if metadata else elsewhere.metadata:
            _filled(all_named([name], _SETTING), _SETTING, repr(name))
        metadata = metadata or all_named(elsewhere.metadata, _SETTING)
        if not metadata:
            return None
        label = METADATA_HOOK if elsewhere.hooked else ", ".join(elsewhere.metadata)
        return self._kept([self._declared(metadata, options, label, view)], [metadata])

    def _declared(
        self, metadata: Sequence[sa.MetaData], options: dict[str, Any], label: str, view: SchemaView
    ) -> Declared:
        of_tests = tables_of_tests(metadata, self._elsewhere.test_files)
        filters = Filters(metadata, options, view, left_out=of_tests)
        return _declared(metadata, filters, options, label, of_tests, self._elsewhere.timeout)

    def _labels(self) -> tuple[str, ...]:
        return tuple(sorted(set(self._configured.labels) - {""}))

    def _kept(self, found: Sequence[Declared], metadata: Sequence[Sequence[sa.MetaData]]) -> tuple[Declared, ...] | str:
        """Without those that declare no table, and whose project declares none that env.py does not import."""
        kept = tuple(
            replace(declared, others=self._labels())
            for declared, group in zip(found, metadata, strict=True)
            if any(m.tables for m in group) or declared.forgotten()
        )
        return kept or _NO_TABLES


_NO_CONVENTION = sa.MetaData().naming_convention


def _filled(metadata: list[sa.MetaData], origin: str, name: str = "") -> list[sa.MetaData]:
    """The metadata that somebody named, which has tables.

    Raises:
        MigcheckError: it has none.
    """
    for one in (m for m in metadata if not m.tables):
        places = [f"{t.path}:{t.line} declares {t.name}: import {t.module}" for t in forgotten_tables([one])]
        lines = (
            f"{origin}: {name or repr(one)} holds no table",
            *places[:_MOST_PLACES],
            "what to do: name the metadata that the models are declared on, in a module that imports all of them",
        )
        raise MigcheckError("\n".join(lines))
    return metadata


def _metadata_of(call: dict[str, Any]) -> list[sa.MetaData]:
    target = call.get("target_metadata")
    return list(target) if isinstance(target, (list, tuple)) else [target] if target is not None else []


def _repeats(calls: Sequence[dict[str, Any]]) -> bool:
    seen = [id(m) for call in calls for m in _metadata_of(call)]
    return len(seen) != len(set(seen))


def _declared(
    metadata: Sequence[sa.MetaData],
    filters: Filters,
    options: dict[str, Any],
    label: str,
    of_tests: Mapping[sa.Table, str],
    timeout: float,
) -> Declared:
    models = Models(metadata=metadata, filters=filters, options=options, timeout=timeout)

    def hidden(schema: str, name: str) -> bool:
        return filters.ignores(Difference(kind="table", object=f"{schema}.{name}", change=Change.REMOVED))

    return Declared(
        label=label,
        build=models.build,
        build_over=models.build_over,
        ignore=lambda d: filters.ignores(d) or goes_with_hidden(d, metadata, filters),
        locate=Places(metadata, filters.modelled).locate,
        conventions=any(dict(m.naming_convention) != dict(_NO_CONVENTION) for m in metadata),
        chosen=ChosenNames(filters.modelled).has,
        forgotten=lambda: forgotten_tables(metadata, hidden),
        notes=_notes(of_tests),
    )


def _notes(of_tests: Mapping[sa.Table, str]) -> tuple[str, ...]:
    told = sorted(f"{table.fullname} ({os.path.relpath(path)})" for table, path in of_tests.items())
    return (f"not compared, because tests declare them on the models' metadata: {', '.join(told)}",) if told else ()
