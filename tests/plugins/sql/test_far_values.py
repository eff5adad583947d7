"""Values beyond what a record can hold cost the row that has them, never the run or the page."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa

from fhir_facade.contracts.claims import MemberRecords, Rejected
from fhir_facade_claims_sql import SqlSource
from fhir_facade_claims_sql.convert import Converter, UnfitError, to_instant, to_money, to_quantity, to_whole
from fhir_facade_claims_sql.spec import Spec
from tests.plugins.sql import views
from tests.plugins.sql.conftest import new_database, opened

COLUMN = Spec(columns=("c",))
FAR: list[object] = ["1E+30", "1e999999", "Infinity", "-inf", Decimal("Infinity"), Decimal("1E+28"), 1e300, "1E-999999"]


@pytest.mark.parametrize("convert", [to_money, to_quantity, to_whole])
@pytest.mark.parametrize("value", FAR)
def test_a_number_that_no_claim_can_hold_is_a_fault_of_its_column(convert: Converter, value: object) -> None:
    with pytest.raises(UnfitError, match=r"^c is beyond what a claim can hold: "):
        convert(COLUMN, {"c": value}, frozenset())


@pytest.mark.parametrize("convert", [to_money, to_quantity, to_whole])
@pytest.mark.parametrize("value", ["NaN", Decimal("NaN"), Decimal("sNaN"), float("nan")])
def test_what_says_that_it_is_no_number_is_unknown(convert: Converter, value: object) -> None:
    assert convert(COLUMN, {"c": value}, frozenset()) is None


def test_an_instant_whose_time_in_utc_is_in_no_calendar_is_a_fault_of_its_column() -> None:
    with pytest.raises(UnfitError, match=r"^c is not an instant: '9999-12-31 23:59:59-05:00'"):
        to_instant(COLUMN, {"c": "9999-12-31T23:59:59-05:00"}, frozenset())


@pytest.fixture(params=[pytest.param("postgresql", marks=pytest.mark.peer("postgresql"))])
def far(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlSource]:
    """PostgreSQL with a right that never ends, a claim without an end, and claims of years nobody knows."""
    url = views.filled(new_database(request, tmp_path), {"some": 6})
    payer = sa.create_engine(url)
    days = {"some.1": "infinity", "some.2": "20240-01-05", "some.3": "0044-03-15 BC"}
    with payer.begin() as connection:
        connection.execute(sa.text("UPDATE proxy SET until = 'infinity'"))
        for claim, day in days.items():
            connection.execute(sa.text(f"UPDATE bill SET day = '{day}' WHERE id = '{claim}'"))  # noqa: S608 - own names
    payer.dispose()
    source = opened(url, tmp_path, preset="cpcds-views")
    yield source
    source.close()


def test_days_that_no_date_can_hold_cost_their_claims_alone(far: SqlSource) -> None:
    told = list(far.changes(None))
    claims = [claim.claim_id for one in told if isinstance(one, MemberRecords) for claim in one.claims]
    faults = {str(one.position.line): one.reason for one in told if isinstance(one, Rejected)}

    assert sorted(claims) == ["some.0", "some.4", "some.5"]
    assert faults == {
        "some.1": "claim without service_start",
        "some.2": "service_start is not a date: '20240-01-05'",
        "some.3": "service_start is not a date: 'BC 0044-03-15'",
    }


def test_a_day_without_end_is_no_end(far: SqlSource) -> None:
    (parent,) = far.representatives("some")
    assert (parent.ends_on, parent.representative_id) == (None, "proxy-some")
    member = far.member("some")
    assert member is not None
    assert member.birth_date == date(1980, 1, 1)
