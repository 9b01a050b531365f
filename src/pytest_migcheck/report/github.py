"""Findings as workflow commands, which GitHub shows on the line of a pull request.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

_SHOWN = ("error", "warning")
_COMMAND = re.compile(r"(?m)^([^\S\n]*)::")
_OLD_COMMAND = re.compile(r"##\[")


def workflow_commands(report: Mapping[str, Any], annotated: Collection[str] = ()) -> Iterator[str]:
    """One command for each finding that is shown.

    Args:
        report: in the form of the JSON report.
        annotated: the nodes whose first finding another plugin has annotated already.
    """
    done: set[str] = set()
    for finding in report["findings"]:
        if finding["severity"] not in _SHOWN or finding["suppressed"]:
            continue
        node = finding["node"]
        if node in annotated and node not in done:
            done.add(node)
            continue
        yield _command(finding["severity"], finding, report["root"])


def for_a_log(text: str) -> str:
    """Text of others for the log of a workflow, in which none of it is a command.

    GitHub's runner takes a line for one where ``::`` is the first that is not blank, and ``##[`` anywhere in a line is
    the old form; a backslash before either is enough. Elsewhere such lines are SQL, and stay as they are.
    """
    if not on_github():
        return text
    return _OLD_COMMAND.sub(r"##\\[", _COMMAND.sub(r"\1\\::", text))


def on_github() -> bool:
    """Whether GitHub's runner reads what is printed.

    https://docs.github.com/en/actions/reference/workflows-and-actions/variables
    """
    return os.environ.get("GITHUB_ACTIONS") == "true"


def _command(command: str, finding: Mapping[str, Any], root: str) -> str:
    properties = {"title": f"{finding['id']} {finding['rule']}"}
    if finding["path"]:
        # One that is absolute lies outside of the repository: GitHub shows such a finding without a line.
        properties = {"file": (PurePosixPath(root) / finding["path"]).as_posix(), **properties}
        properties |= {"line": str(finding["line"])} if finding["line"] else {}
    shown = ",".join(f"{name}={_property(value)}" for name, value in sorted(properties.items()))
    return f"::{command} {shown}::{_data(_message(finding))}"


def _message(finding: Mapping[str, Any]) -> str:
    fixes = [text for label, text in finding["details"] if label == "fix"]
    return "\n".join([finding["headline"], *(f"fix: {text}" for text in fixes)])


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
