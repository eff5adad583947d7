"""Rows without what they are known by: each is listed, with the claims that go with it, and the rest is loaded."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa

from fhir_facade.contracts.claims import ClaimQuery, MemberRecords, Rejected
from tests.plugins.sql import views
from tests.plugins.sql.conftest import DATABASES, new_database, opened

CLAIMS = {"some": 3, "other": 2}


@pytest.fixture(params=DATABASES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return views.filled(new_database(request, tmp_path), CLAIMS)


def nulled(url: str, name: str, column: str, where: str) -> None:
    """Have a view say nothing in a column of some rows."""
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        made = views.view(connection, name).partition(" AS SELECT ")[2]
        quote = connection.dialect.identifier_preparer.quote
        names = list(connection.execute(sa.text(f"SELECT * FROM {name}")).keys())  # noqa: S608 - own names
        shown = [
            f"CASE WHEN {where} THEN NULL ELSE {quote(column)} END" if one == column else quote(one) for one in names
        ]
        columns = ", ".join(f"{what} AS {quote(one)}" for one, what in zip(names, shown, strict=True))
        connection.execute(sa.text(f"DROP VIEW {name}"))
        connection.execute(sa.text(f"CREATE VIEW {name} AS SELECT {columns} FROM (SELECT {made}) AS made"))  # noqa: S608
    engine.dispose()


def read(url: str, tmp_path: Path) -> tuple[list[str], list[tuple[str, str, str]]]:
    """Ids of the claims that are handed over, and table, key and reason of each reject."""
    source = opened(url, tmp_path, preset="cpcds-views")
    told = list(source.changes(None))
    source.close()
    claims = [claim.claim_id for one in told if isinstance(one, MemberRecords) for claim in one.claims]
    rejects = [(one.position.file, str(one.position.line), one.reason) for one in told if isinstance(one, Rejected)]
    return sorted(claims), sorted(rejects)


@pytest.mark.parametrize("column", ["member_number", "last_updated"])
def test_each_claim_of_a_member_who_is_left_out_is_listed(url: str, tmp_path: Path, column: str) -> None:
    nulled(url, "cpcds_member", column, "member_id = 'other'")
    claims, rejects = read(url, tmp_path)
    assert claims == ["some.0", "some.1", "some.2"]
    assert rejects == [
        ("cpcds_claim", "other.0", "the claim is left out: its member is left out"),
        ("cpcds_claim", "other.1", "the claim is left out: its member is left out"),
        ("cpcds_member", "other", f"member without {column}"),
    ]


def test_a_member_row_without_its_id_is_listed_with_its_claims(url: str, tmp_path: Path) -> None:
    nulled(url, "cpcds_member", "member_id", "family = 'Family other'")
    claims, rejects = read(url, tmp_path)
    assert claims == ["some.0", "some.1", "some.2"]
    nobody = "its member is not in cpcds_member, so nobody can be shown it"
    assert rejects == [
        ("cpcds_claim", "other.0", nobody),
        ("cpcds_claim", "other.1", nobody),
        ("cpcds_member", "member_id is NULL", "1 rows without member_id: nobody knows who they are"),
    ]


def test_a_claim_without_its_id_is_listed_and_costs_no_other(url: str, tmp_path: Path) -> None:
    nulled(url, "cpcds_claim", "claim_id", "claim_number = 'some.1'")
    claims, rejects = read(url, tmp_path)
    assert claims == ["other.0", "other.1", "some.0", "some.2"]
    assert ("cpcds_claim", "?", "claim without claim_id") in rejects


@pytest.mark.parametrize(
    ("name", "column"), [("cpcds_coverage", "subscriber_id"), ("cpcds_representative", "representative_id")]
)
def test_cover_and_a_representative_without_an_id_are_listed(url: str, tmp_path: Path, name: str, column: str) -> None:
    nulled(url, name, column, "1 = 1")
    _, rejects = read(url, tmp_path)
    assert {(file, reason) for file, _, reason in rejects} == {(name, f"{name.partition('_')[2]} without {column}")}


def test_a_line_number_that_is_none_and_an_order_of_several_types_cost_no_run(tmp_path: Path) -> None:
    url = views.filled(f"sqlite:///{tmp_path / 'payer.sqlite'}", CLAIMS)
    with sqlite3.connect(tmp_path / "payer.sqlite") as payer:
        payer.execute("UPDATE item SET number = 'NaN' WHERE bill = 'some.0' AND number = 2")
        payer.execute("UPDATE finding SET number = 'first' WHERE bill = 'some.1' AND number = 1")
    payer.close()
    claims, rejects = read(url, tmp_path)
    assert claims == ["other.0", "other.1", "some.1", "some.2"]
    assert rejects == [("cpcds_claim_line", "some.0", "line without number")]

    source = opened(url, tmp_path, preset="cpcds-views")
    page = source.search(ClaimQuery(member_id="some", count=10))
    source.close()
    (odd,) = [claim for claim in page.claims if claim.claim_id == "some.1"]
    assert [diagnosis.code.value for diagnosis in odd.diagnoses] == ["E11.9", "J45.909"]
