"""Files that are wrong are refused by name, lines that are wrong are listed with their place, the rest is loaded."""

from __future__ import annotations

import gzip
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from fhir_facade.cli.main import main
from fhir_facade_claims_sql.loading import LONGEST_CELL

MAPPING = """
mapping = 1
[files]
people = "people*"
claims = "claims*"
[member]
table = "people"
[member.fields]
member_id = "id"
member_number = { column = "id", system = "https://payer.example/id" }
last_updated = { value = "2025-01-01" }
[coverage]
table = "people"
[coverage.fields]
coverage_id = "id"
member_id = "id"
subscriber_id = "id"
last_updated = { value = "2025-01-01" }
[[claims]]
[claims.claim]
table = "claims"
[claims.claim.fields]
claim_id = "claim"
member_id = "person"
claim_number = "claim"
kind = { value = "professional" }
last_updated = { value = "2025-01-01" }
service_start = "day"
[claims.line]
[claims.line.fields]
number = "line"
"""
PEOPLE = 'ID,Name\na,"Ortiz, Ana"\nb,"two\nlines"\n'
CLAIMS = "claim,person,day,line\nc1,a,2025-01-02,1\nc2,b,2025-01-03,2\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    (tmp_path / "mapping.toml").write_text(MAPPING, encoding="utf-8")
    (tmp_path / "in/people.csv").write_text(PEOPLE, encoding="utf-8")
    (tmp_path / "in/claims.csv").write_text(CLAIMS, encoding="utf-8")
    return tmp_path / "in"


def load(folder: Path, *more: str) -> Result:
    url = f"sqlite:///{folder.parent / 'claims.sqlite'}"
    mapping = str(folder.parent / "mapping.toml")
    return CliRunner().invoke(main, ["load-csv", str(folder), "--into", url, "--mapping", mapping, "--json", *more])


def told(folder: Path, *more: str) -> Any:
    return json.loads(load(folder, *more).stdout)


def rows(folder: Path, statement: str) -> list[tuple[object, ...]]:
    engine = sa.create_engine(f"sqlite:///{folder.parent / 'claims.sqlite'}")
    with engine.connect() as connection:
        found = [tuple(row) for row in connection.execute(sa.text(statement))]
    engine.dispose()
    return found


def test_values_with_delimiters_and_line_ends_stay_whole(folder: Path) -> None:
    assert told(folder) == {"rows": {"people": 2, "claims": 2}, "rejected": []}
    assert rows(folder, "SELECT id, name, source_file, source_line FROM people") == [
        ("a", "Ortiz, Ana", "people.csv", 2),
        ("b", "two\nlines", "people.csv", 4),
    ]
    assert rows(folder, "SELECT line FROM claims WHERE claim = 'c2'") == [(2,)]


@pytest.mark.parametrize("kind", ["gz", "zip", "bom"])
def test_packed_files_and_files_with_a_byte_order_mark_are_read(folder: Path, kind: str) -> None:
    (folder / "people.csv").unlink()
    if kind == "gz":
        (folder / "People_1.csv.gz").write_bytes(gzip.compress(PEOPLE.encode()))
    elif kind == "zip":
        with zipfile.ZipFile(folder / "PEOPLE.zip", "w") as archive:
            archive.writestr("whatever.CSV", PEOPLE)
    else:
        (folder / "people.csv").write_bytes(b"\xef\xbb\xbf" + PEOPLE.encode())

    assert told(folder)["rows"] == {"people": 2, "claims": 2}


def test_lines_that_cannot_be_loaded_are_listed_with_their_place_and_the_rest_is_loaded(folder: Path) -> None:
    bad = [
        b"c3,a,2025-01-02",
        b"c4,\xff,2025-01-02,1",
        b"c5,a,2025-01-02,one",
        b"c6,a\0,2025-01-02,1",
        b"c7,a,2025-01-02,",
    ]
    (folder / "claims.csv").write_bytes(CLAIMS.encode() + b"\n".join(bad) + b"\n")

    result = load(folder)

    assert result.exit_code == 1
    assert json.loads(result.stdout) == {
        "rows": {"people": 2, "claims": 3},
        "rejected": [
            {"file": "claims.csv", "line": 4, "reason": "it has 3 columns; the header has 4"},
            {"file": "claims.csv", "line": 5, "reason": "person is not UTF-8 text"},
            {"file": "claims.csv", "line": 6, "reason": "line is not a whole number"},
            {"file": "claims.csv", "line": 7, "reason": "person is not UTF-8 text"},
        ],
    }


def test_a_file_that_is_cut_off_is_loaded_up_to_the_cut(folder: Path) -> None:
    (folder / "claims.csv").unlink()
    whole = gzip.compress(CLAIMS.encode() + b"".join(b"d%d,a,2025-01-04,1\n" % n for n in range(20_000)))
    (folder / "claims.csv.gz").write_bytes(whole[: len(whole) // 2])

    found = told(folder)

    assert found["rows"]["claims"] > 1_000
    assert [one["reason"] for one in found["rejected"]] == ["the file is cut off here; get it again"]


def test_a_cell_without_an_end_is_listed_and_not_read_into_memory(folder: Path) -> None:
    text = CLAIMS + 'c3,"' + "x" * (LONGEST_CELL + 10) + '",2025-01-02,1\nc4,a,2025-01-02,1\n'
    (folder / "claims.csv").write_text(text, encoding="utf-8")

    found = told(folder)

    assert [(one["line"], one["reason"]) for one in found["rejected"]] == [
        (4, f"it is no CSV: field larger than field limit ({LONGEST_CELL})")
    ]


def unlink(folder: Path) -> None:
    (folder / "claims.csv").unlink()


def rename(folder: Path) -> None:
    (folder / "claims.csv").write_text(CLAIMS.replace("person", "member"), encoding="utf-8")


def another_version(folder: Path) -> None:
    (folder / "claims2.csv").write_text(CLAIMS.replace("line", "line,more"), encoding="utf-8")


def no_header(folder: Path) -> None:
    (folder / "claims.csv").write_text(CLAIMS.partition("\n")[2], encoding="utf-8")


def no_gzip(folder: Path) -> None:
    unlink(folder)
    (folder / "claims.csv.gz").write_bytes(b"not packed")


def two_inside(folder: Path) -> None:
    unlink(folder)
    with zipfile.ZipFile(folder / "claims.zip", "w") as archive:
        archive.writestr("one.csv", CLAIMS)
        archive.writestr("two.csv", CLAIMS)


def no_files_named(folder: Path) -> None:
    text = MAPPING.replace('[files]\npeople = "people*"\nclaims = "claims*"\n', "")
    (folder.parent / "mapping.toml").write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (unlink, "claims: no CSV file like claims* in"),
        (rename, "claims: the files have no column person"),
        (another_version, "claims2.csv: other columns than claims.csv: more"),
        (no_header, "claims.csv: the first line must name every column once"),
        (no_gzip, "claims.csv.gz: cannot be read (BadGzipFile)"),
        (two_inside, "claims.zip: must hold exactly one CSV file; it holds 2"),
        (no_files_named, "the mapping names no files"),
    ],
)
def test_wrong_files_are_refused_by_name_before_anything_is_made(
    folder: Path, spoil: Callable[[Path], None], message: str
) -> None:
    spoil(folder)

    result = load(folder)

    assert (result.exit_code, message in result.stderr) == (2, True), result.output
    assert not (folder.parent / "claims.sqlite").exists()


def test_tables_that_are_there_are_replaced_on_demand_alone(folder: Path) -> None:
    told(folder)

    refused = load(folder)

    assert refused.exit_code == 2
    assert "the database has claims, people already; give --replace, or another database" in refused.stderr
    assert told(folder, "--replace")["rows"] == {"people": 2, "claims": 2}


def test_a_database_that_is_not_there_is_named_without_its_password(folder: Path) -> None:
    result = load(folder, "--into", "postgresql://me:secret@127.0.0.1:1/none")

    assert result.exit_code == 1
    assert "loading stopped" in result.stderr
    assert "secret" not in result.output
