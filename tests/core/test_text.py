"""Texts of others as they are shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_migcheck.core.text import LIMIT, clean

ANY_TEXT = st.text(st.characters(exclude_categories=()))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("SELECT 1;\n\tSELECT 2;", "SELECT 1;\n\tSELECT 2;"),
        ("geprüft ✓ 漢 🦆", "geprüft ✓ 漢 🦆"),
        ("\x1b[31mred\x1b[0m\x07", r"\x1b[31mred\x1b[0m\x07"),
        ("over\rwritten, next\r\nline", "over\\x0dwritten, next\nline"),
        ("\x9b2J\x85\u2028\u2029", r"\x9b2J\x85\u2028\u2029"),
        ("half \udc80\ud83d", r"half \udc80\ud83d"),
        ("user\u202e\u2066nimda", r"user\u202e\u2066nimda"),
    ],
)
def test_what_acts_on_a_terminal_or_breaks_a_file_is_escaped(text: str, shown: str) -> None:
    assert clean(text) == shown


def test_the_middle_of_a_long_text_is_cut() -> None:
    text = "a" * 100_000 + "b" * 100_000
    shown = clean(text, 1040)
    assert shown == "a" * 750 + " [... 199000 characters cut ...] " + "b" * 250
    assert clean("a" * 1040, 1040) == "a" * 1040


@given(ANY_TEXT, st.integers(60, 100))
def test_a_clean_text_is_short_has_an_encoding_and_stays_as_it_is(text: str, limit: int) -> None:
    shown = clean(text * 9, limit)
    assert len(shown) <= limit
    assert shown.encode("utf-8").decode() == shown
    assert shown.splitlines() in (shown.split("\n"), shown.split("\n")[:-1])
    assert clean(shown, limit) == shown
    assert len(clean(text * LIMIT)) <= LIMIT
