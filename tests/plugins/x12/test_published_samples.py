"""The published 5010 examples, claim by claim, against a table read off the files by eye."""

# ruff: noqa: E501 - a table is read by rows
from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from fhir_facade.contracts.claims import MemberRecords, Rejected
from fhir_facade.contracts.records import Amount, ClaimKind
from fhir_facade_claims_x12 import remittance, submission
from fhir_facade_claims_x12.amounts import adjudicated
from fhir_facade_claims_x12.cutting import Refused, Unit, units
from fhir_facade_claims_x12.parties import Directory

from .interchanges import source

P, I = "837_005010X222A2", "837_005010X223A3"  # noqa: E741 - P and I are what the formats are called
OCT3, OCT10 = date(2006, 10, 3), date(2006, 10, 10)

BILLED = [
    # file, control number, charge, first day, last day, charges of the lines, procedures of the lines
    (f"{P}/demo.ambulance.example5.837", "051068", "766.50", date(2005, 2, 8), date(2005, 2, 8),
     "700.00 8.20 46.00 12.30", "A0427 A0425 A0422 A0382"),
    (f"{P}/demo.autoaccident.837", "900000032", "185.00", date(2005, 10, 31), date(2005, 10, 31), "150.00 35.00", "99201 26010"),
    (f"{P}/demo.cob.2ndary.example4.837", "125WILL", "145.50", date(2005, 2, 15), date(2005, 2, 15), "145.50", "98940"),
    (f"{P}/demo.cob.example3.A.837", "26407789", "79.04", date(2005, 10, 3), date(2005, 10, 3),
     "43.00 15.00 21.04", "99213 90782 J3301"),
    (f"{P}/demo.cob.example3.B.837", "26407789", "79.04", date(2005, 10, 3), date(2005, 10, 3),
     "43.00 15.00 21.04", "99213 90782 J3301"),
    (f"{P}/demo.cob.example3.C.837", "26407789", "79.04", date(2005, 10, 3), date(2005, 10, 3),
     "43.00 15.00 21.04", "99213 90782 J3301"),
    (f"{P}/demo.cob.example4.837", "101KEN6055", "120.00", date(2005, 1, 19), date(2005, 1, 19), "120.00", "99203"),
    (f"{P}/demo.drug.example10.1.837", "CLMNO12345", "103.37", date(2004, 7, 11), date(2004, 7, 11), "50.00 53.37", "90782 J1550"),
    (f"{P}/demo.drug.example10.2.837", "CLMNO12345", "2232.93", date(2004, 2, 1), date(2004, 2, 7),
     "1400.00 682.50 15.12 67.69 57.12 10.50", "S9500 S5001 S5000 S5000 S5000 S5000"),
    (f"{P}/demo.drug.example10.3.837", "CLMNO12345", "2232.93", date(2004, 2, 1), date(2004, 2, 7),
     "1400.00 682.50 15.12 67.69 57.12 10.50", "S9500 J0696 J7051 J3490 J3490 J3490"),
    (f"{P}/demo.example1.837", "26463774", "100.00", OCT3, OCT10, "40.00 15.00 35.00 10.00", "99213 87070 99214 86663"),
    (f"{P}/demo.example11.837", "ABC123-RI", "28.75", date(2005, 5, 14), date(2005, 5, 14), "25.00 3.75", "E0570 A7003"),
    (f"{P}/demo.example12.837", "TS234H3", "252.71", date(2005, 5, 6), date(2005, 5, 6), "252.71", "99284"),
    (f"{P}/demo.example2.837", "26462967", "100.00", OCT3, OCT10, "40.00 15.00 35.00 10.00", "99213 87072 99214 86663"),
    (f"{P}/demo.example6.837", "125WILL", "145.50", date(2005, 2, 15), date(2005, 2, 15), "145.50", "98940"),
    (f"{P}/demo.example7.837", "R03996273 #01", "520.24", date(2005, 3, 21), date(2005, 3, 21), "461.10 59.14", "E1390 E0431"),
    (f"{P}/demo.example8.837", "SMI123", "75.00", date(2005, 3, 21), date(2005, 3, 21), "75.00", "K0001"),
    (f"{P}/demo.example9.837", "153829140", "827.00", date(2005, 1, 12), date(2005, 1, 12), "827.00", "00142"),
    (f"{I}/institutional-claim.837i", "756048Q", "89.93", date(1996, 9, 11), date(1996, 9, 11), "13.39 76.54", "85025 93005"),
    (f"{I}/out-of-network-repriced-claim.837i", "W392-49141", "14.84", date(2005, 6, 17), date(2005, 6, 17), "14.84", "82270"),
    (f"{I}/ppo-repriced-claim.837i", "456DFH43", "237.50", date(2005, 7, 6), date(2005, 7, 6), "178.00 59.50", "92557 92567"),
    (f"{I}/two-claims-single-provider.837i", "756048Q", "89.95", date(2005, 3, 15), date(2005, 3, 15), "13.39 76.56", "85025 93005"),
    (f"{I}/two-claims-single-provider.837i", "756049Q", "50.00", date(2005, 4, 1), date(2005, 4, 1), "50.00", "85087"),
]  # fmt: skip

PAID = [
    # file, control number, payer's number, status, charge, paid, first day, last day, paid on, adjustments of claim, of lines
    ("cob-contractural-adjustment.835", "0001000055", "50650619501", "2", "541.00", "34.00", date(2005, 2, 2), date(2005, 2, 2),
     date(2005, 3, 18), "", "OA-23 516.00, OA-94 -9.00"),
    ("managed-care.835", "5554555444", "94060555410000", "1", "800.00", "450.00", date(2002, 3, 1), date(2002, 3, 4), None, "CO-A2 50.00", "PR-1 300.00"),
    ("managed-care.835", "8765432112", "94077799230000", "1", "1200.00", "495.00", date(2002, 3, 10), date(2002, 3, 12), None, "CO-A2 55.00",
     "PR-1 600.00, CO-45 50.00"),
    ("medicare-part-a.835", "666123", "1999999444444", "1", "211366.97", "138018.40", date(2002, 8, 16), date(2002, 8, 24),
     date(2002, 9, 13), "CO-45 73348.57", ""),
    ("medicare-part-a.835", "777777", "1999999444445", "1", "15000.00", "11980.33", date(2002, 5, 12), date(2002, 5, 12),
     date(2002, 9, 13), "CO-45 3019.67", ""),
    ("secondary-payment.835", "L0004828311", "05090256390", "2", "10323.64", "912.00", date(2005, 3, 3), date(2005, 3, 4),
     date(2005, 4, 12), "OA-23 9411.64", ""),
    ("secondary-payment.835", "0001000053", "05630626430", "2", "751.50", "310.00", date(2005, 1, 6), date(2005, 1, 6),
     date(2005, 4, 12), "", "OA-23 136.50, PR-1 150.00, PR-2 70.00, CO-42 85.00"),
    ("tertiary-payment.835", "0001000054", "50580155533", "3", "1766.50", "187.50", date(2005, 1, 20), date(2005, 1, 20),
     date(2005, 4, 12), "", "OA-23 1579.00"),
]  # fmt: skip


def cut(folder: Path, file: str) -> list[Unit]:
    found = list(units(folder / "data/x12" / file))
    assert not [each for each in found if isinstance(each, Refused)]
    return [each for each in found if isinstance(each, Unit)]


@pytest.mark.parametrize("row", BILLED, ids=lambda row: f"{row[0].split('/')[1]}-{row[1]}")
def test_charges_dates_and_services_of_every_billed_claim_match_the_table(shared, row):
    file, control, charge, first, last, charges, procedures = row
    claims = [submission.read(unit, Directory(unit.created)) for unit in cut(shared, file)]
    claim = next(each for each in claims if each.control == control)
    assert claim.charge == Decimal(charge)
    assert (claim.first, claim.last) == (first, last)
    assert [line.charge for line in claim.lines] == [Decimal(each) for each in charges.split()]
    assert [line.line.procedure.value for line in claim.lines] == procedures.split()
    assert sum(line.charge for line in claim.lines) == claim.charge
    assert (claim.kind is ClaimKind.PROFESSIONAL) == file.startswith(P)


def told(adjustments) -> str:
    return ", ".join(f"{each.group}-{each.reason} {each.amount}" for each in adjustments)


@pytest.mark.parametrize("row", PAID, ids=lambda row: f"{row[0]}-{row[1]}")
def test_payments_adjustments_and_dates_of_every_remittance_match_the_table(shared, row):
    file, control, number, status, charge, paid, first, last, paid_on, of_claim, of_lines = row
    found = [remittance.read(unit) for unit in cut(shared, f"835_005010X221A1/{file}")]
    assert all(bool(each.left_out) == (file == "managed-care.835") for each in found), "its BPR16 is 20002316"
    payment = next(each for each in found if each.control == control)
    assert (payment.number, payment.status) == (number, status)
    assert (payment.charge, payment.paid) == (Decimal(charge), Decimal(paid))
    assert (payment.first, payment.last, payment.paid_on) == (first, last, paid_on)
    assert told(payment.adjustments) == of_claim
    assert told(each for line in payment.lines for each in line.adjustments) == of_lines
    everything = [*payment.adjustments, *(each for line in payment.lines for each in line.adjustments)]
    assert payment.charge - sum(each.amount for each in everything) == payment.paid
    amounts = adjudicated(payment.charge, payment.paid, everything)
    owed = amounts[Amount.MEMBER_LIABILITY] + amounts.get(Amount.PRIOR_PAYER_PAID, Decimal(0))
    assert amounts[Amount.ELIGIBLE] - owed == amounts[Amount.BENEFIT]


def test_every_claim_and_payment_of_the_samples_is_accounted_for(shared, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    for path in (shared / "data/x12").glob("*/*"):
        (folder / path.name).write_bytes(path.read_bytes())
    changes = list(source(folder, report_waiting=True).changes(None))
    rejects = [each for each in changes if isinstance(each, Rejected)]
    waiting = [each for each in rejects if "no remittance" in each.reason]
    unpaid = [each for each in rejects if "in no 837 file" in each.reason]
    assert len(waiting) == len(BILLED)
    assert len(unpaid) == len(PAID)
    assert len(rejects) == len(BILLED) + len(PAID)
    members = [each for each in changes if isinstance(each, MemberRecords)]
    assert len({each.member.member_id for each in members}) == len(members) == 24
