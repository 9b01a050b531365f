"""Comments to us: what they say, and which lines they are about."""

from __future__ import annotations

import textwrap

import pytest

from pytest_migcheck.sql.comments import comments
from pytest_migcheck.suppress.directives import directive_of
from pytest_migcheck.suppress.python_comments import comments_of


@pytest.mark.parametrize(
    ("comment", "word", "entries", "reason"),
    [
        ("# migcheck: ignore[MC101] small table", "ignore", ("MC101",), "small table"),
        ("#migcheck:ignore[MC1, drop-column]", "ignore", ("MC1", "drop-column"), ""),
        ("# migcheck: ignore-file[MC2] one-off  # noqa: E501", "ignore-file", ("MC2",), "one-off"),
        ("# noqa: E501  # migcheck: ignore[MC101] small", "ignore", ("MC101",), "small"),
        ("# migcheck: irreversible data was merged", "irreversible", (), "data was merged"),
    ],
)
def test_a_comment_names_rules_and_gives_a_reason(comment, word, entries, reason):
    said = directive_of(comment)
    assert (said.word, said.entries, said.reason, said.fault) == (word, entries, reason, "")


@pytest.mark.parametrize(
    ("comment", "fault"),
    [
        ("# migcheck: ignore", "it names no rule"),
        ("# migcheck: ignore because it is small", "it names no rule"),
        ("# migcheck: ignore[] small", "it names no rule"),
        ("# migcheck: ignore[MC101 small", "its bracket is not closed"),
        ("# migcheck: ignroe[MC101] small", "Did you mean 'ignore'?"),
        ("# migcheck: irreversible[MC001]", "irreversible names no rules"),
    ],
)
def test_a_comment_that_cannot_count_says_why(comment, fault):
    assert fault in directive_of(comment).fault


def test_a_reason_can_be_required():
    assert "gives no reason" in directive_of("# migcheck: ignore[MC101]", reason_required=True).fault
    assert not directive_of("# migcheck: ignore[MC101] small", reason_required=True).fault


@pytest.mark.parametrize("comment", ["# see the docs of migcheck: ignore[MC101]", "# migchecks", "# nothing"])
def test_what_only_mentions_us_says_nothing(comment):
    assert directive_of(comment) is None


def test_a_comment_is_about_its_statement_or_the_one_below(tmp_path):
    path = tmp_path / "a1.py"
    path.write_text(
        textwrap.dedent(
            '''\
            def upgrade():
                # migcheck: ignore[MC001] above the first, and the def
                op.one()
                op.two(
                    "x",  # migcheck: ignore[MC002] on any line of a call
                    """
                    # migcheck: ignore[MC003] in a string
                    """,
                )
                # migcheck: ignore[MC004] above, with more
                # comments between
                with block():
                    op.three()  # migcheck: ignore[MC005] on the line

                # migcheck: ignore[MC006] an empty line below

                op.four()
            '''
        )
    )
    found = {c.directive.entries[0]: {n for n in range(1, 20) if c.covers(n)} for c in comments_of(path)}
    assert found == {
        "MC001": {1, 2, 3},
        "MC002": {4, 5, 6, 7, 8, 9},
        "MC004": {12},
        "MC005": {13},
        "MC006": set(),
    }


def test_a_sql_comment_belongs_to_the_statement_it_stands_in_or_behind():
    script = "-- one\nCREATE TABLE a (x text DEFAULT '-- none'); -- two\nDROP TABLE b /* three */; -- four\n"
    found = comments(script)
    assert [(text, statement.splitlines()[-1][:12]) for text, statement in found] == [
        ("one", "CREATE TABLE"),
        ("two", "CREATE TABLE"),
        ("three", "DROP TABLE b"),
        ("four", "DROP TABLE b"),
    ]
