"""CMS's DE-SynPUF, loaded by the documented command and read through its preset: every row is accounted for."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from fhir_facade.cli.main import main
from fhir_facade.contracts.claims import ClaimQuery, MemberRecords, Rejected
from fhir_facade.contracts.records import ClaimKind
from fhir_facade.fhir.mapper import Mapped, Mapper
from fhir_facade_claims_sql import SqlSource
from tests.plugins.sql.conftest import DATABASES, opened
from tests.plugins.sql.desynpuf import some

CLAIM_ROWS = {"inpatient": 128, "outpatient": 1_743, "carrier": 10_721, "prescription": 10_628}
OUTPATIENT = "DE1_0_2008_to_2010_Outpatient_Claims_Sample_TestB.csv"


def loaded(folder: Path, url: str) -> dict[str, int]:
    """Rows of each table, as the command says."""
    done = CliRunner().invoke(main, ["load-csv", str(folder), "--into", url, "--preset", "desynpuf", "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.output)
    assert told["rejected"] == []
    return told["rows"]  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def whole(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Every file in SQLite."""
    url = f"sqlite:///{tmp_path_factory.mktemp('desynpuf') / 'claims.sqlite'}"
    assert loaded(shared / "data/de-synpuf", url) == {"beneficiary": 735, **CLAIM_ROWS}
    return url


@pytest.fixture
def source(whole: str, tmp_path: Path) -> Iterator[SqlSource]:
    found = opened(whole, tmp_path, preset="desynpuf")
    yield found
    found.close()


def test_every_claim_row_becomes_a_claim_or_part_of_one_or_a_named_reject(
    source: SqlSource, figure: Callable[[str], None]
) -> None:
    mapper, published, lines, rejected = Mapper("synpuf"), Counter[str](), Counter[str](), list[Rejected]()
    for change in source.changes(None):
        if isinstance(change, Rejected):
            rejected.append(change)
        elif isinstance(change, MemberRecords):
            mapped = list(mapper.resources(change))
            assert [one for one in mapped if not isinstance(one, Mapped)] == []
            published.update(claim.kind for claim in change.claims)
            for claim in change.claims:
                lines[claim.kind] += len(claim.lines)

    joined = CLAIM_ROWS["outpatient"] - published[ClaimKind.OUTPATIENT] - len(rejected)
    account = sum(published.values()) + joined + len(rejected)
    told = f"{sum(CLAIM_ROWS.values()):,} claim rows in: {sum(published.values()):,} claims published, {joined} second "
    told += f"segments joined to their claim, {len(rejected)} rejected: {[str(one.reason) for one in rejected]}"
    figure(told)
    print(told)
    assert account == sum(CLAIM_ROWS.values()) == 23_220
    assert published == {
        ClaimKind.INPATIENT: 128,
        ClaimKind.OUTPATIENT: 1_708,
        ClaimKind.PROFESSIONAL: 10_721,
        ClaimKind.PHARMACY: 10_628,
    }
    assert (joined, [(one.position.file, one.position.line) for one in rejected]) == (
        34,
        [("outpatient", SEGMENT_ALONE)],
    )
    assert lines == {"inpatient": 128, "outpatient": 9_722, "professional": 21_504, "pharmacy": 10_628}


SEGMENT_ALONE = "542262281054153"
"""The claim whose second segment stands in the files without its first."""


def test_a_second_segment_continues_the_lines_of_its_claim(source: SqlSource) -> None:
    with source.engine.connect() as connection:
        asked = sa.text("SELECT desynpuf_id FROM outpatient WHERE clm_id = '542052281361022'")
        member = connection.execute(asked).scalars().first()

    claim = source.claim(str(member), "outpatient-542052281361022")

    assert claim is not None
    assert len(claim.lines) == 45
    assert claim.lines[-1].number == 46
    assert claim.amounts == {"benefit": 60, "priorpayerpaid": 0, "deductible": 0, "coinsurance": 10}


def test_the_lines_of_a_carrier_row_keep_their_own_amounts(source: SqlSource) -> None:
    found = source.search(ClaimQuery(member_id="00013D2EFD8E45D1", count=100)).claims
    (claim,) = [one for one in found if one.claim_id == "carrier-887733386680966"]

    (line,) = claim.lines
    assert {str(kind): str(amount) for kind, amount in line.amounts.items()} == {
        "eligible": "60.00", "benefit": "50.00", "deductible": "0.00", "coinsurance": "10.00", "priorpayerpaid": "0.00",
    }  # fmt: skip
    assert [str(one.code.value) for one in claim.diagnoses if one.code] == ["7245", "7244", "6272"]


@pytest.mark.parametrize("database", DATABASES)
def test_live_and_extract_say_the_same_on_every_database(
    database: str, shared: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    folder = some(shared / "data/de-synpuf", tmp_path / "files", 6)
    url = f"sqlite:///{tmp_path / 'some.sqlite'}"
    url = url if database == "sqlite" else request.getfixturevalue(database).database()
    rows = loaded(folder, url)
    found = opened(url, tmp_path, preset="desynpuf")

    assert found.check() == []
    claims = 0
    for change in found.changes(None):
        if isinstance(change, MemberRecords):
            member = change.member.member_id
            assert (found.member(member), tuple(found.coverages(member))) == (change.member, change.coverages)
            page = found.search(ClaimQuery(member_id=member, count=500))
            assert page.claims == change.claims
            claims += len(page.claims)
    found.close()

    second = sum(line.split(",")[2] == "2" for line in (folder / OUTPATIENT).read_text().splitlines())
    assert claims + second == sum(rows[table] for table in CLAIM_ROWS) > 500
