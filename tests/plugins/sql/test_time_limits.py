"""While whole tables are read no statement is cut off, afterwards each is again; each database has its own words."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from fhir_facade_claims_sql.database import reading, without_time_limit
from tests.plugins.sql.conftest import opened


class Told:
    """A connection to a server of that version; remembers what it is told."""

    def __init__(self, version: str) -> None:
        driver = SimpleNamespace(get_server_info=lambda: version)
        self.dialect = SimpleNamespace(name="mysql")
        self.connection = SimpleNamespace(info={"limit": 7}, driver_connection=driver)
        self.statements: list[str] = []

    def execute(self, statement: Any) -> None:
        """Remember it."""
        self.statements.append(str(statement))


@pytest.mark.parametrize(
    ("version", "before", "after"),
    [
        ("8.4.3", "SET SESSION max_execution_time = 0", "SET SESSION max_execution_time = 7000"),
        ("11.4.2-MariaDB", "SET SESSION max_statement_time = 0", "SET SESSION max_statement_time = 7"),
    ],
)
def test_mysql_and_mariadb_are_told_in_their_own_words(version: str, before: str, after: str) -> None:
    told = Told(version)
    with without_time_limit(told):  # type: ignore[arg-type]
        assert told.statements == [before]
    assert told.statements == [before, after]


@pytest.mark.peer("mariadb")
def test_the_limit_is_there_again_afterwards(mariadb: Any, tmp_path: Path) -> None:
    source = opened(mariadb.database(), tmp_path, preset="cpcds-views", statement_timeout_s=7, connections=1)

    with reading(source.engine) as connection:
        with without_time_limit(connection):
            within = _limit(connection)
        afterwards = _limit(connection)
    source.close()

    assert (within, afterwards) == (0, 7)


def _limit(connection: sa.Connection) -> float:
    return float(connection.execute(sa.text("SELECT @@max_statement_time")).scalar_one())
