"""Why the outcome of some migrations cannot be proved to be the same the next time.

Files are compared, and everything else that a migration can look at has to be found here: the clock, other hosts,
programs, whether a file exists, what else is imported. What was random once may as well stay as it was.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path

from pytest_migcheck.core.reading import Evidence
from pytest_migcheck.provision.imports import parsed

_CLOCK = frozenset(
    ("now", "utcnow", "today", "time", "time_ns", "monotonic", "perf_counter", "localtime", "gmtime", "ctime")
)
# They look at the clock where they are given no moment.
_CLOCK_BY_DEFAULT = {"strftime": 1, "asctime": 0}
# Whether something is there is compared; when it was changed is not.
_PROBES = frozenset(("getmtime", "getctime", "getatime", "stat", "lstat"))
# Their C code opens files by itself.
_READ_IN_C = frozenset(("lxml", "pyarrow", "h5py", "netCDF4", "cv2"))
_MODELS = frozenset(("create_all", "sorted_tables", "to_metadata", "tometadata"))
_DRIVERS = frozenset(("psycopg", "psycopg2", "asyncpg", "pg8000"))
_SQLALCHEMY = frozenset(("func", "sa", "sqlalchemy", "sql"))

_SQL_CLOCK = re.compile(
    r"\b(now|clock_timestamp|statement_timestamp|transaction_timestamp|timeofday)\s*\(|"
    r"\b(current_date|current_timestamp|current_time|localtimestamp|localtime)\b",
    re.IGNORECASE,
)
_SQL_RUNS = re.compile(r"^\s*(do|call|select|with|insert|update|delete|merge|copy|perform)\b", re.IGNORECASE)
_SQL_ROUTINE = re.compile(r"^\s*create\s+(or\s+replace\s+)?(function|procedure)\b", re.IGNORECASE)
_SQL_TIMED_EXTENSION = re.compile(r"create\s+extension\b[^;]*\b(pg_partman|pg_cron|timescaledb)\b", re.IGNORECASE)
_SQL_EXECUTE = re.compile(r"\bexecute\b", re.IGNORECASE)
_SQL_READS = re.compile(
    r"\bcopy\b.*\bfrom\s+'|\bpg_(read|ls|stat)_(file|binary_file|dir)|\blo_import\b", re.IGNORECASE | re.DOTALL
)
_SQL_ASKS = re.compile(r"\s*(select|with|values|show)\b", re.IGNORECASE)


def doubts_about_code(revision_files: Iterable[Path], env_file: Path | None) -> Iterator[str]:
    """What the text of the migrations looks at that cannot be checked again.

    Args:
        revision_files: the revisions and the user's modules that they import.
        env_file: env.py, where there is one; the models that it imports are not run by a migration.
    """
    for path in (*sorted(revision_files), *((env_file,) if env_file else ())):
        tree = parsed(path)
        if tree is None:
            yield f"{path.name} cannot be read as Python"
            continue
        clocks = _clocks(tree)
        for node in ast.walk(tree):
            for doubt in _doubts(node, clocks, in_env=path == env_file):
                yield f"{path.name}:{getattr(node, 'lineno', 1)} {doubt}"


def _doubts(node: ast.AST, clocks: frozenset[str], *, in_env: bool) -> Iterator[str]:
    if isinstance(node, ast.Attribute) and node.attr in _MODELS and not in_env:
        yield f"makes tables from models ({node.attr}), which depends on what else is imported"
    if isinstance(node, (ast.Import, ast.ImportFrom)) and not in_env:
        names = {alias.name for alias in node.names} if isinstance(node, ast.Import) else {node.module or ""}
        for name in sorted(names):
            if name.partition(".")[0] in _DRIVERS:
                yield f"uses the driver {name} itself"
            if name.partition(".")[0] in _READ_IN_C:
                yield f"imports {name}, which reads files unseen"
    if isinstance(node, ast.Call):
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        given = len(node.args)
        by_default = given <= _CLOCK_BY_DEFAULT.get(name, -1) and _is_module_time(node.func)
        if (name in clocks or by_default) and not _is_sqlalchemy(node.func):
            yield f"reads the clock ({name})"
        if name in _PROBES and isinstance(node.func, (ast.Attribute, ast.Name)) and not _is_sqlalchemy(node.func):
            yield f"looks when a file was changed ({name})"


def _clocks(tree: ast.Module) -> frozenset[str]:
    """The names of functions that look at the clock, with those that the file gives them."""
    imported = (n for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.module in ("time", "datetime"))
    aliases = {alias.asname for node in imported for alias in node.names if alias.asname and alias.name in _CLOCK}
    return _CLOCK | aliases


def _is_module_time(function: ast.expr) -> bool:
    """Whether it is a function of the module ``time``, and no method of a moment."""
    value = getattr(function, "value", None)
    return value is None or getattr(value, "id", "") == "time"


def _is_sqlalchemy(function: ast.expr) -> bool:
    """Whether it is an attribute of SQLAlchemy's namespaces: ``sa.func.now()`` is SQL text, not a look at the clock."""
    value = getattr(function, "value", None)
    return getattr(value, "attr", getattr(value, "id", "")) in _SQLALCHEMY


def doubts_about_sql(statements: Sequence[str]) -> Iterator[str]:
    """The statements that ran and that can make of the same text another schema on another day."""
    timed_routine = False
    for statement in statements:
        line = " ".join(statement.split())[:60]
        has_clock = _SQL_CLOCK.search(statement) is not None
        if _SQL_READS.search(statement):
            yield f"SQL reads a file of the server: {line}"
        elif has_clock and _SQL_ASKS.match(statement):
            yield f"SQL asks the server for its clock: {line}"
        elif _SQL_TIMED_EXTENSION.search(statement):
            yield f"an extension works by the clock: {line}"
        elif _SQL_ROUTINE.match(statement):
            timed_routine = timed_routine or (has_clock and _SQL_EXECUTE.search(statement) is not None)
        elif has_clock and re.match(r"\s*(do|call)\b", statement, re.IGNORECASE):
            yield f"SQL reads the clock: {line}"
        elif has_clock and re.search(r"\bfor\s+values\b", statement, re.IGNORECASE):
            yield f"the bounds of a partition come from the clock: {line}"
        elif timed_routine and _SQL_RUNS.match(statement):
            yield f"a function that runs SQL by the clock may run in: {line}"


def doubts_about_acts(
    reading: Evidence, files: Iterable[Path], servers: Collection[tuple[str, int]]
) -> Iterator[str]:
    """What the code in ``files`` did beyond reading files.

    Args:
        reading: what the process that ran the migrations has done.
        files: the user's files that count.
        servers: (host or socket folder, port) of our own server, which asynchronous drivers connect to.
    """
    names = {str(path) for path in files}
    for act, users in reading.acts.items():
        ours = act.startswith("socket.connect") and any(_is_place(act, host, port) for host, port in servers)
        if not ours and users & names:
            yield f"the migrations, or what they import, did something that cannot be checked: {act[:80]}"


def _is_place(act: str, host: str, port: int) -> bool:
    return act.endswith(f" {host}/.s.PGSQL.{port}") if host.startswith("/") else f"'{host}', {port}" in act
