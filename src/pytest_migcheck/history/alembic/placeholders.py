"""Replace the unusable URLs of a configuration, such as ``driver://`` of ``alembic init``; real ones stay."""

from __future__ import annotations

from alembic.config import Config
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

# psycopg serves synchronous and asynchronous engines alike, and it is a dependency of this plugin.
_DRIVER = "postgresql+psycopg"


def replace_placeholders(config: Config) -> None:
    """Give each section whose ``sqlalchemy.url`` names no dialect, and the main one, a URL that SQLAlchemy accepts."""
    parser = config.file_config
    main = config.config_ini_section
    if parser.has_section(main) and not parser.has_option(main, "sqlalchemy.url"):
        config.set_section_option(main, "sqlalchemy.url", f"{_DRIVER}://placeholder/database")
    for section in parser.sections():
        if not parser.has_option(section, "sqlalchemy.url"):
            continue
        value = parser.get(section, "sqlalchemy.url", raw=True)
        if _is_placeholder(value):
            name = value.rpartition("/")[2] or "database"
            config.set_section_option(section, "sqlalchemy.url", f"{_DRIVER}://placeholder/{name}")


def _is_placeholder(value: str) -> bool:
    if value.strip() == "" or value.startswith("driver://"):
        return True
    try:
        make_url(value.replace("%%", "%"))
    except ArgumentError:
        return "%(" not in value
    return False
