"""The HTML report: one page that needs nothing else, with the pictures of the run."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from pytest_migcheck.report.view import view_of


def html_report(report: Mapping[str, Any]) -> str:
    """The page, complete with its style, script and pictures."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    page = files("pytest_migcheck.report") / "page"

    def source(name: str) -> str:
        return (page / name).read_text(encoding="utf-8")

    environment = Environment(
        loader=FunctionLoader(source), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["lines"] = lambda text: len(text.splitlines())
    template = environment.get_template("report.html")
    return template.render(view_of(report), style=source("report.css"), script=source("report.js"))
