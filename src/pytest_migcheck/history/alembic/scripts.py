"""Load revision files into a graph, with an error that names the file for each way they can be wrong."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Mapping
from pathlib import Path

from alembic.config import Config
from alembic.script import Script, ScriptDirectory
from alembic.util import CommandError, to_tuple

from pytest_migcheck.core.graph import Graph, Revision
from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.core.text import LINE, clean
from pytest_migcheck.history.alembic.discover import script_location
from pytest_migcheck.history.alembic.loading import load_files
from pytest_migcheck.history.alembic.written import definition_lines, docstring, line_of


def open_scripts(config: Config, label: str) -> ScriptDirectory:
    """Open the script directory of a configuration.

    Raises:
        MigcheckError: there is no script location, or it is not a folder with an env.py.
    """
    location = script_location(config)
    if location is None:
        sections = config.file_config.sections()
        lacking = "" if config.config_ini_section in sections else f" and no section [{config.config_ini_section}]"
        raise MigcheckError(
            f"{label}: no script_location{lacking}\n"
            f"what to do: set script_location = path/to/migrations in {label}, in its section [alembic]"
        )
    known_path = list(sys.path)
    try:
        with warnings.catch_warnings():
            # Alembic warns of what a configuration does not set; with filterwarnings = error that would end the run.
            warnings.simplefilter("ignore")
            _prepend_config_folder(config)
            scripts = ScriptDirectory.from_config(config)
    except (CommandError, ImportError) as error:
        raise MigcheckError(f"{label}: script_location = {location!r}: {error}") from error
    except Exception as error:
        # Of another option, such as a path_separator that is none; Alembic's text names it.
        raise MigcheckError(f"{label}: {error}") from error
    finally:
        _keep_new_paths_once(known_path)
    if not (Path(scripts.dir) / "env.py").is_file():
        raise MigcheckError(
            f"{label}: script_location = {location!r} does not hold an env.py "
            f"(looked for {Path(scripts.dir).absolute() / 'env.py'})\n"
            f"what to do: correct script_location in {label}, or run `alembic init`"
        )
    return scripts


def _prepend_config_folder(config: Config) -> None:
    """Let ``prepend_sys_path = .`` mean the configuration's folder as well as the working directory."""
    source = config.config_file_name or getattr(config, "toml_file_name", None)
    read = getattr(config, "get_prepend_sys_paths_list", None)
    entries = read() if read else (config.get_main_option("prepend_sys_path") or "").split()
    if source and "." in (entries or []):
        sys.path.insert(0, str(Path(source).absolute().parent))


def _keep_new_paths_once(known: list[str]) -> None:
    # A relative entry would give modules relative files, and mean another folder after a change of directory.
    new = [str(Path(entry).absolute()) for entry in sys.path if entry not in known]
    sys.path[:] = [*dict.fromkeys(new), *known]


def load_graph(scripts: ScriptDirectory, label: str) -> Graph:
    """Read every revision file; the order is the one in which Alembic upgrades to the heads.

    Raises:
        MigcheckError: a file does not load, an id stands twice, a parent is missing, there is a cycle.
    """
    found = load_files(scripts, label)
    if not found:
        raise MigcheckError(
            f"{label}: this history has no revision\n"
            f"looked into: {', '.join(map(str, scripts._version_locations))}\n"
            'what to do: alembic revision --autogenerate -m "...", or correct version_locations or script_location'
        )
    _refuse_reserved(found, label)
    _refuse_labels(found, label)
    _refuse_missing_parents(found, label)
    _refuse_cycle(found, label)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            ordered = list(reversed(list(scripts.walk_revisions())))
            heads = tuple(scripts.get_heads())
        except Exception as error:
            # What Alembic finds wrong with the graph itself, such as a branch label that stands twice.
            raise MigcheckError(f"{label}: {error}") from error
    return Graph({script.revision: _revision(script) for script in ordered}, heads)


def _refuse_missing_parents(found: Mapping[str, Script], label: str) -> None:
    labels = {name for script in found.values() for name in script.branch_labels}
    for script in found.values():
        for parent in script._versioned_down_revisions:
            if parent not in found:
                raise MigcheckError(
                    f"{label}: Can't locate revision {parent!r}, the down_revision of {script.revision} "
                    f"({script.path}:{line_of(script.path, 'down_revision')})\n"
                    + (
                        _abbreviated(parent, found)
                        or "what to do: restore the missing file, or point down_revision at the revision before it"
                    )
                )
        for dependency in _depends_on(script):
            if dependency not in found and dependency not in labels:
                raise MigcheckError(
                    f"{label}: Can't locate revision {dependency!r}, which {script.revision} depends on "
                    f"({script.path}:{line_of(script.path, 'depends_on')})\n"
                    + (
                        _abbreviated(dependency, found)
                        or "valid: the id of a revision or a branch label\n"
                        "what to do: restore the missing file, or correct depends_on"
                    )
                )


def _abbreviated(name: str, found: Mapping[str, Script]) -> str | None:
    """What to write in place of the beginning of an id, which Alembic takes on its command line and not in a file."""
    matches = sorted(revision for revision in found if name and revision.startswith(name))
    if not matches:
        return None
    return (
        f"{name!r} is the beginning of {' and of '.join(map(repr, matches[:3]))}: Alembic takes an abbreviated id on "
        f"its command line, and not in a file\nwhat to do: write the whole id, {matches[0]!r}"
    )


def _depends_on(script: Script) -> tuple[str, ...]:
    return tuple(to_tuple(script.dependencies, default=()))


def _refuse_reserved(found: Mapping[str, Script], label: str) -> None:
    for revision in ("base", "head", "heads"):
        if revision in found:
            raise MigcheckError(
                f"{label}: {found[revision].path}: revision id {revision!r} has a meaning of its own in Alembic\n"
                "what to do: give the revision another id"
            )


def _refuse_labels(found: Mapping[str, Script], label: str) -> None:
    owners = dict(found)
    for script in sorted(found.values(), key=lambda script: script.path):
        for name in to_tuple(getattr(script.module, "branch_labels", None), default=()):
            owner = owners.setdefault(name, script)
            if owner is not script or name in found:
                raise MigcheckError(
                    f"{label}: {script.path}:{line_of(script.path, 'branch_labels')}: branch label {name!r} is the "
                    f"label or the id of another revision, {owner.path}\nwhat to do: give the branch another label"
                )


def _refuse_cycle(found: Mapping[str, Script], label: str) -> None:
    remaining = {
        revision: {*script._versioned_down_revisions, *_depends_on(script)} & found.keys()
        for revision, script in found.items()
    }
    while remaining:
        ready = [revision for revision, parents in remaining.items() if not parents & remaining.keys()]
        if not ready:
            members = "".join(
                f"\n  {found[r].path}:{line_of(found[r].path, 'down_revision')}  "
                f"{r} revises {', '.join(sorted(parents))}"
                for r, parents in sorted(remaining.items())
            )
            raise MigcheckError(
                f"{label}: the revisions form a cycle, so there is no order to run them in{members}\n"
                "what to do: correct a down_revision, so that following them ends at a base"
            )
        for revision in ready:
            del remaining[revision]


def _revision(script: Script) -> Revision:
    lines = definition_lines(script.path)
    return Revision(
        id=script.revision,
        parents=tuple(script._versioned_down_revisions),
        depends_on=tuple(d for d in script._resolved_dependencies if d not in script._versioned_down_revisions),
        path=str(Path(script.path).absolute()),
        message=clean(" ".join(_doc(script).split()), LINE),
        branch_labels=tuple(sorted(script.branch_labels)),
        upgrade_line=lines.get("upgrade", 1),
        downgrade_line=lines.get("downgrade", 1),
        down_revision_line=lines.get("down_revision", 1),
    )


def _doc(script: Script) -> str:
    """The first paragraph of the docstring, as ``alembic history`` shows it."""
    return script.doc or docstring(script.path).strip().partition("\n\n")[0]


def targeted(graph: Graph, targets: tuple[str, ...], label: str) -> Graph:
    """The part of the graph that the setting ``migcheck_target`` goes up to."""
    if not targets:
        return graph
    known = {name: r.id for r in graph.revisions.values() for name in (r.id, *r.branch_labels)}
    wanted: set[str] = set()
    heads: list[str] = []
    for target in targets:
        name = target.partition("@")[0] if target.endswith("@head") else target
        matches = [h for h in graph.heads if name in graph.revisions[h].branch_labels]
        matches = matches or ([known[name]] if name in known else [])
        if not matches:
            raise MigcheckError(
                f"migcheck_target: {target!r} is not a revision or branch label of {label}; "
                f"heads: {', '.join(graph.heads)}"
            )
        heads += matches
        for match in matches:
            wanted |= {match, *graph.ancestors(match)}
    return Graph({r: v for r, v in graph.revisions.items() if r in wanted}, tuple(heads))
