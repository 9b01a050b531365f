"""Rows for tables: drawn from what the catalog allows, aimed at what a migration does."""
