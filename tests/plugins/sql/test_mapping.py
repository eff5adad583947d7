"""A mapping says everything that is wrong with it at once, and a hostile database never breaks the facade."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa

from fhir_facade.contracts.claims import Checkpoint, ClaimQuery, MemberRecords, Rejected
from fhir_facade.contracts.errors import ClaimsUnavailable, ConfigError
from fhir_facade_claims_sql import PRESETS
from fhir_facade_claims_sql.claims import MOST_ROWS
from fhir_facade_claims_sql.convert import UnfitError, to_date, to_flag, to_instant, to_money, to_quantity
from fhir_facade_claims_sql.mapping import load
from fhir_facade_claims_sql.spec import Spec
from tests.plugins.sql.conftest import opened

MAPPING = """
mapping = 1
[member]
table = "people"
[member.fields]
member_id = "id"
member_number = { column = "id", system = "https://payer.example/id" }
family = "name"
last_updated = "changed"
[coverage]
table = "people"
member_id = "id"
[coverage.fields]
coverage_id = "id"
member_id = "id"
subscriber_id = "id"
last_updated = "changed"
[[claims]]
[claims.claim]
table = "claims"
[claims.claim.fields]
claim_id = { column = "id", encode = "hex" }
member_id = "person"
claim_number = { column = "id", system = "https://payer.example/claim" }
kind = { column = "kind", values = { P = "professional" } }
last_updated = "changed"
service_start = "day"
[claims.line]
table = "lines"
claim_id = "claim"
[claims.line.fields]
number = "number"
"amounts.submitted" = "charge"
procedure = { column = "code", system = "procedure" }
[[claims.diagnosis]]
[claims.diagnosis.fields]
code = { column = "dx{n}", repeat = 2, system = "icd-10-cm" }
"""

TABLES = """
CREATE TABLE people (id TEXT, name TEXT, changed TEXT);
CREATE TABLE claims (id TEXT, person TEXT, kind TEXT, changed TEXT, day TEXT, dx1 TEXT, dx2 TEXT);
CREATE TABLE lines (claim TEXT, number INTEGER, charge NUMERIC, code TEXT);
INSERT INTO people VALUES ('a', 'Ärger', '2025-01-01'), ('b', NULL, '2025-01-02T03:04:05+02:00');
INSERT INTO claims VALUES
  ('1/x', 'a', 'P', '2025-02-01', '2025-01-20', 'J45.909', NULL),
  ('2', 'a', '?', '2025-02-01', '2025-01-21', 'J45.909', NULL),
  ('3', 'a', 'P', '2025-02-01', '22.01.2025', NULL, 'E11.9'),
  ('4', 'a', 'P', '2025-02-01', '2025-01-23', 'E11.9', 'I10');
INSERT INTO lines VALUES ('1/x', 1, 100.10, '99213'), ('3', 1, 5, 'G0001'), ('4', 2, 0.005, 'D0120'), ('9', 1, 1, 'X');
"""


@pytest.fixture
def url(tmp_path: Path) -> str:
    import sqlite3

    path = tmp_path / "claims.sqlite"
    with sqlite3.connect(path) as connection:
        connection.executescript(TABLES)
    connection.close()
    return f"sqlite:///{path}"


def mapping(tmp_path: Path, text: str = MAPPING) -> Path:
    path = tmp_path / "mapping.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_is_free_of_faults(preset: str) -> None:
    import fhir_facade_claims_sql

    assert load(Path(fhir_facade_claims_sql.__file__).parent / "presets" / f"{preset}.toml").claims


def test_every_fault_of_a_mapping_is_in_one_error(tmp_path: Path) -> None:
    broken = MAPPING.replace("mapping = 1", "mapping = 2").replace('family = "name"', 'surname = "name"')
    broken = broken.replace('claim_id = "claim"\n', "").replace('number = "number"\n', "")
    broken = broken.replace('table = "claims"', "tabel = 'claims'").replace(
        'system = "procedure"', 'system = ["a", "b"]'
    )

    with pytest.raises(ConfigError) as raised:
        load(mapping(tmp_path, broken))

    message = str(raised.value)
    for fault in (
        "mapping: must be 1",
        "surname",
        "line.claim_id",
        "line.fields.number",
        "tabel",
        "needs a table",
        "procedure.system: a list",
    ):
        assert fault in message


def test_a_row_that_cannot_become_a_claim_is_listed_and_the_rest_is_loaded(url: str, tmp_path: Path) -> None:
    source = opened(url, tmp_path, preset=None, mapping=mapping(tmp_path))

    changes = list(source.changes(None))
    source.close()

    claims = [claim for change in changes if isinstance(change, MemberRecords) for claim in change.claims]
    rejected = {str(one.position.line): one.reason for one in changes if isinstance(one, Rejected)}
    assert [claim.claim_id for claim in claims] == [b"1/x".hex()]
    assert claims[0].lines[0].amounts["submitted"] == Decimal("100.10")  # type: ignore[index]
    assert "does not know" in rejected["2"]
    assert "not a date" in rejected["3"]
    assert "fractions of a cent" in rejected["4"]


def test_an_id_with_other_characters_is_encoded_and_found_again(url: str, tmp_path: Path) -> None:
    source = opened(url, tmp_path, preset=None, mapping=mapping(tmp_path))

    found = source.claim("a", b"1/x".hex())
    unknown = source.claim("a", "zz")
    source.close()

    assert found is not None
    assert unknown is None


def test_a_renamed_column_is_named_by_check_and_answered_as_unavailable(url: str, tmp_path: Path) -> None:
    source = opened(url, tmp_path, preset=None, mapping=mapping(tmp_path, MAPPING.replace('"charge"', '"amount"')))

    with pytest.raises(ClaimsUnavailable):
        source.search(ClaimQuery(member_id="a", count=10))
    faults = source.check()
    source.close()

    assert any("amount" in fault for fault in faults)


def test_a_renamed_column_of_a_part_in_the_claims_own_row_is_named_by_check(url: str, tmp_path: Path) -> None:
    source = opened(url, tmp_path, preset=None, mapping=mapping(tmp_path, MAPPING.replace("repeat = 2", "repeat = 3")))
    (fault,) = source.check()
    source.close()

    assert "dx3" in fault


def test_a_reject_of_a_part_in_the_claims_own_row_names_the_claims_table(url: str, tmp_path: Path) -> None:
    source = opened(url, tmp_path, preset=None, mapping=mapping(tmp_path, MAPPING + 'role = "dx1"'))
    rejected = [one for one in source.changes(None) if isinstance(one, Rejected) and "dx1" in one.reason]
    source.close()

    assert [(one.position.file, one.position.line) for one in rejected] == [("claims", "1/x")]


def test_a_database_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    source = opened("postgresql://nobody@127.0.0.1:1/none", tmp_path)

    with pytest.raises(ClaimsUnavailable):
        source.member("10")
    (fault,) = source.check()
    source.close()
    assert "refused" in fault
    assert "check the URL, the network, and the account" in fault


def test_lines_without_a_claim_and_claims_without_a_member_are_listed(url: str, tmp_path: Path) -> None:
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(
            sa.text("INSERT INTO claims VALUES ('5', 'nobody', 'P', '2025-02-01', '2025-01-24', '', '')")
        )
    engine.dispose()
    told = []
    for orphans in (True, False):
        source = opened(url, tmp_path, preset=None, mapping=mapping(tmp_path), orphans=orphans)
        rejects = [one for one in source.changes(None) if isinstance(one, Rejected)]
        told.append(
            [(one.position.file, one.position.line, one.reason) for one in rejects if "is not in" in one.reason]
        )
        source.close()

    assert told == [
        [
            ("claims", "5", "its member is not in people, so nobody can be shown it"),
            ("lines", "9", "its claim is not in claims, so there is nothing it could be a part of"),
        ],
        [],
    ]


def test_a_claim_with_very_many_lines_is_listed_and_the_rest_is_loaded(url: str, tmp_path: Path) -> None:
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        rows = [{"number": number} for number in range(MOST_ROWS + 1)]
        connection.execute(sa.text("INSERT INTO lines VALUES ('4', :number, 1, 'D0120')"), rows)
    engine.dispose()
    source = opened(url, tmp_path, preset=None, mapping=mapping(tmp_path))

    changes = list(source.changes(None))
    source.close()

    reasons = {str(one.position.line): one.reason for one in changes if isinstance(one, Rejected)}
    assert reasons["4"] == "it has 10,002 rows of lines; a claim has at most 10,000"
    assert [claim.claim_id for one in changes if isinstance(one, MemberRecords) for claim in one.claims] == [
        b"1/x".hex()
    ]


def test_a_database_that_fails_in_the_middle_of_a_read_loses_nothing(url: str, tmp_path: Path) -> None:
    source = opened(url, tmp_path, preset=None, mapping=mapping(tmp_path))
    engine = sa.create_engine(url)
    run, seen = source.changes(None), []
    while not isinstance(change := next(run), Checkpoint):
        seen.append(change)
    with engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE claims RENAME TO gone"))

    with pytest.raises(ClaimsUnavailable, match="no such table: claims"):
        list(run)
    with engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE gone RENAME TO claims"))
    rest = list(source.changes(change.watermark))
    source.close()
    engine.dispose()

    assert [one.member.member_id for one in seen if isinstance(one, MemberRecords)] == ["a", "b"]
    assert [one.position.line for one in rest if isinstance(one, Rejected)] == ["9"]
    assert rest[-1] == Checkpoint(watermark="", finished=True)


def test_a_slow_statement_is_cut_off(url: str, tmp_path: Path) -> None:
    slow = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000000) SELECT * FROM people, n"
    text = MAPPING.replace('[member]\ntable = "people"', f'[member]\nselect = "{slow}"')
    source = opened(url, tmp_path, preset=None, mapping=mapping(tmp_path, text), statement_timeout_s=1)

    with pytest.raises(ClaimsUnavailable):
        list(source.changes(None))
    source.close()


@pytest.mark.parametrize(
    "settings", [{"preset": "nothing"}, {"preset": None}, {"preset": "tuva", "mapping": Path("x")}]
)
def test_a_wrong_choice_of_mapping_is_a_config_error(tmp_path: Path, settings: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        opened("sqlite://", tmp_path, **settings)


@pytest.mark.parametrize(
    ("convert", "raw", "wanted"),
    [
        (to_date, "2025-01-20T10:00:00", date(2025, 1, 20)),
        (to_date, datetime(2025, 1, 20, 10), date(2025, 1, 20)),  # noqa: DTZ001 - databases hand over such values
        (to_money, "100.1", Decimal("100.10")),
        (to_money, 100, Decimal("100.00")),
        (to_quantity, Decimal("4.00"), Decimal("4")),
        (to_quantity, "1.50", Decimal("1.50")),
        (to_flag, "Y", True),
        (to_flag, 0, False),
        (to_instant, None, None),
    ],
)
def test_values_of_databases_become_values_of_records(convert, raw: object, wanted: object) -> None:
    assert convert(Spec(columns=("c",)), {"c": raw}, frozenset({""})) == wanted


@pytest.mark.parametrize(
    ("convert", "raw"), [(to_date, "31.12.2025"), (to_money, "ten"), (to_flag, "perhaps"), (to_instant, "x")]
)
def test_a_value_that_does_not_fit_says_so(convert, raw: str) -> None:
    with pytest.raises(UnfitError, match="c is"):
        convert(Spec(columns=("c",)), {"c": raw}, frozenset())
