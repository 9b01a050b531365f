"""One table of options and ini keys, and how it becomes Settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import pytest

if TYPE_CHECKING:
    from pytest_migcheck.settings import Settings

_OF_PYTHON = ("invalid literal for int() with base 10: ", "invalid truth value ")
IniType = Literal["args", "string", "linelist", "int", "bool"]


@dataclass(frozen=True)
class Option:
    """A setting: a command-line flag, an ini key, or both. ``flag`` options take no value."""

    name: str
    help: str
    ini: IniType | None = None
    cli: bool = False
    flag: bool = False
    repeat: bool = False
    metavar: str | None = None
    default: str | None = None


OPTIONS = (
    Option("migcheck", "run the migration checks", cli=True, flag=True),
    Option(
        "migcheck_config", "Alembic configuration, FILE or FILE:SECTION", "args", cli=True, repeat=True, metavar="FILE"
    ),
    Option(
        "migcheck_histories",
        "the histories, TOOL:PATH, with alembic, prisma, drizzle, golang-migrate, goose, dbmate, flyway, sqitch, yoyo, "
        "or sql for any folder or file (default: what is found)",
        "args",
    ),
    Option("migcheck_init", "SQL files that run first, before migrations in SQL files: FILE, or HISTORY:FILE", "args"),
    Option("migcheck_metadata", "the models, as module:attribute (default: env.py's target_metadata)", "args"),
    Option(
        "migcheck_declared",
        "the schema that migrations must give, in place of models: a DDL file, or a command line that prints it; "
        "of several histories, one a line: HISTORY: FILE or COMMAND",
        "string",
    ),
    Option(
        "migcheck_checks", "kinds of item to run, separated by commas", "args", cli=True, repeat=True, metavar="KINDS"
    ),
    Option("migcheck_select", "ids, prefixes or names of rules to add", "args", cli=True, repeat=True, metavar="RULES"),
    Option(
        "migcheck_ignore",
        "ids, prefixes or names of rules to take away",
        "args",
        cli=True,
        repeat=True,
        metavar="RULES",
    ),
    Option(
        "migcheck_revision_ignores",
        "lines such as 3f2a1c: MC101 MC204 -- reason, for revisions whose files are not to be edited",
        "linelist",
    ),
    Option("migcheck_require_reason", "an ignore without a reason counts for nothing (default: false)", "bool"),
    Option(
        "migcheck_since",
        "judge only what is newer than a revision, or than the commit where the branch left git:REF",
        "string",
        cli=True,
        metavar="REV",
    ),
    Option(
        "migcheck_baseline", "file with known findings, which do not fail", "string", cli=True, metavar="FILE"
    ),
    Option(
        "migcheck_write_baseline", "write what is found to the baseline, and remove what is gone", cli=True, flag=True
    ),
    Option(
        "migcheck_drift",
        "how bad kinds of drift are, a line each: KIND: SEVERITY or KIND.ATTRIBUTE: SEVERITY, as in view: error; "
        "severities are error, warning, info and ignore",
        "linelist",
    ),
    Option("migcheck_irreversible", "revisions with no way back", "args"),
    Option(
        "migcheck_postgres",
        "where the server comes from: auto, embedded, local[:BINDIR], docker[:IMAGE] or a URL",
        "string",
        cli=True,
        metavar="WHERE",
    ),
    Option("migcheck_target_version", "major version of PostgreSQL in production", "int"),
    Option("migcheck_target", "revisions or branch labels to go up to (default: all heads)", "args"),
    Option("migcheck_env", "NAME=value variables for env.py; {url} is the disposable database's URL", "args"),
    Option("migcheck_x", "NAME=VALUE arguments for env.py, as `alembic -x` gives them", "args"),
    Option("migcheck_allow_hosts", "HOST:PORT of other servers that migrations may connect to", "args"),
    Option("migcheck_step_timeout", "seconds that one step may take (default: 120)", "int"),
    Option("migcheck_fail_on", "lowest severity that fails: error or warning", "string", cli=True, metavar="SEVERITY"),
    Option(
        "migcheck_report",
        "write a report: html, sarif or json, with :PATH or to .migcheck/report.TYPE; or github, for annotations",
        "args",
        cli=True,
        repeat=True,
        metavar="TYPE:PATH",
    ),
    Option(
        "migcheck_big_tables",
        "tables on which lock errors stay errors; elsewhere they are warnings (default: all)",
        "args",
    ),
    Option("migcheck_examples", "sets of rows to try per data item (default: 25)", "int", cli=True, metavar="N"),
    Option("migcheck_time_budget", "seconds that the data items of a run may take (default: 20)", "int"),
    Option("migcheck_empty_tables", "tables that are empty, or hold at most N rows: TABLE or TABLE=N", "args"),
    Option("migcheck_sample", "directory of rows to start from: TABLE.csv or TABLE.copy", "string"),
    Option(
        "verbosity_migcheck",
        "detail of findings: a number, or auto for pytest's own verbosity",
        "string",
        default="auto",
    ),
    Option("migcheck_fresh", "migrate, whatever template is kept from an earlier run", cli=True, flag=True),
    Option(
        "migcheck_keep",
        "leave the databases of failed tests and their server running, until told to stop",
        cli=True,
        flag=True,
    ),
    Option("migcheck_clear_cache", "remove the kept templates and clusters, and exit", cli=True, flag=True),
    Option("migcheck_rules", "list the rules and exit", cli=True, flag=True),
    Option("migcheck_explain", "explain a rule and exit", cli=True, metavar="RULE"),
)


def add_options(parser: pytest.Parser) -> None:
    """Register every option of the table."""
    group = parser.getgroup("migcheck", "migration checks (pytest-migcheck)")
    for option in OPTIONS:
        if option.cli:
            action = "store_true" if option.flag else "append" if option.repeat else "store"
            extra: dict[str, Any] = {} if option.flag else {"metavar": option.metavar}
            group.addoption(
                "--" + option.name.replace("_", "-"),
                action=action,
                dest=option.name,
                default=None,
                help=option.help,
                **extra,
            )
        if option.ini is not None:
            default: Any = [] if option.ini in ("args", "linelist") else option.default
            parser.addini(option.name, option.help, type=option.ini, default=default)


def value_of(config: pytest.Config, name: str) -> tuple[str, Any]:
    """(origin, value) of a setting: the command line first, then the ini file; None where neither has it."""
    option = next(o for o in OPTIONS if o.name == name)
    typed = config.getoption(name, None) if option.cli else None
    if typed not in (None, []):
        return "--" + name.replace("_", "-"), typed
    if option.ini is None:
        return name, typed
    try:
        return name, config.getini(name)
    except (TypeError, ValueError, pytest.UsageError) as error:
        from pytest_migcheck.core.outcome import MigcheckError

        said = str(error)
        for words in _OF_PYTHON:
            said = said.removeprefix(words)
        valid = {"int": "a whole number", "bool": "true or false"}.get(option.ini, "a list")
        raise MigcheckError(f"{name}: {said} is not valid. Valid: {valid}") from error


def settings_from(config: pytest.Config, own_rules: Mapping[str, str]) -> Settings:
    """Validate everything that was set; ``own_rules`` are ids and names of rules besides those of the package.

    Raises:
        MigcheckError: a value is not valid.
    """
    from pytest_migcheck import settings as s
    from pytest_migcheck.core.rule_ids import RULE_IDS
    from pytest_migcheck.history.declared_setting import declared_ddl

    values = {o.name: value_of(config, o.name) for o in OPTIONS}
    rules = {**RULE_IDS, **own_rules}

    def many(name: str) -> tuple[str, list[str]]:
        origin, value = values[name]
        return origin, list(value or [])

    def one(name: str, default: Any) -> tuple[str, Any]:
        origin, value = values[name]
        return origin, default if value in (None, "") else value

    writing = bool(values["migcheck_write_baseline"][1])
    timeout_origin, timeout = one("migcheck_step_timeout", 120)
    s.verbosity(*one("verbosity_migcheck", "auto"))
    seed = config.getoption("hypothesis_seed", None)
    return s.Settings(
        root=config.rootpath,
        config=tuple(many("migcheck_config")[1]),
        histories=tuple(many("migcheck_histories")[1]),
        init=tuple(many("migcheck_init")[1]),
        metadata=tuple(many("migcheck_metadata")[1]),
        declared=declared_ddl(*one("migcheck_declared", ""), config.rootpath, many("migcheck_metadata")[1]),
        checks=s.check_names(*many("migcheck_checks")),
        select=s.rule_names(*many("migcheck_select"), rules),
        ignore=s.rule_names(*many("migcheck_ignore"), rules),
        revision_ignores=s.revision_ignores(
            *many("migcheck_revision_ignores"), rules, reason_required=bool(values["migcheck_require_reason"][1])
        ),
        require_reason=bool(values["migcheck_require_reason"][1]),
        since=s.since(*one("migcheck_since", "")),
        baseline=s.baseline(*one("migcheck_baseline", ""), config.rootpath, writing=writing),
        write_baseline=writing,
        drift=s.drift_severities(*many("migcheck_drift")),
        irreversible=tuple(many("migcheck_irreversible")[1]),
        postgres=s.server_place(*one("migcheck_postgres", "auto")),
        big_tables=tuple(many("migcheck_big_tables")[1]),
        target_version=values["migcheck_target_version"][1],
        target=tuple(many("migcheck_target")[1]),
        env=s.environment_variables(*many("migcheck_env")),
        x=tuple(many("migcheck_x")[1]),
        allow_hosts=s.hosts(*many("migcheck_allow_hosts")),
        step_timeout=s.positive(timeout_origin, int(timeout)),
        fail_on=s.choice(*one("migcheck_fail_on", "error"), ("error", "warning")),
        reports=s.report_paths(*many("migcheck_report"), config.rootpath),
        keep=bool(values["migcheck_keep"][1]),
        fresh=bool(values["migcheck_fresh"][1]),
        examples=s.number(*one("migcheck_examples", 25)),
        time_budget=s.number(*one("migcheck_time_budget", 20)),
        empty_tables=s.row_bounds(*many("migcheck_empty_tables")),
        sample=s.folder(*one("migcheck_sample", ""), config.rootpath),
        seed=int(seed) if str(seed).isdigit() else None,
    )
