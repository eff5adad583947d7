"""Syncs run on SQLite and, where one is installed, on a real PostgreSQL server."""

from __future__ import annotations

from tests.resources.conftest import filler, url

__all__ = ["filler", "url"]
