"""Layouts are data: every version and encoding of the same claims gives the same resources."""

from __future__ import annotations

import csv
import itertools
from datetime import date
from pathlib import Path

import pytest

from fhir_facade.cli.tmsis import generate as command
from fhir_facade.contracts.claims import Change, Checkpoint, MemberRecords
from fhir_facade.contracts.errors import ConfigError
from fhir_facade.contracts.plugin import SourceContext
from fhir_facade.fhir.encode import finish
from fhir_facade.fhir.mapper import Mapped, Mapper
from fhir_facade_claims_synthetic import plugin as synthetic
from fhir_facade_claims_synthetic.settings import SyntheticSettings
from fhir_facade_claims_tmsis import import_layout, plugin
from fhir_facade_claims_tmsis.generate_claims import is_reversal
from fhir_facade_claims_tmsis.layout import COLUMNS, Layout, LayoutFault, bundled, choose, known, read
from tests.plugins.tmsis.state_files import Cells, Folder, changes, claims, rejects, source

LAYOUTS = Path(import_layout.__file__).parent / "layouts"
LATER_NAMES = {
    "BENEFICIARY-COPAYMENT-AMOUNT": "TOT-BENEFICIARY-COPAYMENT-PAID-AMOUNT",
    "OT-RX-CLAIM-QUANTITY-ACTUAL": "SERVICE-QUANTITY-ACTUAL",
}


def later(folder: Path, version: str = "3") -> Path:
    """A layout as a later version has it: an element gone, so that everything after it moves; others renamed."""
    rows = list(csv.DictReader((LAYOUTS / "2.csv").read_text(encoding="utf-8").splitlines()))
    path = folder / f"{version}.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS)
        writer.writeheader()
        for _, segment in itertools.groupby(rows, key=lambda row: row["segment"]):
            at = 1
            for row in segment:
                width = int(row["stop"]) - int(row["start"]) + 1
                if row["element"] == "TOT-COPAY-AMT":
                    continue
                name = LATER_NAMES.get(row["element"], row["element"])
                writer.writerow(row | {"element": name, "start": at, "stop": at + width - 1})
                at += width
    return path


def invented(members: int = 25) -> list[Change]:
    """Records of invented members, as another source hands them over."""
    opened = synthetic.open(SyntheticSettings(members=members), SourceContext(name="s", scratch=Path()))
    return list(opened.changes(None))  # type: ignore[union-attr]


def resources(folder: Path, layouts: Path) -> list[bytes]:
    """Every resource as it is sent: numbers that are equal may still differ in their digits."""
    mapper = Mapper("tmsis", "2.2.0", False)
    told = changes(folder, layouts=layouts)
    assert rejects(told) == []
    found = [one for change in told if isinstance(change, MemberRecords) for one in mapper.resources(change)]
    assert all(isinstance(one, Mapped) for one in found), [one for one in found if not isinstance(one, Mapped)][:3]
    return [finish(one.resource)[0] for one in found if isinstance(one, Mapped)]


def test_every_layout_and_encoding_of_the_same_claims_gives_the_same_resources(tmp_path: Path) -> None:
    later(tmp_path)
    told = invented()
    assert plugin.write is not None
    results = []
    for version, encoding in itertools.product(("2", "3"), ("flf", "psv")):
        folder = tmp_path / f"{version}-{encoding}"
        options = {"layout": version, "encoding": encoding, "state": "06", "created": "2026-10-31"}
        count = plugin.write(told, folder, options | {"layouts": str(tmp_path)})
        found = resources(folder, tmp_path)
        assert sum(b'"resourceType":"ExplanationOfBenefit"' in one for one in found) == count
        results.append(found)
    assert count > 20
    assert results.count(results[0]) == 4


def test_what_is_written_says_what_was_told(tmp_path: Path) -> None:
    told = invented()
    assert plugin.write is not None
    plugin.write(told, tmp_path, {"layout": "2", "encoding": "flf", "state": "06", "created": "2026-10-31"})
    before = {claim.claim_number.value: claim for claim in claims(told) if not is_reversal(claim)}
    after = {claim.claim_number.value: claim for claim in claims(changes(tmp_path))}
    assert before.keys() == after.keys()
    for number, claim in after.items():
        one = before[number]
        assert (claim.status, claim.service_start) == (one.status, one.service_start)
        assert [line.number for line in claim.lines] == sorted(line.number for line in one.lines)


@pytest.mark.parametrize(("version", "chosen"), [("V2.4", "2"), ("2", "2"), ("V3.27.0", "3.27"), ("3.2.0", "3")])
def test_the_header_chooses_the_closest_layout(tmp_path: Path, version: str, chosen: str) -> None:
    later(tmp_path, "3")
    later(tmp_path, "3.27")
    assert choose(known(tmp_path), version).version == chosen


def test_an_unknown_version_is_refused_by_name(tmp_path: Path) -> None:
    later(tmp_path, "9")
    written = Folder(tmp_path / "files", layout=read(tmp_path / "9.csv"))
    written.person()
    ((name, line, reason),) = rejects(changes(written.write()))
    assert (name, line) == ("eligible.psv", 1)
    assert reason.startswith("the file follows dictionary version V9, for which there is no layout; known are 2;")


def test_a_starting_file_is_no_layout_until_it_is_filled_in() -> None:
    assert [layout.version for layout in bundled()] == ["2"]
    with pytest.raises(LayoutFault, match="fill them in"):
        read(LAYOUTS / "4.start.csv")


def test_a_layout_with_a_gap_is_refused_where_it_is(tmp_path: Path) -> None:
    path = later(tmp_path)
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join(lines[:3] + lines[4:]), encoding="utf-8")
    with pytest.raises(ConfigError, match="FILE-ENCODING-SPECIFICATION should start at position 19"):
        source(tmp_path, layouts=tmp_path)


def test_the_bundled_layout_is_complete() -> None:
    (layout,) = bundled()
    lengths = {segment: elements[-1].stop for segment, elements in layout.segments.items()}
    kinds = {"CIP": 2100, "CLT": 1900, "COT": 1750, "CRX": 1450, "ELG": 1000, "PRV": 1100, "TPL": 900, "MCR": 1000}
    assert {segment[:3]: length for segment, length in lengths.items()} == kinds
    assert all(length == kinds[segment[:3]] for segment, length in lengths.items())
    assert sum(len(elements) for elements in layout.segments.values()) == 1458


def test_the_import_command_makes_the_bundled_layouts(tmp_path: Path, shared: Path) -> None:
    import_layout.main(shared / "data/tmsis/tmsis_layout.csv", tmp_path)
    for path in tmp_path.iterdir():
        assert path.read_bytes() == (LAYOUTS / path.name).read_bytes()


def test_a_finished_run_says_so(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.person(DATE_OF_DEATH=date(2024, 2, 1))
    end = changes(folder.write())[-1]
    assert isinstance(end, Checkpoint)
    assert end.finished


def test_the_command_exists() -> None:
    assert command.name == "generate"


DIAGNOSIS_RECORD = (
    ("RECORD-ID", 8), ("SUBMITTING-STATE", 2), ("RECORD-NUMBER", 11), ("ICN-ORIG", 50), ("ICN-ADJ", 50),
    ("ADJUSTMENT-IND", 1), ("ADJUDICATION-DATE", 8), ("DIAGNOSIS-TYPE", 1), ("DIAGNOSIS-SEQUENCE-NUMBER", 2),
    ("DIAGNOSIS-CODE-FLAG", 1), ("DIAGNOSIS-CODE", 7), ("DIAGNOSIS-POA-FLAG", 1),
)  # fmt: skip


def with_diagnosis_records(folder: Path) -> Layout:
    """A layout as version 4 has it: diagnoses are records of their own."""
    rows = (LAYOUTS / "2.csv").read_text(encoding="utf-8").splitlines()
    for segment in ("COT00004", "CIP00004"):
        at = 1
        for name, width in DIAGNOSIS_RECORD:
            kind = "date" if name.endswith("DATE") else "text"
            rows.append(f"{segment},{name},,{at},{at + width - 1},{kind},0")
            at += width
    path = folder / "4.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return read(path)


@pytest.mark.parametrize("fixed", [True, False])
def test_diagnoses_may_be_records_of_their_own(tmp_path: Path, fixed: bool) -> None:
    layout = with_diagnosis_records(tmp_path)
    folder = Folder(tmp_path / "files", fixed=fixed, layout=layout)
    folder.person()
    join: Cells = {"ICN-ORIG": "C1", "ADJUSTMENT-IND": "0", "ADJUDICATION-DATE": date(2024, 4, 1)}
    for place, (role, code) in enumerate((("O", "I10"), ("P", "E119"), ("A", "R739")), start=1):
        cells: Cells = {"DIAGNOSIS-TYPE": role, "DIAGNOSIS-CODE": code, "DIAGNOSIS-CODE-FLAG": "2"}
        folder.add("CIP00004", join | cells | {"DIAGNOSIS-SEQUENCE-NUMBER": f"{place:02}"})
    folder.claim("CIP", {"DIAGNOSIS-CODE-1": None, "DIAGNOSIS-CODE-FLAG-1": None})
    (claim,) = claims(changes(folder.write(), layouts=tmp_path))
    assert {(d.role.value, d.code.value) for d in claim.diagnoses if d.code} == {
        ("secondary", "I10"),
        ("principal", "E119"),
        ("admitting", "R739"),
    }
