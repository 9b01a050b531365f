"""The settings of a run, validated once; every error names the value, its origin and what is valid."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pytest_migcheck.core.drift_severities import ATTRIBUTES, KINDS, SEVERITIES, Severities
from pytest_migcheck.core.outcome import CHECKS, MigcheckError

REPORTS = ("html", "sarif", "json", "github")
_PLACES = ("auto", "embedded", "local", "local:BINDIR", "docker", "docker:IMAGE", "postgresql://…")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the user chose. Names are those of the ini keys without ``migcheck_``."""

    root: Path
    config: tuple[str, ...] = ()
    histories: tuple[str, ...] = ()
    init: tuple[str, ...] = ()
    metadata: tuple[str, ...] = ()
    declared: str = ""
    drift: Severities = field(default_factory=dict)
    checks: tuple[str, ...] = CHECKS
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    revision_ignores: Mapping[str, tuple[tuple[str, ...], str]] = field(default_factory=dict)
    require_reason: bool = False
    since: tuple[str, str] = ("migcheck_since", "")
    baseline: Path | None = None
    write_baseline: bool = False
    irreversible: tuple[str, ...] = ()
    postgres: str = "auto"
    big_tables: tuple[str, ...] = ()
    target_version: int | None = None
    target: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    x: tuple[str, ...] = ()
    allow_hosts: tuple[tuple[str, int], ...] = ()
    step_timeout: int = 120
    fail_on: str = "error"
    reports: Mapping[str, Path] = field(default_factory=dict)
    keep: bool = False
    fresh: bool = False
    examples: int = 25
    time_budget: int = 20
    empty_tables: Mapping[str, int] = field(default_factory=dict)
    sample: Path | None = None
    seed: int | None = None

    @property
    def by_url(self) -> bool:
        """Whether the server is one that was given, and not ours to start."""
        return "://" in self.postgres

    def ignored(self, id_: str, name: str) -> bool:
        """Whether a rule was taken away, by id, by prefix of an id, or by name."""
        return any(name == entry or id_.startswith(entry.upper()) for entry in self.ignore)

    def selected(self, id_: str, name: str) -> bool:
        """Whether a rule that is off by default was selected, by id, by prefix of an id, or by name."""
        return any(name == entry or id_.startswith(entry.upper()) for entry in self.select)

    def is_big(self, relation: str) -> bool:
        """Whether a lock on ``relation`` (schema-qualified) matters: every table does where none is listed."""
        names = (relation, relation.rpartition(".")[2])
        return not self.big_tables or any(name in self.big_tables for name in names)


def choice(origin: str, value: str, valid: Collection[str]) -> str:
    """``value`` if it is valid.

    Raises:
        MigcheckError: it is not; with the nearest match and all valid values.
    """
    if value in valid:
        return value
    near = difflib.get_close_matches(value, valid, 1, 0.5)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise MigcheckError(f"{origin}: {value!r} is not valid.{hint} Valid: {', '.join(valid)}")


def check_names(origin: str, values: Sequence[str]) -> tuple[str, ...]:
    """The kinds of item, split at commas; all of them where none was named."""
    named = [part.strip() for value in values for part in value.split(",") if part.strip()]
    return tuple(choice(origin, name, CHECKS) for name in named) or CHECKS


def rule_names(origin: str, values: Sequence[str], known: Mapping[str, str]) -> tuple[str, ...]:
    """Ids, prefixes of ids and names of rules, each of which must mean at least one rule.

    Args:
        origin: where the values come from, for the error.
        values: as typed, possibly several in one, separated by commas.
        known: id to name.
    """
    named = [part.strip() for value in values for part in value.split(",") if part.strip()]
    for entry in named:
        if entry in known.values() or any(id_.startswith(entry.upper()) for id_ in known):
            continue
        words = [*known.values(), *known]
        near = [word for word in words if word.startswith(entry.lower())]
        near = near or difflib.get_close_matches(entry, words, 1, 0.4)
        hint = f" Did you mean {_both(near[0], known)}?" if near else ""
        raise MigcheckError(f"{origin}: {entry!r} is not a rule.{hint} See: pytest --migcheck-rules")
    return tuple(named)


def revision_ignores(
    origin: str, values: Sequence[str], known: Mapping[str, str], *, reason_required: bool
) -> dict[str, tuple[tuple[str, ...], str]]:
    """``REVISION: RULES -- reason`` lines as revision to (rules, reason)."""
    found: dict[str, tuple[tuple[str, ...], str]] = {}
    for value in values:
        revision, _, rest = value.partition(":")
        rules, dashes, reason = rest.partition("--")
        named = rule_names(f"{origin}: {revision.strip()}", rules.split(), known)
        if not revision.strip() or not named:
            raise MigcheckError(f"{origin}: {value!r} is not valid. Valid: REVISION: MC101 MC204 -- reason")
        if reason_required and not (dashes and reason.strip()):
            raise MigcheckError(
                f"{origin}: {value!r} gives no reason, and migcheck_require_reason asks for one. "
                f"Valid: {revision.strip()}: {' '.join(named)} -- reason"
            )
        before = found.get(revision.strip(), ((), ""))
        found[revision.strip()] = ((*before[0], *named), reason.strip() or before[1])
    return found


def since(origin: str, value: str) -> tuple[str, str]:
    """The setting with its origin; what it names is looked up when the histories are known."""
    if value.strip() == "git:":
        raise MigcheckError(f"{origin}: 'git:' names no branch. Valid: git:REF, for example git:origin/main")
    return origin, value.strip()


def baseline(origin: str, value: str, root: Path, *, writing: bool) -> Path | None:
    """The path of the baseline; to write one it must be named."""
    if value.strip():
        path = root / value.strip()
        if not writing and not path.is_file():
            raise MigcheckError(
                f"{origin}: {value!r} does not exist (looked for {path})\n"
                "what to do: write it with pytest --migcheck --migcheck-write-baseline, or correct the path"
            )
        return path
    if writing:
        raise MigcheckError(
            "--migcheck-write-baseline: no file is named\n"
            "what to do: set migcheck_baseline = migcheck-baseline.json, or type --migcheck-baseline=FILE as well"
        )
    return None


def _both(text: str, known: Mapping[str, str]) -> str:
    if text in known:
        return f"{text!r} ({known[text]})"
    id_ = next(i for i, name in known.items() if name == text)
    return f"{id_!r} ({text})"


def environment_variables(origin: str, values: Sequence[str]) -> dict[str, str]:
    """``NAME=value`` entries; ``{url}`` in a value stands for the disposable database's URL."""
    found: dict[str, str] = {}
    for value in values:
        name, separator, text = value.partition("=")
        if not separator or not name.strip():
            raise MigcheckError(f"{origin}: {value!r} is not NAME=value; for example DATABASE_URL={{url}}")
        found[name.strip()] = text.strip()
    return found


def hosts(origin: str, values: Sequence[str]) -> tuple[tuple[str, int], ...]:
    """``HOST:PORT`` entries."""
    found: list[tuple[str, int]] = []
    for value in values:
        host, _, port = value.strip().rpartition(":")
        if not host or not port.isdigit() or not 0 < int(port) < 65536:
            raise MigcheckError(f"{origin}: {value!r} is not valid. Valid: HOST:PORT, for example vault.internal:8200")
        found.append((host.strip("[]"), int(port)))
    return tuple(found)


def report_paths(origin: str, values: Sequence[str], root: Path) -> dict[str, Path]:
    """The path of each report among ``TYPE:PATH`` entries; that of ``github``, which goes to the output, is no file.

    Raises:
        MigcheckError: a type is not known, a path is a directory, or two reports would go to one file.
    """
    found: dict[str, Path] = {}
    # Several in one, as other options take them.
    one_by_one = re.compile(rf",(?=(?:{'|'.join(REPORTS)})(?::|,|$))")
    for value in (one for typed in values for one in one_by_one.split(typed)):
        kind, _, where = value.partition(":")
        choice(origin, kind, REPORTS)
        if kind == "github" and where:
            raise MigcheckError(f"{origin}: {value!r}: annotations go to the output; write 'github' without a path")
        path = root / (where or f".migcheck/report.{kind}")
        if path.is_dir():
            raise MigcheckError(f"{origin}: {value!r}: {path} is a directory. Valid: {kind}:PATH of a file")
        if path in (other for known, other in found.items() if known != kind):
            raise MigcheckError(f"{origin}: {value!r}: another report goes to {path} already; name another file")
        found[kind] = path
    return found


def server_place(origin: str, value: str) -> str:
    """Where the server comes from; whether it is there is seen when it is started."""
    word = value.partition(":")[0]
    named = value in ("auto", "embedded") or word in ("local", "docker")
    if named or word.partition("+")[0] in ("postgresql", "postgres"):
        return value
    return choice(origin, value, _PLACES)


def row_bounds(origin: str, values: Sequence[str]) -> dict[str, int]:
    """``TABLE`` for a table that is known to be empty, ``TABLE=N`` for one of at most N rows."""
    found: dict[str, int] = {}
    for value in values:
        name, separator, number = value.partition("=")
        if not name or (separator and not number.isdigit()):
            valid = "Valid: TABLE (it is empty), TABLE=N (N rows at most)"
            raise MigcheckError(f"{origin}: {value!r} is not valid. {valid}")
        found[name] = int(number) if separator else 0
    return found


def folder(origin: str, value: str, root: Path) -> Path | None:
    """An existing directory, relative to the root directory; None where none was named."""
    if not value:
        return None
    path = root / value
    if not path.is_dir():
        raise MigcheckError(f"{origin}: {value!r} is no directory below {root}")
    return path


def number(origin: str, value: int | str) -> int:
    """A whole number of at least 1, as it was typed."""
    if not str(value).isdigit():
        raise MigcheckError(f"{origin}: {value!r} is not valid. Valid: a number of at least 1")
    return positive(origin, int(value))


def verbosity(origin: str, value: str) -> None:
    """pytest reads it; that fails on what is no number."""
    if value != "auto" and not re.fullmatch(r"-?\d+", value):
        raise MigcheckError(f"{origin}: {value!r} is not valid. Valid: auto, or a number such as 2")


def drift_severities(origin: str, values: Sequence[str]) -> dict[tuple[str, str], str]:
    """``KIND: SEVERITY`` and ``KIND.ATTRIBUTE: SEVERITY`` lines; a kind may be in the plural."""
    found: dict[tuple[str, str], str] = {}
    for value in (line for line in values if line.strip()):
        what, separator, severity = value.partition(":")
        if not separator:
            raise MigcheckError(f"{origin}: {value!r} is not KIND: SEVERITY; for example view: error")
        kind, dot, attribute = (part.strip() for part in what.partition("."))
        singular = {f"{known}s": known for known in KINDS} | {"policies": "policy", "indexes": "index"}
        kind = choice(origin, kind if kind in KINDS else singular.get(kind, kind), KINDS)
        if dot and not ATTRIBUTES[kind]:
            wrong = f"{origin}: {attribute!r} is not valid: {kind} has no attributes"
            raise MigcheckError(f"{wrong}. Valid: {kind}: SEVERITY")
        attribute = choice(f"{origin}, attribute of {kind}", attribute, ATTRIBUTES[kind]) if dot else ""
        found[kind, attribute] = choice(origin, severity.strip(), SEVERITIES)
    return found


def positive(origin: str, value: int) -> int:
    if value < 1:
        raise MigcheckError(f"{origin}: {value} is not valid. Valid: a number of at least 1")
    return value
