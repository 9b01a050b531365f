"""Load revision files into a graph, with an error that names the file for each way they can be wrong."""

from __future__ import annotations

import ast
import sys
import traceback
import warnings
from collections.abc import Mapping
from pathlib import Path

from alembic.config import Config
from alembic.script import Script, ScriptDirectory
from alembic.util import CommandError, to_tuple

from pytest_migcheck.core.graph import Graph, Revision
from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.history.alembic.discover import script_location


def open_scripts(config: Config, label: str) -> ScriptDirectory:
    """Open the script directory of a configuration.

    Raises:
        MigcheckError: there is no script location, or it is not a folder with an env.py.
    """
    location = script_location(config)
    if location is None:
        raise MigcheckError(
            f"{label}: no script_location\nwhat to do: set script_location = path/to/migrations in {label}"
        )
    known_path = list(sys.path)
    _prepend_config_folder(config)
    try:
        scripts = ScriptDirectory.from_config(config)
    except (CommandError, ImportError) as error:
        raise MigcheckError(f"{label}: script_location = {location!r}: {error}") from error
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
    new = [entry for entry in sys.path if entry not in known]
    sys.path[:] = [*dict.fromkeys(new), *known]


def load_graph(scripts: ScriptDirectory, label: str) -> Graph:
    """Read every revision file; the order is the one in which Alembic upgrades to the heads.

    Raises:
        MigcheckError: a file does not load, an id stands twice, a parent is missing, there is a cycle.
    """
    found = _load_files(scripts, label)
    _refuse_reserved(found, label)
    _refuse_missing_parents(found, label)
    _refuse_cycle(found, label)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            ordered = list(reversed(list(scripts.walk_revisions())))
            heads = tuple(scripts.get_heads())
        except CommandError as error:
            raise MigcheckError(f"{label}: {error}") from error
    return Graph({script.revision: _revision(script) for script in ordered}, heads)


def _load_files(scripts: ScriptDirectory, label: str) -> dict[str, Script]:
    found: dict[str, Script] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            for script in scripts._load_revisions():
                twin = found.get(script.revision)
                if twin is not None:
                    raise MigcheckError(
                        f"MC015 duplicate-revision-id: {label}: revision id {script.revision!r} stands in two files\n"
                        f"  {twin.path}\n  {script.path}\n"
                        "what to do: give one of them a new id, and correct the down_revision of what follows it"
                    )
                found[script.revision] = script
        except SyntaxError as error:
            raise MigcheckError(
                f"{label}: {error.filename}:{error.lineno}: SyntaxError: {error.msg}\n    {(error.text or '').strip()}"
            ) from error
        except (MigcheckError, KeyboardInterrupt):
            raise
        except CommandError as error:
            raise MigcheckError(f"{label}: {error}") from error
        except Exception as error:
            raise MigcheckError(f"{label}: {_where(error, scripts)}") from error
    return found


def _where(error: Exception, scripts: ScriptDirectory) -> str:
    """The error of a revision file at import, with the user's innermost line."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename.startswith(str(scripts.dir))]
    place = f"{frames[-1].filename}:{frames[-1].lineno}: " if frames else ""
    line = f"\n    {frames[-1].line}" if frames else ""
    return f"{place}{type(error).__name__}: {error}{line}"


def _refuse_missing_parents(found: Mapping[str, Script], label: str) -> None:
    labels = {name for script in found.values() for name in script.branch_labels}
    for script in found.values():
        for parent in script._versioned_down_revisions:
            if parent not in found and not _is_partial(parent, found):
                raise MigcheckError(
                    f"{label}: Can't locate revision {parent!r}, the down_revision of {script.revision} "
                    f"({script.path}:{_assignment_line(script.path, 'down_revision')})\n"
                    "what to do: restore the missing file, or point down_revision at the revision before it"
                )
        for dependency in _depends_on(script):
            if dependency not in found and dependency not in labels and not _is_partial(dependency, found):
                raise MigcheckError(
                    f"{label}: Can't locate revision {dependency!r}, which {script.revision} depends on "
                    f"({script.path}:{_assignment_line(script.path, 'depends_on')})"
                )


def _depends_on(script: Script) -> tuple[str, ...]:
    return tuple(to_tuple(script.dependencies, default=()))


def _is_partial(name: str, found: Mapping[str, Script]) -> bool:
    return "@" in name or sum(revision.startswith(name) for revision in found) == 1


def _refuse_reserved(found: Mapping[str, Script], label: str) -> None:
    for revision in ("base", "head", "heads"):
        if revision in found:
            raise MigcheckError(
                f"{label}: {found[revision].path}: revision id {revision!r} has a meaning of its own in Alembic\n"
                "what to do: give the revision another id"
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
                f"\n  {found[r].path}:{_assignment_line(found[r].path, 'down_revision')}  "
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
    lines = _definition_lines(script.path)
    return Revision(
        id=script.revision,
        parents=tuple(script._versioned_down_revisions),
        depends_on=tuple(d for d in script._resolved_dependencies if d not in script._versioned_down_revisions),
        path=str(Path(script.path).absolute()),
        message=" ".join((script.doc or "").split()),
        branch_labels=tuple(sorted(script.branch_labels)),
        upgrade_line=lines.get("upgrade", 1),
        downgrade_line=lines.get("downgrade", 1),
        down_revision_line=lines.get("down_revision", 1),
    )


def _definition_lines(path: str) -> dict[str, int]:
    lines: dict[str, int] = {}
    for node in ast.parse(Path(path).read_bytes()).body:
        if isinstance(node, ast.FunctionDef):
            lines[node.name] = node.lineno
        elif isinstance(node, ast.Assign):
            lines.update({t.id: node.lineno for t in node.targets if isinstance(t, ast.Name)})
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            lines[node.target.id] = node.lineno
    return lines


def _assignment_line(path: str, name: str) -> int:
    return _definition_lines(path).get(name, 1)


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
