"""Getting a disposable PostgreSQL, its databases, and reading their catalogs."""
