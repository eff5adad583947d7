"""The mapping spreadsheet covers every bundled source: no column that a plugin reads is missing from it."""

from __future__ import annotations

import ast
import csv
import io
import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from click.testing import CliRunner

import fhir_facade_claims_tmsis
import fhir_facade_claims_x12
from fhir_facade.cli.main import main
from fhir_facade.contracts.plugin import CLAIMS_GROUP
from fhir_facade_claims_rif.kinds import KINDS, used
from fhir_facade_claims_sql import PRESETS, preset
from fhir_facade_claims_tmsis import elements
from fhir_facade_claims_tmsis.layout import bundled
from fhir_facade_claims_x12.fields import FIELDS

STEERING = (
    "Member.match_keys", "Representative.match_keys", "which ", "whether ", "check that ", "family of the claim",
)  # fmt: skip
"""What a column does that becomes no element: it proves who logs in, or decides which records count."""

Rows = list[dict[str, str]]


@pytest.fixture(scope="module")
def rows() -> Rows:
    """The spreadsheet of all sources, as the command prints it."""
    done = CliRunner().invoke(main, ["mapping", "--format", "csv"])
    assert done.exit_code == 0, done.output
    return list(csv.DictReader(io.StringIO(done.stdout)))


def columns(rows: Rows, layout: str) -> dict[str, set[str]]:
    """Table → columns of a layout."""
    found: dict[str, set[str]] = {}
    for row in rows:
        name, _, table = row["table"].partition(": ")
        if name == layout:
            found.setdefault(table, set()).add(row["source field"])
    return found


def test_every_bundled_source_is_in_it(rows: Rows) -> None:
    bundled_sources = {p.name for p in entry_points(group=CLAIMS_GROUP) if p.dist and p.dist.name == "fhir-facade"}
    layouts = {row["table"].partition(":")[0] for row in rows}

    assert {layout.partition(" ")[0] for layout in layouts} == bundled_sources
    assert {f"sql preset {name}" for name in PRESETS} <= layouts


def test_every_column_leads_to_an_element_or_says_what_it_decides(rows: Rows) -> None:
    lost = [row for row in rows if not row["FHIR path"] and not row["record field"].startswith(STEERING)]

    assert lost == []


def test_every_column_of_the_research_files_that_is_read_is_in_it(rows: Rows) -> None:
    assert columns(rows, "rif") == {kind.name: set(used(kind)) for kind in KINDS}


@pytest.mark.parametrize("name", PRESETS)
def test_every_column_that_a_preset_fills_a_field_from_is_in_it(rows: Rows, name: str) -> None:
    filled = {column for section in preset(name).sections() for column, _ in section.fills()}

    assert set().union(*columns(rows, f"sql preset {name}").values()) == filled


def texts(package: str) -> Iterator[str]:
    """Every text constant of a plugin, but those of its spreadsheet and of the writer of test files."""
    for path in sorted(Path(package).parent.glob("*.py")):
        if path.name in ("elements.py", "fields.py", "import_layout.py", "writing.py") or "generate" in path.name:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def test_every_element_of_the_state_files_that_the_code_names_is_in_it(rows: Rows) -> None:
    there = {element.name for segment in bundled()[0].segments.values() for element in segment}
    spelled = {form for text in texts(fhir_facade_claims_tmsis.__file__) for form in forms(text, there)}
    never_read = {"SSN", "POLICY-OWNER-SSN", "MEDICARE-HIC-NUM", "CHECK-NUM", "STATE-NOTATION"}
    technical = {"FILLER", "RECORD-NUMBER"}

    read = (spelled & there) - never_read - technical

    assert len(read) > 60
    assert read - set().union(*columns(rows, "tmsis").values()) == set()
    assert elements.every_field()["CIP00002"].keys() == columns(rows, "tmsis")["CIP00002"]


def forms(text: str, there: set[str]) -> Iterator[str]:
    """A text as an element's name: as it is, numbered, or the start of a span of time."""
    yield text
    yield from (text.replace("{}", str(number)) for number in range(1, 4))
    if text not in there:
        yield from (f"{text}-{end}-DATE" for end in ("EFF", "END"))


ENVELOPE = {
    "ISA",
    "GS",
    "GE",
    "IEA",
    "ST",
    "SE",
    "HL",
    "BHT",
    "TRN",
    "INS",
    "SVC",
    "CLM",
    "CLP",
    "N1",
    "LX",
    "OI",
    "SBR",
    "HD",
}
"""Segments that hold interchanges, transactions and loops together, whatever else is read of them."""


def test_every_segment_of_the_interchanges_that_the_code_asks_for_is_in_it(rows: Rows) -> None:
    told = {segment for table in FIELDS.values() for names in table for segment in re.findall(r"[A-Z][A-Z0-9]+", names)}
    asked = set()
    for path in Path(fhir_facade_claims_x12.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            asked |= set(segments(node))

    missing = {name for name in asked - ENVELOPE if not any(one.startswith(name) for one in told)}

    assert len(asked) > 15
    assert missing == set()
    assert columns(rows, "x12") == {table: set(names) for table, names in FIELDS.items()}


def segments(node: ast.AST) -> Iterator[str]:
    """Segment names that a loop is asked for: ``loop.first("NM1", …)``, ``loop.all("REF")``."""
    asks = ("first", "all", "value", "starting")
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in asks:
        for argument in node.args[:1]:
            if isinstance(argument, ast.Constant) and re.fullmatch("[A-Z]{2,3}[0-9]?", str(argument.value)):
                yield str(argument.value)


@pytest.mark.parametrize("form", ["csv", "html", "xlsx"])
def test_the_spreadsheet_is_written_in_every_form(tmp_path: Path, form: str) -> None:
    out = tmp_path / f"mapping.{form}"

    done = CliRunner().invoke(main, ["mapping", "--format", form, "--out", str(out)])

    assert done.exit_code == 0, done.output
    assert out.stat().st_size > 100_000


@pytest.mark.parametrize(
    "command",
    [
        ["mapping", "--out", "{place}"],
        ["adapter", "new", "zeta", "--folder", "{place}"],
    ],
)
def test_a_place_that_cannot_be_written_is_told_in_one_line(tmp_path: Path, command: list[str]) -> None:
    (tmp_path / "file").touch()
    done = CliRunner().invoke(main, [part.format(place=tmp_path / "file" / "inside") for part in command])
    assert done.exit_code == 1
    assert re.fullmatch(rf"Error: {tmp_path}/file\S*: Not a directory\n", done.stderr)


def test_no_spreadsheet_is_written_to_a_terminal() -> None:
    terminal, device = pty.openpty()
    command = [sys.executable, "-c", "from fhir_facade.cli.main import main; main()", "mapping", "--format", "xlsx"]
    done = subprocess.run(command, stdout=device, stderr=subprocess.PIPE, text=True, check=False)
    os.close(device)
    os.close(terminal)
    assert done.returncode == 2
    assert "name a file with --out" in done.stderr
