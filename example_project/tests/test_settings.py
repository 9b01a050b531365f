import pytest
from chat.settings import Settings, with_async_driver


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg", "postgresql+asyncpg"])
def test_every_postgresql_url_gets_the_async_driver(scheme: str) -> None:
    assert with_async_driver(f"{scheme}://u:p%40@h/chat") == "postgresql+asyncpg://u:p%40@h/chat"


@pytest.mark.parametrize("url", ["mysql://h/chat", "chat"])
def test_another_database_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="DATABASE_URL must be"):
        with_async_driver(url)


def test_the_environment_must_name_the_database() -> None:
    with pytest.raises(KeyError, match="DATABASE_URL"):
        Settings.from_environment({})
