"""The two kinds of database that every promise of the facade's own tables is tried on."""

from __future__ import annotations

from pathlib import Path

import pytest

BOTH = ("sqlite", pytest.param("postgresql", marks=pytest.mark.peer("postgresql")))

on_both = pytest.mark.parametrize("database", BOTH)
"""Tries a test twice; it, or a fixture it uses, takes the name as ``database``."""


def empty_url(request: pytest.FixtureRequest, database: str, folder: Path) -> str:
    """The URL of an empty database of that kind; for PostgreSQL on the server of the fixture ``postgresql``."""
    if database == "sqlite":
        return f"sqlite:///{folder / 'empty.db'}"
    return str(request.getfixturevalue("postgresql").database())
