"""The JSON report: the one form that is promised to stay stable."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def json_report(report: Mapping[str, Any]) -> str:
    """The whole report as text; docs/reference/report.schema.json describes it."""
    return json.dumps(report, indent=1, ensure_ascii=False) + "\n"
