"""Reading the catalog of a database, whole or only what was touched."""

from pytest_migcheck.postgres.catalog.reader import CatalogReader
from pytest_migcheck.postgres.catalog.touched import unheard

__all__ = ["CatalogReader", "unheard"]
