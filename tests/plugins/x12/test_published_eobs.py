"""The published examples as ExplanationOfBenefits, against the tables read off the files.

The published 835 files do not pay the published 837 files, so each gets a counterpart of ours that says nothing but
which claim it is about: whatever else stands in the EOB comes from the published file.
"""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fhir_facade.fhir.encode import finish
from fhir_facade.fhir.mapper import Mapped, Mapper

from .interchanges import Loaded, interchange, load, negated, office, paid, payment, subscriber
from .test_published_samples import BILLED, PAID

Json = dict[str, Any]


def eobs(loaded: Loaded) -> list[Json]:
    """Every ExplanationOfBenefit of a run; a rejection fails."""
    mapped = [each for records in loaded.records for each in Mapper("x12").resources(records)]
    assert all(isinstance(each, Mapped) for each in mapped), mapped
    found = [each for each in mapped if isinstance(each, Mapped) and each.type == "ExplanationOfBenefit"]
    return [json.loads(finish(each.resource)[0], parse_float=Decimal) for each in found]


def amounts(entries: list[Json]) -> dict[str, Decimal]:
    """Code of the category → amount, of adjudications or totals."""
    return {
        entry["category"]["coding"][0]["code"]: Decimal(str(entry["amount"]["value"]))
        for entry in entries
        if "value" in entry.get("amount", {})
    }


def segments(text: str) -> list[list[str]]:
    """The segments of an interchange, cut at its own separators."""
    return [part.strip().split(text[3]) for part in text.split(text[105]) if part.strip()]


def payment_of(text: str, control: str, number: str, charge: str) -> str:
    """An 835 that pays the whole charge of one claim of a published 837, to the patient that it names."""
    before = segments(text)
    place = next(n for n, one in enumerate(before) if one[0] == "CLM" and one[1] == control)
    named = [one for one in before[:place] if one[0] == "NM1" and one[1] in ("IL", "QC")]
    patient = named[-1]
    insured = next(one for one in reversed(named) if one[1] == "IL")
    billing = next(one for one in reversed(before[:place]) if one[0] == "NM1" and one[1] == "85")
    body = [
        f"CLP*{control}*1*{charge}*{charge}**MC*{number}*11*1",
        f"NM1*QC*1*{patient[3]}*{patient[4]}****MI*{insured[9]}",
    ]
    text = interchange("835", payment(body), day="20260110")
    return text.replace("HILLTOP CLINIC*XX*1234567893", f"CLINIC*XX*{billing[9]}")


@pytest.mark.parametrize("row", BILLED, ids=lambda row: f"{row[0].split('/')[1]}-{row[1]}")
def test_charge_days_and_services_of_every_billed_claim_are_in_its_eob(shared: Path, tmp_path: Path, row: Any) -> None:
    file, control, charge, first, last, charges, procedures = row
    text = (shared / "data/x12" / file).read_text(encoding="utf-8")
    files = {"billed.837": text, "paid.835": payment_of(text, control, "ICN1", charge)}

    (eob,) = eobs(load(tmp_path / "in", files))

    assert eob["status"] == "active"
    assert amounts(eob["total"])["submitted"] == amounts(eob["total"])["benefit"] == Decimal(charge)
    assert eob["billablePeriod"] == {"start": first.isoformat(), "end": last.isoformat()}
    assert [code(item["productOrService"]) for item in eob["item"]] == procedures.split()
    if "professional" in json.dumps(eob["type"]):
        billed = [amounts(item["adjudication"])["submitted"] for item in eob["item"]]
        assert billed == [Decimal(each) for each in charges.split()]


def code(concept: Json) -> str:
    return str(concept["coding"][0]["code"])


def bill_for(text: str, control: str, charge: str, first: date, last: date) -> str:
    """An 837 that bills the charge that a published 835 pays, for the patient and the days that it names.

    Professional where the payment has services: one of them (``SVC*HC*24599.00``) is published with its code left out,
    which puts an amount in the place of the revenue code.
    """
    found = segments(text)
    place = next(n for n, one in enumerate(found) if one[0] == "CLP" and one[1] == control)
    of_claim = found[place : next((n for n in range(place + 1, len(found)) if found[n][0] == "CLP"), len(found))]
    patient = next(one for one in of_claim if one[0] == "NM1" and one[1] == "QC")
    payee = next(one for one in found if one[0] == "N1" and one[1] == "PE")
    person = subscriber(patient[9] if len(patient) > 9 else "M1", patient[3], patient[4])
    days = f"{first:%Y%m%d}-{last:%Y%m%d}"
    if any(one[0] == "SVC" for one in of_claim):
        kind, bill, service = "837P", "11:B:1", f"SV1*HC:99213*{charge}*UN*1***1"
    else:
        kind, bill, service = "837I", "13:A:1", f"SV2*0300**{charge}*UN*1"
    body = [
        *person, f"CLM*{control}*{charge}***{bill}*Y*A*Y*Y", f"DTP*434*RD8*{days}", "HI*ABK:I5023", "LX*1", service,
        f"DTP*472*RD8*{days}",
    ]  # fmt: skip
    return interchange(kind, body).replace("XX*1234567893", f"{payee[3]}*{payee[4]}")


@pytest.mark.parametrize("row", PAID, ids=lambda row: f"{row[0]}-{row[1]}")
def test_paid_amount_adjustments_and_days_of_every_payment_are_in_its_eob(
    shared: Path, tmp_path: Path, row: Any
) -> None:
    file, control, number, _, charge, paid_amount, first, last, paid_on, of_claim, of_lines = row
    text = (shared / "data/x12/835_005010X221A1" / file).read_text(encoding="utf-8")
    files = {"billed.837": bill_for(text, control, charge, first, last), "paid.835": text}

    (eob,) = eobs(load(tmp_path / "in", files))

    total = amounts(eob["total"])
    assert (total["submitted"], total["benefit"]) == (Decimal(charge), Decimal(paid_amount))
    assert eob["identifier"][0]["value"] == number
    assert eob["billablePeriod"] == {"start": first.isoformat(), "end": last.isoformat()}
    assert eob.get("payment", {}).get("date") == (paid_on.isoformat() if paid_on else None)
    for adjustment in filter(None, f"{of_claim}, {of_lines}".split(", ")):
        name, amount = adjustment.split(" ")
        assert name.partition("-")[2] in reasons(eob), adjustment
        assert (name, Decimal(amount)) in own(eob), adjustment


def reasons(eob: Json) -> set[str]:
    """Every adjustment reason of a claim and its lines."""
    entries = [*eob.get("adjudication", ()), *(one for item in eob["item"] for one in item.get("adjudication", ()))]
    return {coding["code"] for entry in entries for coding in entry.get("reason", {}).get("coding", ())}


def own(eob: Json) -> set[tuple[str, Decimal]]:
    """Group, reason and amount of every adjustment."""
    entries = [*eob["total"], *(one for item in eob["item"] for one in item.get("adjudication", ()))]
    return {(code(entry["category"]), Decimal(str(entry["amount"]["value"]))) for entry in entries if "amount" in entry}


def test_a_reversal_and_its_correction_give_one_active_and_one_cancelled_eob(tmp_path: Path) -> None:
    files = {
        "a.837": interchange("837P", [*subscriber(), *office()]),
        "b.835": interchange("835", payment(paid()), day="20260110"),
        "c.835": interchange("835", payment(negated(paid()), paid(number="ICN2"), paid_on="20260202"), day="20260202"),
    }

    found = {eob["identifier"][0]["value"]: eob for eob in eobs(load(tmp_path / "in", files))}

    assert {number: eob["status"] for number, eob in found.items()} == {"ICN1": "cancelled", "ICN2": "active"}
    assert code(found["ICN1"]["related"][0]["relationship"]) == "replacedby"
    assert found["ICN1"]["related"][0]["reference"]["value"] == "ICN2"
    assert code(found["ICN2"]["related"][0]["relationship"]) == "prior"
