"""Alembic migrations of the store, one file per step, in the order of their numbers."""
