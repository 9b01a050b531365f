"""The labels of an enum are read back as they were, whatever is in them."""

from __future__ import annotations

import pytest

from pytest_migcheck.core.labels import read_labels, write_label


@pytest.mark.parametrize(
    ("listed", "labels"),
    [
        ("", []),
        ("new", ["new"]),
        ("new, in stock", ["new", "in stock"]),
        ("'a, b', c", ["a, b", "c"]),
        ("it's, '', ' , '", ["it's", "", " , "]),
        ("'a'', ''b', d'", ["a', 'b", "d'"]),
        ("'''c'", ["'c"]),
        ("two\nlines, ö", ["two\nlines", "ö"]),
    ],
)
def test_labels_are_read(listed: str, labels: list[str]) -> None:
    assert read_labels(listed) == labels
    assert ", ".join(map(write_label, labels)) == listed
