"""On every database: only reads, for so long and no longer, and a missing index is told before it hurts."""

from __future__ import annotations

import sqlite3
import sys
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from fhir_facade.contracts.claims import HasNotes
from fhir_facade.contracts.errors import ClaimsUnavailable, ConfigError
from fhir_facade_claims_sql import SqlSource
from fhir_facade_claims_sql.checks import notes_of
from tests.plugins.sql import views
from tests.plugins.sql.conftest import opened

SLOW = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900000000) "
    "SELECT v.* FROM cpcds_member AS v, n",
    "postgresql": "SELECT v.* FROM cpcds_member AS v, pg_sleep(30)",
    "mysql": "SELECT v.* FROM cpcds_member AS v WHERE SLEEP(30) = 0",
}
HISTORIES = {"some": 1_200, "other": 3}
"""One member has nearly all the claims."""


@pytest.mark.parametrize("statement", ["DELETE FROM bill", "UPDATE bill SET total = 0", "CREATE TABLE more (id INT)"])
def test_nothing_can_be_written_in_a_transaction_or_alone(views_source: SqlSource, statement: str) -> None:
    for engine in (views_source.engine, views_source.alone):
        with pytest.raises(sa.exc.DatabaseError), engine.begin() as connection:
            connection.execute(sa.text(statement))
    assert views_source.progress().total == 2


def test_a_statement_that_takes_too_long_is_cut_off_and_the_next_one_is_answered(
    views_url: str, tmp_path: Path
) -> None:
    slow = SLOW[sa.make_url(views_url).get_backend_name()]
    text = views.PRESET.read_text(encoding="utf-8")
    mapping = tmp_path / "slow.toml"
    mapping.write_text(text.replace('[member]\ntable = "cpcds_member"', f'[member]\nselect = "{slow}"'))
    source = opened(views_url, tmp_path, preset=None, mapping=mapping, statement_timeout_s=1)
    begun = time.monotonic()

    with pytest.raises(ClaimsUnavailable, match="cannot answer"):
        source.member("some")
    took = time.monotonic() - begun
    covers = source.coverages("some")
    source.close()

    assert took < 10
    assert len(covers) == 1


def test_an_index_that_is_there_is_never_missed_however_uneven_the_members(views_source: SqlSource) -> None:
    assert views_source.check() == []
    assert isinstance(views_source, HasNotes)
    assert views_source.notes() == []


def test_every_missing_index_is_named_with_what_it_would_cost(views_url: str, views_source: SqlSource) -> None:
    engine = sa.create_engine(views_url)
    index = next(iter(views.bill.indexes))
    with engine.begin() as connection:
        index.drop(connection)
    try:
        faults = views_source.check()
    finally:
        with engine.begin() as connection:
            index.create(connection)
        engine.dispose()

    assert [fault for fault in faults if "cpcds_claim.member_id: every page" in fault] == faults != []


def test_a_database_whose_plans_are_not_understood_is_said_to_be_so() -> None:
    (note,) = notes_of("oracle")

    assert note.startswith("cannot tell whether indexes are missing on oracle")


def test_a_file_that_is_not_there_is_named_and_not_made(tmp_path: Path) -> None:
    source = opened(f"sqlite:///{tmp_path / 'nowhere.sqlite'}", tmp_path)

    (fault,) = source.check()
    source.close()

    assert "unable to open database file: there is none of that name; check the URL" in fault
    assert not (tmp_path / "nowhere.sqlite").exists()


def test_a_file_that_comes_later_is_read(tmp_path: Path) -> None:
    place = tmp_path / "later.sqlite"
    source = opened(f"sqlite:///{place}", tmp_path)
    with pytest.raises(ClaimsUnavailable):
        source.member("10")

    sqlite3.connect(place).close()
    place.touch()

    assert any("no such table" in fault for fault in source.check())
    source.close()


@pytest.mark.parametrize(
    ("url", "driver", "extra"), [("postgres", "psycopg", "postgresql"), ("mysql", "pymysql", "mariadb")]
)
def test_a_driver_that_is_not_installed_is_named_as_it_is_installed(
    url: str, driver: str, extra: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, driver, None)

    with pytest.raises(ConfigError, match=rf"pip install 'fhir-facade\[{extra}\]'") as raised:
        opened(f"{url}://reader:a-password@db/claims", tmp_path)

    assert "a-password" not in str(raised.value)
