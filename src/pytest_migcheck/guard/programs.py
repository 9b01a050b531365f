"""Programs that open databases: which target their arguments and their environment name."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from string import Template

#: They take their target from their arguments and from PG* in their environment.
_LIBPQ = frozenset(
    (
        *("psql", "pg_dump", "pg_dumpall", "pg_restore", "createdb", "dropdb", "createuser", "dropuser"),
        *("vacuumdb", "reindexdb", "clusterdb", "pgbench", "pg_basebackup", "pg_receivewal", "pg_recvlogical"),
        *("pg_rewind", "pg_amcheck"),
    )
)
#: They may take it from a file of their own, too. What is listed beside a name opens no database.
_OWN_CONFIG: Mapping[str, frozenset[str]] = {
    "alembic": frozenset(("heads", "history", "branches", "show", "init", "merge", "list_templates", "edit")),
    "flyway": frozenset(("version", "help")),
    "liquibase": frozenset(("help",)),
    "dbmate": frozenset(("new", "n", "help")),
    "goose": frozenset(("create", "fix", "validate")),
    "sqitch": frozenset(("init", "add", "plan", "show", "tag", "rework", "bundle", "help", "config")),
    "atlas": frozenset(("version", "help")),
    "prisma": frozenset(("generate", "format", "validate", "version", "init")),
}
_SHELLS = frozenset(("sh", "bash", "dash", "zsh", "ksh", "ash", "busybox"))
_WRAPPERS = frozenset(
    (
        *("env", "exec", "nohup", "time", "nice", "command", "sudo", "timeout", "stdbuf", "setsid", "xargs", "npx"),
        *("then", "do", "else", "if", "while", "until", "!", "{", "eval", "ionice", "chronic", "unbuffer", "bunx"),
    )
)
_RUNNERS = frozenset(("uv", "poetry", "pipenv", "hatch", "pdm", "rye", "pixi", "pnpm", "npm", "yarn", "bun"))
_ASSIGNMENT = re.compile(r"^([A-Za-z_]\w*)=(.*)$", re.DOTALL)
_PYTHON = re.compile(r"^(python|pypy)[\d.]*w?$")
_URL = re.compile(r"^(?:jdbc:)?[A-Za-z][\w+.-]*://([^/?#\s]*)([^\s]*)$")
_WORD = re.compile(r"(?:^|[\s?&])(host|hostaddr|port|service)\s*=\s*('(?:[^'\\]|\\.)*'|[^\s&]+)")
_URL_VARIABLES = ("DATABASE_URL", "SQLALCHEMY_DATABASE_URI", "SQLALCHEMY_DATABASE_URL", "FLYWAY_URL", "GOOSE_DBSTRING")


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A program that opens databases, and each (host, port) that it is given; ("", "") is one that it finds itself.

    ``own_config`` says that it may find it in a file of its own.
    """

    program: str
    targets: tuple[tuple[str, str], ...]
    own_config: bool = False


def opened_by(arguments: Sequence[str], environment: Mapping[str, str]) -> Iterator[Opened]:
    """What a command opens, and the commands within it when it is a shell."""
    arguments, environment = _unwrapped(arguments, environment)
    if not arguments:
        return
    name, rest = _name(arguments[0]), list(arguments[1:])
    if name in _SHELLS:
        for script in _scripts(rest):
            yield from opened_in_shell(script, environment)
    elif _PYTHON.match(name) and "-m" in rest[:-1]:
        at = rest.index("-m")
        yield from opened_by(rest[at + 1 :], environment)
    elif name in _LIBPQ:
        if not {"--version", "-V", "--help", "-?"}.intersection(rest):
            yield Opened(program=name, targets=tuple(_libpq_targets(name, rest, environment)))
    elif name in _OWN_CONFIG and not _is_harmless(name, rest):
        targets = tuple(_own_targets(rest, environment))
        yield Opened(program=name, targets=targets or (("", ""),), own_config=True)


def opened_in_shell(script: str, environment: Mapping[str, str]) -> Iterator[Opened]:
    """What the commands of a shell's script open."""
    lexer = shlex.shlex(script.replace("\n", " ; ").replace("`", " ; "), posix=True, punctuation_chars="();<>|&")
    lexer.whitespace_split = True
    lexer.commenters = ""
    try:
        words = list(lexer)
    except ValueError:  # quotes that do not end: the shell refuses them, or they are of a kind that shlex does not know
        words = script.replace("'", " ").replace('"', " ").split()
    known = dict(environment)
    command: list[str] = []
    for word in (*words, ";"):
        if word and set(word) <= set("();<>|&"):
            yield from _in_shell(command, known)
            command = []
        else:
            command.append(Template(word).safe_substitute(known))


def _in_shell(command: list[str], known: dict[str, str]) -> Iterator[Opened]:
    for word in command:
        for inner in re.findall(r"\$\(([^()]*)\)", word):
            yield from opened_in_shell(inner, known)
    if command[:1] == ["export"] or (command and all(_ASSIGNMENT.match(word) for word in command)):
        for word in command:
            if found := _ASSIGNMENT.match(word):
                known[found[1]] = found[2]
    yield from opened_by(command, known)


def _name(program: str) -> str:
    name = re.split(r"[/\\]", program)[-1].lower()
    return name.removesuffix(".exe").removesuffix(".cmd").removesuffix(".bat")


def _unwrapped(arguments: Sequence[str], environment: Mapping[str, str]) -> tuple[list[str], Mapping[str, str]]:
    """The command behind ``VAR=value``, ``env``, ``nohup``, ``timeout 5`` and ``uv run``, and its environment."""
    rest, wrapped = list(arguments), False
    while rest:
        assigned = _ASSIGNMENT.match(rest[0])
        name = _name(rest[0])
        if assigned:
            environment = {**environment, assigned[1]: assigned[2]}
        elif wrapped and name == "-i":
            environment = {}
        elif wrapped and rest[0] in ("-u", "--unset") and len(rest) > 1:
            unset = rest.pop(1)
            environment = {key: value for key, value in environment.items() if key != unset}
        elif name in _RUNNERS and len(rest) > 1 and rest[1] in ("run", "exec", "dlx", "x"):
            rest.pop(1)
            wrapped = True
        elif name in _WRAPPERS:
            wrapped = True
        elif not (wrapped and (rest[0].startswith("-") or re.fullmatch(r"[\d.]+[smhd]?", rest[0]))):
            break
        rest.pop(0)
    return rest, environment


def _scripts(arguments: Sequence[str]) -> Iterator[str]:
    """The scripts that a shell is given: after ``-c``, ``-ec`` and the like."""
    for option, script in pairwise(arguments):
        if re.fullmatch(r"-[a-z]*c[a-z]*", option):
            yield script
            return


def _is_harmless(name: str, arguments: Sequence[str]) -> bool:
    if {"--version", "--help", "-h"}.intersection(arguments):
        return True
    values = {at + 1 for at, argument in enumerate(arguments) if argument in ("-c", "--config", "-n", "--name", "-x")}
    positional = [word for at, word in enumerate(arguments) if not word.startswith("-") and at not in values]
    words = _OWN_CONFIG[name]
    return not positional or positional[0] in words or ("--offline" in arguments or "--sql" in arguments)


def _own_targets(arguments: Sequence[str], environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for text in (*arguments, *(environment.get(name, "") for name in _URL_VARIABLES)):
        for part in (text, text.partition("=")[2]):
            yield from _targets_in(part, "5432")


def _libpq_targets(name: str, arguments: list[str], environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    port = environment.get("PGPORT") or "5432"
    hosts: list[str] = []
    named: list[tuple[str, str]] = []
    skip = False
    for at, argument in enumerate(arguments):
        following = arguments[at + 1] if at + 1 < len(arguments) else ""
        if skip:
            skip = False
        elif found := re.match(r"^(?:--host=|--hostaddr=|-h(?=.))(.*)$", argument):
            hosts.append(found[1])
        elif argument in ("-h", "--host", "--hostaddr"):
            hosts.append(following)
            skip = True
        elif found := re.match(r"^(?:--port=|-p(?=\d))(.*)$", argument):
            port = found[1]
        elif argument in ("-p", "--port"):
            port, skip = following, True
        elif name == "psql" and (
            re.fullmatch(r"-[aAbeEHlnqsStxXwW1]*[cv]", argument) or argument in ("--command", "--set", "--variable")
        ):
            skip = True
        elif not (name == "psql" and argument.startswith("--command=")):
            named += _targets_in(re.sub(r"^(--[\w-]+=|-d(?=.))", "", argument), port)
    if any(hosts) or named:
        yield from named
        yield from ((host, port) for host in hosts if host)
        return
    yield from _from_environment(environment, port)


def _from_environment(environment: Mapping[str, str], port: str) -> Iterator[tuple[str, str]]:
    service = environment.get("PGSERVICE")
    host = environment.get("PGHOSTADDR") or environment.get("PGHOST")
    if service:
        yield f"service {service}", ""
    for one in (host or "").split(","):
        # Without one it looks for the machine's own server.
        yield (one, port) if one else ("", "")
    named = environment.get("DATABASE_URL")
    if named:
        yield from _targets_in(named, port)


def _targets_in(text: str, port: str) -> list[tuple[str, str]]:
    """The targets of a URL or of a connection string."""
    url = _URL.match(text)
    words = {key: value.strip("'") for key, value in _WORD.findall(url[2] if url else text)}
    if "service" in words:
        return [(f"service {words['service']}", "")]
    port = words.get("port", port)
    host = words.get("hostaddr") or words.get("host")
    found = [(one, port) for one in host.split(",")] if host else []
    if url:
        for one in url[1].rpartition("@")[2].split(","):
            split = re.match(r"^(\[[^\]]*\]|[^:]*)(?::(\d+))?$", one)
            if split and split[1]:
                found.append((os.path.normpath(split[1].replace("%2F", "/").replace("%2f", "/")), split[2] or port))
    return found
