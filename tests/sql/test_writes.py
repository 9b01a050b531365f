"""What a statement says that it writes to."""

from __future__ import annotations

import pytest

from pytest_migcheck.sql.writes import writes

CASES = [
    ("UPDATE t SET a = 1, b = (SELECT c FROM u WHERE d = e) WHERE f = 2", [("update", "t", {"a", "b"})]),
    ('UPDATE ONLY s."T" AS x SET ("A", b) = (1, 2) FROM u', [("update", "s.T", {"A", "b"})]),
    ("UPDATE t SET a=%(a)s::VARCHAR WHERE t.id = %(id)s", [("update", "t", {"a"})]),
    ("WITH gone AS (DELETE FROM t RETURNING a) INSERT INTO u SELECT a FROM gone", [("delete", "t"), ("insert", "u")]),
    ("INSERT INTO t (a) VALUES (1) ON CONFLICT (a) DO UPDATE SET b = 2", [("insert", "t"), ("update", "t", {"b"})]),
    (
        "MERGE INTO t USING u ON t.a = u.a WHEN MATCHED AND u.b THEN DELETE WHEN MATCHED THEN UPDATE SET c = u.c",
        [("delete", "t"), ("update", "t", {"c"})],
    ),
    ("TRUNCATE TABLE ONLY t", [("truncate", "t")]),
    ("DROP TABLE IF EXISTS t; DELETE FROM ONLY u", [("drop", "t"), ("delete", "u")]),
    ("DO $$ BEGIN UPDATE t SET a = 1; DELETE FROM u; END $$", [("opaque",), ("update", "t", {"a"}), ("delete", "u")]),
    ("ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES u ON UPDATE CASCADE ON DELETE SET NULL", []),
    ("SELECT * FROM t FOR UPDATE", []),
    ("CREATE TRIGGER x BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f()", []),
]


@pytest.mark.parametrize(("sql", "expected"), CASES, ids=[sql[:40] for sql, _ in CASES])
def test_writes_are_read(sql: str, expected) -> None:
    found = [(w.kind, w.table, set(w.columns)) for w in writes(sql)]
    assert found == [(kind, *([*rest, set()][:2] if rest else ("", set()))) for kind, *rest in expected]
