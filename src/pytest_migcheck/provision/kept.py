"""Templates that are kept between runs: a cluster with the migrated database in it, and the manifest of both.

An entry never changes: its name holds the fingerprint of its manifest. It is used again only if nothing in the manifest
has changed; where something cannot be compared, the entry serves the run that made it and goes.
"""

from __future__ import annotations

import hashlib
import json
import platform
import secrets
import sys
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from pytest_migcheck import __version__
from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.core.reading import Evidence
from pytest_migcheck.history.source import History
from pytest_migcheck.postgres.cluster import start_cluster
from pytest_migcheck.postgres.programs import Binaries
from pytest_migcheck.postgres.seed import seed_for
from pytest_migcheck.postgres.server import Server
from pytest_migcheck.postgres.store import StoredCluster, cache_directory
from pytest_migcheck.provision.building import Built
from pytest_migcheck.provision.imports import imported_files
from pytest_migcheck.provision.manifest import Manifest
from pytest_migcheck.provision.proof import doubts_about_acts, doubts_about_code, doubts_about_sql

_MANIFEST = "manifest.json"
_PASSING = "once"
# Times of files are as coarse as the kernel's clock tick.
_CLOCK_TICK = 0.02
# A long history takes its time; the others wait for it.
_PATIENCE = 3600


class NotStoredError(MigcheckError):
    """A template cannot be kept on this machine; it can still be built where the tests run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A stored cluster to start from, and how it came about, in a few words.

    ``found`` is true for one of an earlier run, ``once`` where it must be removed when a server has been started.
    """

    cluster: StoredCluster
    story: str
    found: bool = False
    once: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingredients:
    """What a template is made of, besides what is read while it is made.

    ``settings`` are those of the run that reach the migrations; ``hooks`` the user's files that implement our hooks;
    ``reading`` gives what the process that runs the migrations has read. ``revisions`` are those that are applied, in
    their order, where the template does not stand at the heads: then files of other revisions do not count.
    """

    history: History
    root: Path
    settings: str
    hooks: tuple[Path, ...]
    reading: Callable[[], Evidence]
    revisions: tuple[str, ...] | None = None


class KeptTemplates:
    """The entries for one history on one PostgreSQL."""

    def __init__(self, binaries: Binaries, ingredients: Ingredients) -> None:
        self._binaries = binaries
        self._ingredients = ingredients
        self._directory = cache_directory("templates")
        words = (
            seed_for(binaries).key,
            *(__version__, sys.version, platform.node(), ingredients.settings),
            *(str(ingredients.root), str(Path.cwd()), ingredients.history.name, str(ingredients.history.root)),
            *(() if ingredients.revisions is None else ("at", *ingredients.revisions)),
        )
        self._key = hashlib.sha256("\0".join(words).encode()).hexdigest()[:20]

    def locked(self) -> AbstractContextManager[None]:
        """Hold the lock on making an entry of this key."""
        return StoredCluster(self._directory / self._key).locked(_PATIENCE)

    def find(self) -> Entry | None:
        """The entry of which nothing has changed."""
        for directory in sorted(self._directory.glob(f"{self._key}-*")):
            cluster = StoredCluster(directory)
            manifest = Manifest.from_json(cluster.read(_MANIFEST) or "")
            if manifest is not None and not directory.name.endswith(_PASSING) and manifest.changed() is None:
                return Entry(cluster=cluster, story="from the cache", found=True)
        return None

    def make(self, build: Callable[[Server], Built]) -> Entry:
        """Migrate in a server of its own, shut that down cleanly, and store its cluster.

        Raises:
            NotStoredError: no server of these programs starts, or the cache cannot be written.
            MigcheckError: a migration fails.
        """
        try:
            server = start_cluster(self._binaries, "builds a template")
        except MigcheckError as error:
            raise NotStoredError(str(error)) from error
        try:
            built = build(server)
            reading = self._ingredients.reading()
            doubt = self._doubt(built, server, reading)
            manifest = Manifest.of(
                self._files(reading), reading, self._listed(), self._whole_folders(self._listed())
            )
            if doubt is None and manifest.newest() >= reading.started - _CLOCK_TICK:
                doubt = "one of its files was changed while the tests ran"
            data = server.halt()
            assert data is not None
            return self._stored(data, server.params.password, manifest.to_json(), doubt)
        except OSError as error:
            raise NotStoredError(f"the template cannot be stored in {self._directory}: {error}") from error
        finally:
            server.stop()

    def _stored(self, data: Path, password: str, manifest: str, doubt: str | None) -> Entry:
        if doubt is None:
            name, story = hashlib.sha256(manifest.encode()).hexdigest()[:12], "migrated"
        else:
            name, story = f"{secrets.token_hex(6)}{_PASSING}", f"migrated, and not kept for the next run: {doubt}"
        cluster = StoredCluster(self._directory / f"{self._key}-{name}")
        with cluster.locked():
            cluster.save(data, password, {_MANIFEST: manifest})
        return Entry(cluster=cluster, story=story, once=doubt is not None)

    def _files(self, reading: Evidence) -> frozenset[Path]:
        """The user's files that the schema depends on."""
        history = self._ingredients.history
        if history.in_sql:
            sources = {path.resolve() for path in history.source_files()}
            code = imported_files(self._ingredients.hooks, reading) | sources
        else:
            code = imported_files((*self._scripts(), history.env_path, *self._ingredients.hooks), reading)
        return code | {path.resolve() for path in history.config_files()}

    def _listed(self) -> tuple[Path, ...]:
        """The folders in which a further file would be a further revision, or be imported."""
        root, folders = self._ingredients.history.root, self._script_folders()
        if self._ingredients.revisions is None:
            return (*folders, root)
        return () if root in folders else (root,)

    def _whole_folders(self, scripts: Iterable[Path]) -> list[Path]:
        """The folders in which any further file or folder would be a further migration."""
        if not self._in_sql:
            return []
        return [path for folder in scripts for path in (folder, *filter(Path.is_dir, folder.rglob("*")))]

    @property
    def _in_sql(self) -> bool:
        return self._ingredients.history.in_sql

    def _script_folders(self) -> list[Path]:
        revisions = self._ingredients.history.graph.revisions.values()
        return sorted({Path(revision.path).parent for revision in revisions})

    def _scripts(self) -> list[Path]:
        if self._ingredients.revisions is not None:
            revisions = self._ingredients.history.graph.revisions
            return sorted(Path(revisions[name].path).resolve() for name in self._ingredients.revisions)
        return sorted({path.resolve() for folder in self._script_folders() for path in folder.glob("*.py")})

    def _doubt(self, built: Built, server: Server, reading: Evidence) -> str | None:
        """The first reason for which the next run could get another schema without a file having changed."""
        ingredients = self._ingredients
        too_early = {n for n in reading.users_modules() if n in reading.loaded_before and n != "__main__"}
        if too_early:
            return f"{min(too_early)} was loaded before pytest-migcheck could watch what it reads"
        # The models that env.py imports are declarations; what revisions import, they run.
        run_files = imported_files((*(() if self._in_sql else self._scripts()), *ingredients.hooks), reading)
        places = [(target.host, target.port) for target in (server.params, server.tcp)]
        doubts = (
            *doubts_about_code(run_files, None if self._in_sql else ingredients.history.env_path),
            *doubts_about_sql(built.statements),
            *doubts_about_acts(reading, self._files(reading), places),
        )
        return doubts[0] if doubts else None


def settings_text(**values: object) -> str:
    """Settings as one text that is the same for the same values."""
    return json.dumps(values, sort_keys=True, default=str)
