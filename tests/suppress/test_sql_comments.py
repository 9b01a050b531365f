"""Comments to us in files of SQL: which lines they are about."""

from __future__ import annotations

from pathlib import Path

from pytest_migcheck.suppress.sql_comments import sql_comments_of

FILE = """\
-- migcheck: ignore[MC101] above the first
-- CreateIndex
CREATE INDEX a
    ON t (a);
CREATE INDEX b ON t (b); -- migcheck: ignore[MC101] behind its own
CREATE INDEX c /* migcheck: ignore[MC101] inside */
    ON t (c);
COMMENT ON TABLE t IS '-- migcheck: ignore[MC1] in a string';
/* migcheck: ignore-file[MC2] all of it */
-- migcheck: irreversible rows were merged
"""


def test_a_comment_is_about_its_statement_or_the_one_below(tmp_path: Path) -> None:
    path = tmp_path / "1.sql"
    path.write_bytes(b"\xef\xbb\xbf" + FILE.replace("\n", "\r\n").encode())
    found = sql_comments_of(path)
    assert [(c.line, c.directive.word, c.directive.reason) for c in found] == [
        (1, "ignore", "above the first"),
        (5, "ignore", "behind its own"),
        (6, "ignore", "inside"),
        (9, "ignore-file", "all of it"),
        (10, "irreversible", "rows were merged"),
    ]
    assert [[line for line in range(1, 11) if c.covers(line)] for c in found[:3]] == [[1, 3, 4], [5], [6, 7]]


def test_a_file_that_cannot_be_taken_apart_has_lines_still(tmp_path: Path) -> None:
    path = tmp_path / "1.sql"
    path.write_text("-- migcheck: ignore[MC101] next line\nSELECT 'open\n")
    (comment,) = sql_comments_of(path)
    assert [line for line in range(1, 4) if comment.covers(line)] == [1, 2]
    assert sql_comments_of(tmp_path / "none.sql") == ()
