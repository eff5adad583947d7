"""A page of live claims costs the same few statements, whatever the member's history, and gives what a copy gives."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Engine

from fhir_facade.fhir.mapper import Mapper, no_labels
from fhir_facade.resources.live import LiveResources
from fhir_facade.resources.page import Viewer
from fhir_facade.search.query import SearchQuery
from fhir_facade_claims_sql import SqlSource
from tests.peers.mariadb import MariaDB
from tests.peers.postgresql import Server
from tests.plugins.sql import views
from tests.plugins.sql.conftest import DATABASES, opened

EOB = "ExplanationOfBenefit"
STATEMENTS_OF_A_PAGE = 6
STATEMENTS_OF_A_FULL_PAGE = 4
STATEMENTS_BEFORE_LINES = 2
ROWS_SORTED_FOR_A_PAGE = 100
HISTORIES = {"one": 1, "some": 50, "many": 2_000}


def resources(source: SqlSource) -> LiveResources:
    return LiveResources(source, Mapper("payer"), no_labels, seconds=30)


def counted(engine: Engine) -> list[str]:
    """Every statement from now on."""
    statements: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *call: statements.append(call[2]))
    return statements


def test_a_page_costs_at_most_six_statements_whatever_the_history(views_source: SqlSource) -> None:
    live, costs = resources(views_source), []
    live.search(Viewer(patient="payer-one"), SearchQuery(resource_type=EOB))  # a process learns once what keys hold
    statements = counted(views_source.engine)
    for who, claims in HISTORIES.items():
        page = None
        for _ in range(3 if claims > 20 else 1):
            statements.clear()
            page = live.search(
                Viewer(patient=f"payer-{who}"), SearchQuery(resource_type=EOB), page.next if page else None
            )
            assert len(page.matches) == min(claims, 10)
            costs.append(len(statements))

    assert max(costs) <= STATEMENTS_OF_A_PAGE, costs


def test_the_first_page_of_a_process_costs_one_statement_more(views_source: SqlSource) -> None:
    statements = counted(views_source.engine)

    resources(views_source).search(Viewer(patient="payer-some"), SearchQuery(resource_type=EOB))

    assert len(statements) <= STATEMENTS_OF_A_PAGE + 1


@pytest.mark.parametrize("views_url", DATABASES[1:], indirect=True)
def test_a_page_is_of_one_state_of_the_database_though_it_changes_meanwhile(
    views_source: SqlSource, views_url: str
) -> None:
    live, payer, seen = resources(views_source), sa.create_engine(views_url), []

    def change(*_: object) -> None:
        seen.append("statement")
        if len(seen) == STATEMENTS_BEFORE_LINES + 1 + views_source.fetcher.statements.sorts_whole:
            with payer.begin() as connection:
                connection.execute(views.item.update().values(charge=views.item.c.charge + 1))

    live.search(Viewer(patient="payer-one"), SearchQuery(resource_type=EOB))  # a process learns once what keys hold
    event.listen(views_source.engine, "before_cursor_execute", change)
    before, after = [live.search(Viewer(patient="payer-one"), SearchQuery(resource_type=EOB)) for _ in range(2)]
    payer.dispose()

    assert b"100.10" in before.matches[0].body
    assert b"100.10" not in after.matches[0].body


@pytest.mark.peer("mariadb")
def test_mariadb_sorts_hardly_more_than_the_page_of_a_long_history(mariadb: MariaDB, tmp_path: Path) -> None:
    source = opened(views.filled(mariadb.database(), HISTORIES), tmp_path, preset="cpcds-views", connections=1)
    live, page, found = resources(source), None, list[str]()

    def rows_sorted() -> int:
        with source.engine.connect() as connection:
            return int(connection.exec_driver_sql("SHOW SESSION STATUS LIKE 'Sort_rows'").one()[1])

    for _ in range(4):
        before = rows_sorted()
        page = live.search(Viewer(patient="payer-many"), SearchQuery(resource_type=EOB), page.next if page else None)
        found += [match.id for match in page.matches]
        assert rows_sorted() - before <= ROWS_SORTED_FOR_A_PAGE
    source.close()

    assert len(set(found)) == 40


@pytest.mark.peer("postgresql")
def test_the_server_prepares_the_statements_of_a_page_once_and_keeps_them(postgresql: Server, tmp_path: Path) -> None:
    source = opened(views.filled(postgresql.database(), HISTORIES), tmp_path, preset="cpcds-views", connections=1)
    live, planned = resources(source), []
    for _ in range(12):
        live.search(Viewer(patient="payer-some"), SearchQuery(resource_type=EOB))
        with source.engine.connect() as connection:
            count = "SELECT count(*) FROM pg_prepared_statements WHERE generic_plans + custom_plans > 0"
            planned.append(connection.exec_driver_sql(count).scalar_one())
            connection.connection.commit()
    source.close()

    assert planned[-1] >= STATEMENTS_OF_A_FULL_PAGE
    assert planned == sorted(planned)


def test_pages_hold_every_claim_once_in_order(views_source: SqlSource) -> None:
    live, found, after = resources(views_source), [], None
    while True:
        page = live.search(Viewer(patient="payer-some"), SearchQuery(resource_type=EOB, count=7), after)
        found += [(match.id, b'"2026-01-01"' in match.body) for match in page.matches]
        if page.next is None:
            break
        after = page.next

    assert len(set(found)) == HISTORIES["some"]
    assert found[0] == ("payer-some.0", True)
