"""The names that users import for annotations; mypy checks their types on ``tests/typing/``."""

from __future__ import annotations

import pytest

import pytest_migcheck


def test_every_public_name_is_there_and_no_other() -> None:
    assert all(hasattr(pytest_migcheck, name) for name in pytest_migcheck.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'Nonsense'"):
        pytest_migcheck.Nonsense  # noqa: B018
