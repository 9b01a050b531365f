"""What git knows about the files of a history: where the branch left another one, and what has changed since."""

from __future__ import annotations

import difflib
import os
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pytest_migcheck.core.outcome import MigcheckError

# A hook of git names its own index and folder, which are not those of this folder.
_OF_A_HOOK = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR")
_DEEPER = (
    "what to do: fetch the whole history: fetch-depth: 0 for actions/checkout, GIT_DEPTH: 0 in GitLab CI, "
    "or git fetch --unshallow"
)
_TIMEOUT = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class GitBase:
    """The commit in which this branch left ``ref``; ``top`` is the folder of the working tree."""

    ref: str
    commit: str
    top: Path

    @property
    def short(self) -> str:
        return self.commit[:9]

    def shown(self, path: str) -> str:
        """A path as git names it in the folder of the working tree."""
        inside = Path(path).resolve()
        return inside.relative_to(self.top).as_posix() if inside.is_relative_to(self.top) else path

    def changed(self, folders: Iterable[Path]) -> dict[Path, str | None]:
        """Files that are not as they were, with their text at the base; None for one that was not there."""
        inside = [str(folder) for folder in folders]
        fields = _git(self.top, "diff", "--name-status", "--no-renames", "-z", self.commit, "--", *inside).split("\0")
        states = dict(zip(fields[1::2], fields[0::2], strict=False))
        new = _git(self.top, "ls-files", "--others", "-z", "--", *inside).split("\0")
        states.update({name: "A" for name in new if name})
        sources = {name: state for name, state in states.items() if name.endswith((".py", ".sql"))}
        texts = self._texts([name for name, state in sources.items() if state != "A"])
        return {self.top / name: texts.get(name) for name in sources}

    def _texts(self, names: Sequence[str]) -> Mapping[str, str]:
        if not names:
            return {}
        asked = "".join(f"{self.commit}:{name}\n" for name in names).encode()
        answer = _run(self.top, ("cat-file", "--batch"), asked).stdout
        texts, at = {}, 0
        for name in names:
            end = answer.index(b"\n", at)
            header = answer[at:end].split()
            at = end + 1
            if header[-1] == b"missing":
                continue
            size = int(header[-1])
            texts[name] = answer[at : at + size].decode("utf-8", errors="replace")
            at += size + 1
        return texts


def git_base(folder: Path, ref: str, origin: str) -> GitBase:
    """The base of the branch that is checked out in ``folder``, measured against ``ref``.

    Raises:
        MigcheckError: there is no repository, no such ref, or no common commit; says what to do.
    """
    said = f"{origin}: git:{ref}"
    inside = _run(folder, ("rev-parse", "--show-toplevel", "--is-shallow-repository"))
    if inside.returncode:
        raise MigcheckError(f"{said}: no git repository can be read at {folder}\n{_said(inside)}{_safe(inside)}")
    top, shallow = inside.stdout.decode().strip().splitlines()
    if _run(folder, ("rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}")).returncode:
        raise MigcheckError(_unknown(folder, ref, said, shallow=shallow == "true"))
    found = _run(folder, ("merge-base", "HEAD", ref))
    if found.returncode:
        if shallow == "true":
            raise MigcheckError(
                f"{said}: this is a shallow clone, so git cannot see where the branch left {ref}\n{_DEEPER}"
            )
        raise MigcheckError(
            f"{said}: {ref} and the branch that is checked out have no common commit\n"
            "what to do: name the branch that this one started from"
        )
    return GitBase(ref=ref, commit=found.stdout.decode().strip(), top=Path(top))


def _unknown(folder: Path, ref: str, said: str, *, shallow: bool) -> str:
    listed = _run(folder, ("for-each-ref", "--format=%(refname:short)", "refs/heads", "refs/remotes", "refs/tags"))
    refs = [name for name in listed.stdout.decode().split() if not name.endswith("/HEAD")]
    near = difflib.get_close_matches(ref, refs, 1, 0.6)
    hint = f" Did you mean git:{near[0]}?" if near else ""
    if shallow:
        return f"{said}: this clone is shallow and does not have {ref}.{hint}\n{_DEEPER}"
    known = f" Known: {', '.join(refs[:8])}{', …' if len(refs) > 8 else ''}" if refs else ""
    return f"{said}: git knows no commit {ref!r} here.{hint}{known}\nwhat to do: git fetch origin, or name another ref"


def _safe(result: subprocess.CompletedProcess[bytes]) -> str:
    return (
        "\nwhat to do: git config --global --add safe.directory '*'   (usual in containers of a CI service)"
        if b"dubious ownership" in result.stderr
        else "\nwhat to do: name a revision instead: --migcheck-since=REVISION"
    )


def _said(result: subprocess.CompletedProcess[bytes]) -> str:
    return f"git says: {' '.join(result.stderr.decode(errors='replace').split())[:300]}"


def _git(folder: Path, *arguments: str) -> str:
    result = _run(folder, arguments)
    if result.returncode:
        raise MigcheckError(f"git {arguments[0]} fails in {folder}\n{_said(result)}")
    return result.stdout.decode("utf-8", errors="surrogateescape")


def _run(folder: Path, arguments: Sequence[str], stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    environment = {name: value for name, value in os.environ.items() if name not in _OF_A_HOOK}
    try:
        return subprocess.run(
            ["git", "-C", str(folder), *arguments],
            input=stdin, env=environment, capture_output=True, check=False, timeout=_TIMEOUT,
        )
    except FileNotFoundError as error:
        raise MigcheckError(
            "migcheck_since: git is not on the PATH\n"
            "what to do: install it, or name a revision: --migcheck-since=REVISION"
        ) from error
    except subprocess.TimeoutExpired as error:
        raise MigcheckError(f"git {arguments[0]} does not end within {_TIMEOUT} s in {folder}") from error
