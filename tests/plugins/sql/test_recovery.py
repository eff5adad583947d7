"""A database that goes away or changes its shape while it is asked: a plain refusal, and no restart to recover."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Engine

from fhir_facade.contracts.claims import MemberRecords
from fhir_facade.contracts.errors import ClaimsUnavailable
from fhir_facade.fhir.mapper import Mapper, no_labels
from fhir_facade.resources.live import LiveResources
from fhir_facade.resources.page import Viewer
from fhir_facade.search.query import SearchQuery
from fhir_facade_claims_sql import SqlSource
from tests.plugins.sql import views
from tests.plugins.sql.conftest import DATABASES, new_database, opened

ME = Viewer(patient="payer-some")


@pytest.fixture(params=DATABASES)
def payer(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """The payer's own connection to a database with the CPCDS views and two members."""
    engine = sa.create_engine(views.filled(new_database(request, tmp_path), {"some": 20, "other": 3}))
    yield engine
    engine.dispose()


@pytest.fixture
def source(payer: Engine, tmp_path: Path) -> Iterator[SqlSource]:
    found = opened(payer.url.render_as_string(hide_password=False), tmp_path, preset="cpcds-views")
    yield found
    found.close()


@pytest.fixture
def live(source: SqlSource) -> LiveResources:
    return LiveResources(source, Mapper("payer"), no_labels, seconds=30)


def seen(live: LiveResources, kind: str = "ExplanationOfBenefit") -> int:
    return len(live.search(ME, SearchQuery(resource_type=kind, count=50)).matches)


def change(payer: Engine, name: str, renamed: str = "") -> None:
    """Make a view anew, one column of another name."""
    with payer.begin() as connection:
        connection.execute(sa.text(f"DROP VIEW {name}"))
        connection.execute(sa.text(views.view(connection, name, renamed)))


def test_a_column_renamed_at_run_time_refuses_pages_until_it_is_back(payer: Engine, live: LiveResources) -> None:
    assert [seen(live) for _ in range(7)] == [20] * 7  # by then statements are kept by the server, too

    change(payer, "cpcds_claim_line", "amounts_submitted")
    with pytest.raises(ClaimsUnavailable, match="amounts_submitted"):
        seen(live)
    covers = seen(live, "Coverage")
    change(payer, "cpcds_claim_line")

    assert covers == 1
    assert [seen(live) for _ in range(7)] == [20] * 7


@pytest.mark.parametrize("payer", DATABASES[1:2], indirect=True)
def test_a_column_of_another_type_refuses_one_page_and_no_more(payer: Engine, live: LiveResources) -> None:
    assert [seen(live) for _ in range(7)] == [20] * 7  # by then the server has prepared the statements

    with payer.begin() as connection:
        text = views.view(connection, "cpcds_claim")
        connection.execute(sa.text("DROP VIEW cpcds_claim"))
        connection.execute(sa.text(text.replace("CHAR(40)) AS payee", "VARCHAR(9)) AS payee")))
    with pytest.raises(ClaimsUnavailable, match="cached plan"):
        seen(live)

    assert [seen(live) for _ in range(7)] == [20] * 7


def test_a_renamed_column_is_named_by_check(payer: Engine, source: SqlSource) -> None:
    change(payer, "cpcds_member", "birth_date")

    (fault, *_) = source.check()

    assert "member" in fault
    assert "birth_date" in fault


def cut(payer: Engine) -> None:
    """End every connection to the database but the payer's own."""
    with payer.begin() as connection:
        if payer.dialect.name == "postgresql":
            others = "pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            connection.execute(sa.text(f"SELECT pg_terminate_backend(pid) FROM {others}"))  # noqa: S608 - own text
            return
        others = "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()"
        for one in connection.execute(sa.text(others)).scalars().all():
            connection.execute(sa.text(f"KILL {one}"))


@pytest.mark.parametrize("payer", DATABASES[1:], indirect=True)
@pytest.mark.parametrize("statement", [1, 2, 3, 4])
def test_a_connection_lost_at_any_statement_of_a_page_is_one_refusal_and_no_more(
    payer: Engine, source: SqlSource, live: LiveResources, statement: int
) -> None:
    assert seen(live) == 20
    count = 0

    def lose(*_: object) -> None:
        nonlocal count
        count += 1
        if count == statement:
            cut(payer)

    event.listen(source.engine, "before_cursor_execute", lose)

    with pytest.raises(ClaimsUnavailable, match="cannot answer"):
        seen(live)
    assert seen(live) == 20


@pytest.mark.parametrize("payer", DATABASES[1:], indirect=True)
def test_connections_lost_while_nobody_asked_are_noticed_before_they_are_used(
    payer: Engine, live: LiveResources, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert seen(live) == 20
    cut(payer)
    monkeypatch.setattr("fhir_facade_claims_sql.database._RESTED_S", 0.0)

    assert seen(live) == 20


def test_a_file_that_is_no_database_is_refused_until_the_database_is_back(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    place = tmp_path / "payer.sqlite"
    views.filled(f"sqlite:///{place}", {"some": 20})
    whole = place.read_bytes()
    place.write_bytes(b"something else " * 1_000)
    source = opened(f"sqlite:///{place}", tmp_path, preset="cpcds-views")
    request.addfinalizer(source.close)
    live = LiveResources(source, Mapper("payer"), no_labels, seconds=30)

    with pytest.raises(ClaimsUnavailable, match="not a database"):
        seen(live)
    place.write_bytes(whole)

    assert seen(live) == 20


def test_a_representative_is_found_shown_and_may_act_for_the_member_alone(live: LiveResources) -> None:
    assert live.match({"medicaid-id": "proxy-some"}) == ["RelatedPerson/payer-proxy-some"]
    assert live.match({"medicaid-id": "some"}) == ["Patient/payer-some"]
    assert live.represented("payer-proxy-some") == ["payer-some"]
    assert live.represented("payer-proxy-nobody") == []
    assert seen(live, "RelatedPerson") == 1
    assert live.read(ME, "RelatedPerson", "payer-proxy-other") is None


def test_a_representative_whose_time_is_over_may_act_for_nobody(payer: Engine, live: LiveResources) -> None:
    with payer.begin() as connection:
        connection.execute(views.proxy.update().values(until=date(2020, 1, 1)))

    assert live.represented("payer-proxy-some") == []


def test_representatives_of_an_extract_are_those_of_the_live_source(source: SqlSource) -> None:
    handed = [change for change in source.changes(None) if isinstance(change, MemberRecords)]

    assert [[one.representative_id for one in change.representatives] for change in handed] == [
        ["proxy-other"],
        ["proxy-some"],
    ]
    assert handed[1].representatives == tuple(source.representatives("some"))
