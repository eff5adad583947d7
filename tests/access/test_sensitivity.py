"""Substance-use claims are found by dated lists, wherever the code stands, and nothing else is."""

from __future__ import annotations

import csv
import os
import random
from datetime import UTC, date, datetime
from importlib.resources import files

import pytest

from fhir_facade.access import import_lists, sensitivity
from fhir_facade.access.sensitivity import PART_2, SHIPPED, load, plain
from fhir_facade.contracts import codes
from fhir_facade.contracts.codes import Code
from fhir_facade.contracts.errors import ConfigError
from fhir_facade.contracts.people import Identifier
from fhir_facade.contracts.records import (
    Claim,
    ClaimKind,
    ClaimLine,
    Detail,
    Diagnosis,
    DiagnosisRole,
    Party,
    PartyKind,
    Procedure,
)

POLICY = load()
SECRET = frozenset({PART_2})
NOTHING = frozenset()
OWN = Code("urn:example:facts", "fact")


def claim(
    *, diagnoses=(), procedures=(), services=(), drg=None, details=(), of_line=(), start=date(2024, 5, 1), end=None
):
    return Claim(
        claim_id="c1",
        member_id="m1",
        kind=ClaimKind.OUTPATIENT,
        claim_number=Identifier(system="urn:x", value="1"),
        last_updated=datetime(2024, 6, 1, tzinfo=UTC),
        adjudicated_on=date(2024, 6, 1),
        service_start=start,
        service_end=end,
        payer_id="p",
        coverage_id="v",
        billing_provider=Party(PartyKind.ORGANIZATION, "o"),
        lines=tuple(
            ClaimLine(number=n, procedure=code, details=tuple(Detail(category=OWN, code=code) for code in of_line))
            for n, code in enumerate(services or (None,), 1)
        ),
        diagnoses=tuple(Diagnosis(role=DiagnosisRole.SECONDARY, code=code) for code in diagnoses),
        procedures=tuple(Procedure(code=code) for code in procedures),
        drg=drg,
        details=tuple(Detail(category=OWN, code=code) for code in details),
    )


@pytest.mark.parametrize(
    "where",
    [
        {"diagnoses": [Code(codes.ICD_10_CM, "I10"), Code(codes.ICD_10_CM, "F10.20")]},
        {"diagnoses": [Code(codes.ICD_10_CM, "f1020 ")]},
        {"diagnoses": [Code(codes.ICD_9_CM, "303.00")]},
        {"procedures": [Code(codes.ICD_10_PCS, "HZ2ZZZZ")]},
        {"procedures": [Code(codes.ICD_9_CM, "94.45")]},
        {"services": [None, Code(codes.HCPCS, "H0005")]},
        {"services": [Code(codes.CPT, "H0005")]},
        {"drg": Code(codes.MS_DRG, "895", version="41")},
        {"details": [Code(codes.ICD_10_CM, "F10.20")]},
        {"details": [Code(codes.MS_DRG, "895", version="41")]},
        {"of_line": [Code(codes.HCPCS, "H0005")]},
        {"of_line": [Code(codes.ICD_9_CM, "94.45")]},
    ],
)
def test_a_code_on_the_list_labels_the_claim_wherever_it_stands(where):
    assert POLICY.labels(claim(**where)) == SECRET


@pytest.mark.parametrize(
    "where",
    [
        {},
        {"diagnoses": [Code(codes.ICD_10_CM, "I10")]},
        {"diagnoses": [None]},
        {"diagnoses": [Code(codes.ICD_9_CM, "944.5")]},  # a burn of the hand; 94.45 is a procedure
        {"diagnoses": [Code(codes.ICD_9_CM, "F10.20")]},
        {"diagnoses": [Code("urn:local", "F10.20")]},
        {"procedures": [Code(codes.ICD_9_CM, "303.00")]},
        {"services": [Code(codes.CDT, "H0005")]},
        {"services": [Code(codes.HCPCS, "F1020")]},
        {"drg": Code(codes.APR_DRG, "895")},
        {"details": [Code("urn:example:facts", "F10.20")]},
        {"of_line": [None, Code(codes.CDT, "H0005")]},
    ],
)
def test_look_alikes_of_other_code_systems_do_not(where):
    assert POLICY.labels(claim(**where)) == NOTHING


def test_a_code_counts_from_its_first_to_its_last_day():
    late = [Code(codes.ICD_10_CM, "F10.11")]  # on the list since 2017-01-01
    assert POLICY.labels(claim(diagnoses=late, start=date(2016, 12, 31))) == NOTHING
    assert POLICY.labels(claim(diagnoses=late, start=date(2016, 12, 31), end=date(2017, 1, 1))) == SECRET
    early = Code(codes.MS_DRG, "523")  # until 2007-10-01
    assert POLICY.labels(claim(drg=early, start=date(2007, 10, 1))) == SECRET
    assert POLICY.labels(claim(drg=early, start=date(2007, 10, 2))) == NOTHING


@pytest.mark.figure(of="R5")
def test_every_shipped_code_labels_a_claim_and_random_others_do_not(full_counts, figure):
    random.seed(int(os.environ.get("FHIR_FACADE_SEED", "20261122")))
    text = (files("fhir_facade.access") / "data" / f"part2-{SHIPPED}.csv").read_text(encoding="utf-8")
    rows = [row for row in csv.reader(text.splitlines()) if len(row) == 5][1:]
    diagnoses = {row[2] for row in rows if row[1] == "icd-10-diagnosis"}
    for code in diagnoses:
        dotted = f"{code[:3]}.{code[3:]}"
        assert POLICY.labels(claim(diagnoses=[Code(codes.ICD_10_CM, dotted)])) == SECRET
    count = 50_000 if full_counts else 2_000
    for _ in range(count):
        digits = f"{random.randrange(100_000):05d}"
        code = random.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ") + digits[: random.choice((2, 3, 4))]
        expected = SECRET if plain(code) in diagnoses else NOTHING
        assert POLICY.labels(claim(diagnoses=[Code(codes.ICD_10_CM, code)])) == expected
    figure(f"{len(diagnoses)} listed and {count} generated codes, no miss and no false alarm")


def test_no_licensed_code_is_shipped():
    text = (files("fhir_facade.access") / "data" / f"part2-{SHIPPED}.csv").read_text(encoding="utf-8")
    assert ",cpt," not in text


def test_an_unknown_version_serves_nothing():
    with pytest.raises(ConfigError, match="no list of version 1999-01"):
        load("1999-01")


def test_a_list_that_was_mounted_is_used_and_changes_the_fingerprint(tmp_path):
    path = tmp_path / "cpt.csv"
    path.write_text("# version mine, 1 codes\nlabel,kind,code,since,until\n42CFRPart2,cpt,99408,,\n")
    policy = load(mounted=[path])
    assert policy.labels(claim(services=[Code(codes.CPT, "99408")])) == SECRET
    assert policy.fingerprint != POLICY.fingerprint


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "label,kind,code,since,until\n42CFRPart2,cpt,99408,,\n",
        "# version mine, 2 codes\nlabel,kind,code,since,until\n42CFRPart2,cpt,99408,,\n",
        "# version mine, 0 codes\nlabel,kind,code,since,until\n",
        "# version mine, 1 codes\nlabel,kind,code,since,until\n42CFRPart2,unknown,99408,,\n",
        "# version mine, 1 codes\nlabel,kind,code,since,until\n42CFRPart2,cpt,99408,2024-02-30,\n",
        "# version mine, 1 codes\nlabel,kind,code,since,until\n42CFRPart2,cpt,,,\n",
        "# version mine, 1 codes\nlabel,code\n42CFRPart2,99408\n",
    ],
)
def test_a_missing_or_damaged_list_serves_nothing(tmp_path, text):
    path = tmp_path / "cpt.csv"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ConfigError, match="sensitive codes"):
        load(mounted=[path])


def test_the_import_keeps_codes_as_text_and_splits_off_cpt(tmp_path, monkeypatch):
    source = tmp_path / "list.yml"
    source.write_text(
        "- system: http://hl7.org/fhir/sid/icd-9-cm\n  code: 303.00\n  startDate: 1970-01-01\n  endDate: ACTIVE  \n"
        "- system: http://www.ama-assn.org/go/cpt\n  code: 99408\n  startDate: 2020-01-01\n  endDate: 9999-12-31\n"
        "  comment: kept for now\n"
    )
    out, cpt = tmp_path / "out.csv", tmp_path / "cpt.csv"
    arguments = ["--version", "t", "--output", str(out), "--cpt", str(cpt), str(source)]
    assert import_lists.main(arguments) == 0
    assert out.read_text() == "# version t, 1 codes\nlabel,kind,code,since,until\n42CFRPart2,icd-9-diagnosis,30300,,\n"
    assert "42CFRPart2,cpt,99408,2020-01-01," in cpt.read_text()


def test_the_import_writes_nothing_from_a_list_it_cannot_read(tmp_path, capsys):
    source = tmp_path / "list.yml"
    source.write_text("- system: http://hl7.org/fhir/sid/icd-9-cm\n  code: 303.00\n  startDate: 1970-01-01\n")
    assert import_lists.main(["--version", "t", "--output", str(tmp_path / "out.csv"), str(source)]) == 1
    assert not (tmp_path / "out.csv").exists()
    assert "fields missing" in capsys.readouterr().err


def test_the_shipped_list_is_what_the_import_gives(shared, tmp_path):
    lists = [
        shared / "data/samhsa" / name for name in ("security_labels_v3_server.yml", "security_labels_v2_pipeline.yml")
    ]
    out = tmp_path / "out.csv"
    assert import_lists.main(["--version", SHIPPED, "--output", str(out), *map(str, lists)]) == 0
    shipped = files("fhir_facade.access") / "data" / f"part2-{SHIPPED}.csv"
    assert out.read_text() == shipped.read_text(encoding="utf-8")
    assert sensitivity.load().version == SHIPPED
