"""Verify database migrations against a real PostgreSQL, from pytest."""

__version__ = "0.1.0"
