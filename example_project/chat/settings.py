"""Where the service finds its database."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

_ASYNC_SCHEME = "postgresql+asyncpg"


@dataclass(frozen=True)
class Settings:
    """What the service reads from its environment."""

    database_url: str
    pool_size: int = 5

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> Settings:
        return cls(
            database_url=with_async_driver(environ["DATABASE_URL"]),
            pool_size=int(environ.get("CHAT_POOL_SIZE", "5")),
        )


def with_async_driver(url: str) -> str:
    """Name asyncpg in a URL: hosting providers hand out plain postgres:// ones."""
    scheme, separator, rest = url.partition("://")
    if not separator or scheme.partition("+")[0] not in {"postgres", "postgresql"}:
        message = "DATABASE_URL must be a URL such as postgresql://user@host/chat"
        raise ValueError(message)
    return f"{_ASYNC_SCHEME}://{rest}"
