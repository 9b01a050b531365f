#!/usr/bin/env python3
"""Write the table of options in README.md from the one in the code; with --check, only say whether it is current."""

from __future__ import annotations

import sys
from pathlib import Path

from pytest_migcheck.plugin.options import OPTIONS, Option

README = Path(__file__).resolve().parent.parent / "README.md"
START, END = "<!-- options: tools/options_table.py -->\n", "<!-- /options -->\n"


def main(arguments: list[str]) -> int:
    """Update the file, or compare it."""
    text = README.read_text(encoding="utf-8")
    before, rest = text.split(START)
    _, after = rest.split(END)
    current = before + START + options_table() + END + after
    if arguments == ["--check"]:
        if text != current:
            print("README.md: the table of options is out of date; run python tools/options_table.py", file=sys.stderr)
        return int(text != current)
    README.write_text(current, encoding="utf-8")
    return 0


def options_table() -> str:
    """The table in Markdown."""
    rows = ["| option | key (type) | meaning |", "| --- | --- | --- |"]
    rows += [f"| {_flag(option)} | {_key(option)} | {_escaped(option.help)} |" for option in OPTIONS]
    return "\n".join(rows) + "\n"


def _flag(option: Option) -> str:
    if not option.cli:
        return "–"
    value = "" if option.flag else f"={option.metavar or 'VALUE'}"
    return f"`--{option.name.replace('_', '-')}{_escaped(value)}`"


def _key(option: Option) -> str:
    return f"`{option.name}` ({option.ini})" if option.ini else "–"


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
