"""Histories kept by Alembic: finding them, running their env.py unmodified, reading their models."""
