"""What is predicted of a statement's locks is what was measured."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_migcheck.core.lock import LockMode
from pytest_migcheck.sql.locks import hidden_locks, predicted_locks
from pytest_migcheck.sql.statements import parse

_DATA = Path(__file__).parent.parent / "trace" / "data"
_FORMS = [
    pytest.param(form, id=f"{major}-{form['id']}")
    for major in (15, 18)
    for form in json.loads((_DATA / f"locks_pg{major}.json").read_text(encoding="utf-8"))["forms"]
    if form["error"] is None
]
# The name is another one afterwards, or the statement locks an index that it calls a table.
_OTHERWISE = frozenset(("alter-table-rename-on-index",))


@pytest.mark.parametrize("form", _FORMS)
def test_a_named_relation_is_locked_as_predicted(form: dict[str, Any]) -> None:
    if form["id"] in _OTHERWISE:
        pytest.skip("locks an index only")
    for name, mode in predicted_locks(parse(form["statement"])).named:
        if name in form["locks"]:
            assert LockMode[form["locks"][name].replace(" ", "_")] is max(_modes(form["statement"], name))
        else:
            # Only what the statement makes is missing among what was there before.
            assert form["statement"].startswith("CREATE TABLE"), (name, mode)


def _modes(sql: str, name: str) -> list[LockMode]:
    return [mode for named, mode in predicted_locks(parse(sql)).named if named == name]


@pytest.mark.parametrize("form", _FORMS)
def test_what_blocks_is_predicted(form: dict[str, Any]) -> None:
    """Every lock that blocks writers on a table that the statement scans has a prediction."""
    # The one form that differs between the versions: 15 locks the partitions less, and 18 as the parent.
    opaque = form["statement"].startswith("DO") or form["id"] == "add-unique-partitioned"
    prediction = predicted_locks(parse(form["statement"]))
    for name in form["scans"]:
        mode = LockMode[form["locks"][name].replace(" ", "_")]
        if mode.blocks_writes and not opaque:
            assert prediction.mode_of(name) is mode or prediction.others is mode


_WORDS = st.sampled_from(
    """
    ALTER TABLE CREATE UNIQUE INDEX DROP REINDEX TRUNCATE REFRESH MATERIALIZED VIEW ADD COLUMN CONSTRAINT FOREIGN KEY
    REFERENCES NOT NULL VALID TYPE DOMAIN SET ON USING ( ) , ; . a "B" 'c' $$d$$ [ ] ONLY CONCURRENTLY PRIMARY CHECK
    PARTITION OF ATTACH DETACH LOCK IN MODE CLUSTER VACUUM FULL WITH UPDATE DELETE FROM WHERE INSERT INTO SELECT DO BEGIN
    GRANT REVOKE TRIGGER RULE POLICY SCHEMA EXTENSION ENUM AS VALUE RENAME TO CASCADE IF EXISTS EXECUTE 'ALTER
    """.split()  # noqa: SIM905 - read as a line of SQL
)


@given(st.lists(_WORDS).map(" ".join) | st.text())
def test_nothing_raises(sql: str) -> None:
    predicted_locks(parse(sql))
    hidden_locks(sql)
