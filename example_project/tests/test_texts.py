from chat.texts import escape_like, title_from


def test_a_short_message_is_its_own_title() -> None:
    assert title_from("  How do I\nreset it? ") == "How do I reset it?"


def test_a_long_title_is_cut_between_words() -> None:
    title = title_from("word " * 40)
    assert len(title) <= 60
    assert title.endswith("word…")


def test_a_message_of_spaces_still_gets_a_title() -> None:
    assert title_from("   ") == "New session"


def test_wildcards_of_a_search_are_literal() -> None:
    assert escape_like(r"50%_\o/") == r"50\%\_\\o/"
