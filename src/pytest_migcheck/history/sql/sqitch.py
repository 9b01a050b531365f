"""Sqitch: ``sqitch.plan`` decides the order of the scripts in ``deploy``, ``revert`` and ``verify``; psql runs them.

https://sqitch.org/docs/manual/sqitch-plan/ and https://sqitch.org/docs/manual/sqitch-deploy/
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pytest_migcheck.core.finding import Direction
from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.history.source import Fault
from pytest_migcheck.history.sql.layout import Layout, Migration, Script
from pytest_migcheck.history.sql.numbered import not_run
from pytest_migcheck.history.sql.psql import read_psql
from pytest_migcheck.history.sql.reading import read_config

TOOL = "Sqitch"
PLAN = "sqitch.plan"
_CHANGE = re.compile(r"\s*[+]?(?P<name>[^\s\[@#%+\-][^\s\[#]*)\s*(?:\[(?P<requires>[^\]]*)\])?")
_TAG = re.compile(r"\s*@(\S+)")
_ENGINE = re.compile(r"(?m)^\s*engine\s*=\s*(\w+)")
_FORWARD = "it has no revert script"
OUTSIDE = "in a script without BEGIN and COMMIT: psql commits each statement by itself"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """A line of the plan; ``tag`` is the first tag after it, by which the scripts of a reworked change are named."""

    name: str
    requires: tuple[str, ...]
    line: int
    tag: str = ""


def is_sqitch(folder: Path) -> bool:
    return (folder / PLAN).is_file()


def read_sqitch(folder: Path) -> Layout:
    """The layout of a project.

    Raises:
        MigcheckError: the plan is empty, or none of its scripts is there.
    """
    plan = folder / PLAN
    changes = _changes(read_config(plan))
    files = [(change, _file(folder, change, changes)) for change in changes]
    there = [(change, file) for change, file in files if (folder / "deploy" / file).is_file()]
    migrations = tuple(_migration(folder, file) for _, file in there)
    if not migrations:
        raise MigcheckError(f"{plan}: it plans no change that has a script in {folder / 'deploy'}")
    config = folder / "sqitch.conf"
    engine = _ENGINE.search(read_config(config)) if config.is_file() else None
    foreign = engine[1] if engine is not None and engine[1] != "pg" else ""
    return Layout(
        kind="sql",
        tool=TOOL,
        root=folder,
        anchor=plan,
        migrations=migrations,
        outside=OUTSIDE,
        forward=_FORWARD,
        generate="sqitch add NAME",
        faults=(*_plan_faults(folder, plan, files), *_unplanned(folder, {file for _, file in files})),
        config_files=tuple(path for path in (plan, config) if path.is_file()),
        refusal=f"{config}: its engine is {foreign}, and pytest-migcheck runs PostgreSQL" if foreign else "",
    )


def _changes(text: str) -> list[_Change]:
    found: list[_Change] = []
    for number, line in enumerate(text.splitlines(), 1):
        tag = _TAG.match(line)
        if tag:
            found = [_tagged(change, tag[1]) for change in found]
        elif line.strip() and line.lstrip()[0] not in "%#-":
            change = _CHANGE.match(line)
            if change:
                requires = tuple((change["requires"] or "").split())
                found.append(_Change(name=change["name"], requires=requires, line=number))
    return found


def _tagged(change: _Change, tag: str) -> _Change:
    if change.tag:
        return change
    return _Change(name=change.name, requires=change.requires, line=change.line, tag=tag)


def _file(folder: Path, change: _Change, changes: Sequence[_Change]) -> str:
    """A change that is planned again later has its old scripts under the name of its tag."""
    reworked = any(other.name == change.name and other.line > change.line for other in changes)
    return f"{change.name}@{change.tag}.sql" if reworked and change.tag else f"{change.name}.sql"


def _migration(folder: Path, file: str) -> Migration:
    deploy, revert, verify = (folder / kind / file for kind in ("deploy", "revert", "verify"))
    return Migration(
        id=file.removesuffix(".sql"),
        path=deploy,
        read=partial(_script, deploy, revert),
        down_path=revert if revert.is_file() else None,
        down_line=1 if revert.is_file() else 0,
        verify=partial(read_psql, verify) if verify.is_file() else None,
    )


def _script(deploy: Path, revert: Path, direction: Direction) -> Script:
    return read_psql(deploy if direction is Direction.UPGRADE else revert)


def _plan_faults(folder: Path, plan: Path, files: list[tuple[_Change, str]]) -> Iterator[Fault]:
    before: set[str] = set()
    for change, file in files:
        if not (folder / "deploy" / file).is_file():
            yield Fault(
                rule="migration-file-missing",
                headline=f"the plan has {change.name}, and deploy/{file} is not there: `sqitch deploy` stops",
                object=change.name,
                path=str(plan),
                line=change.line,
                details=(("fix", f"restore deploy/{file}, or `sqitch` another plan without it"),),
            )
        for required in change.requires:
            name = required.lstrip("!").partition("@")[0]
            if not required.startswith("!") and ":" not in name and name not in before and name:
                yield Fault(
                    rule="migration-out-of-order",
                    headline=f"{change.name} requires {name}, which the plan does not have before it",
                    object=change.name,
                    path=str(plan),
                    line=change.line,
                    details=(("fix", f"move {change.name} below {name}, or take the requirement out"),),
                )
        before.add(change.name)


def _unplanned(folder: Path, planned: set[str]) -> Iterator[Fault]:
    deploy = folder / "deploy"
    for path in sorted(deploy.rglob("*.sql")):
        if path.relative_to(deploy).as_posix() not in planned:
            yield not_run(path, "the plan does not name it", f"sqitch add {path.stem}, or delete the script")
