"""The guide's rules, one by one: what is written, what is left out, what is rejected and with which words."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from fhir_facade.contracts import codes
from fhir_facade.contracts.codes import Code
from fhir_facade.contracts.records import (
    Amount,
    Claim,
    Diagnosis,
    DiagnosisRole,
    NetworkStatus,
    Party,
    PartyKind,
    Payee,
)
from fhir_facade.fhir.mapper import Mapper, Rejection
from fhir_facade.fhir.mapping_table.sample_claims import (
    INPATIENT,
    INPATIENT_HEADER,
    ORAL,
    OUTPATIENT,
    PHARMACY,
    PROFESSIONAL,
)
from fhir_facade.fhir.mapping_table.sample_parts import DIAGNOSES, LINE, MONEY, icd
from tests.fhir.mapped import adjudications, code, eob, findings, reason

REJECTED: dict[str, Claim] = {
    "outpatient lines need a date of service; line 6 has none": replace(
        OUTPATIENT, lines=(replace(LINE, service_start=None),)
    ),
    "inpatient lines need a revenue code; line 6 has none": replace(INPATIENT, lines=(replace(LINE, revenue=None),)),
    "line 6 has a revenue code that is not four digits": replace(INPATIENT, lines=(replace(LINE, revenue="12A"),)),
    "inpatient claims need an admission date": replace(INPATIENT, admitted_on=None),
    "professional lines need a two-digit place of service; line 6 has none": replace(
        PROFESSIONAL, transport=None, lines=(replace(LINE, place_of_service=None),)
    ),
    "line 6 needs a CPT or HCPCS code; it has one of https://state.test/codes": replace(
        PROFESSIONAL, transport=None, lines=(replace(LINE, procedure=Code("https://state.test/codes", "X1")),)
    ),
    "pharmacy lines need an NDC or ingredients; line 1 has neither": replace(
        PHARMACY, lines=(replace(PHARMACY.lines[0], drug=None),)
    ),
    "line 1 has a drug that is not an eleven-digit NDC": replace(
        PHARMACY, lines=(replace(PHARMACY.lines[0], drug=Code(codes.NDC, "123")),)
    ),
    "there are no lines": replace(OUTPATIENT, lines=()),
    "two lines have the same number": replace(OUTPATIENT, lines=(LINE, LINE)),
    "a payee of type other needs a party": replace(OUTPATIENT, payee=Payee(kind="other")),
    "it is named as the replacement of itself": replace(OUTPATIENT, replaced_by=(OUTPATIENT.claim_number,)),
    "the billed period ends before it starts": replace(OUTPATIENT, service_end=date(2020, 1, 1)),
    "it has transport details, but no line says that they are its own": replace(PROFESSIONAL, lines=(LINE,)),
    "line 1 has tooth surfaces but no tooth number": replace(
        ORAL, lines=(replace(ORAL.lines[0], tooth=Code(codes.ORAL_AREA, "10")),)
    ),
    "dental claims need the network status of the rendering provider": replace(
        ORAL,
        rendering_network=None,
        billing_network=None,
        benefit_payment=NetworkStatus.OTHER,
    ),
    "its payer is not the payer of the coverage it was adjudicated under": replace(OUTPATIENT, payer_id="clinic"),
    "the coverage it was adjudicated under is not among the records handed over": replace(
        OUTPATIENT, coverage_id="gone"
    ),
    "the billing provider is not among the records handed over": replace(
        OUTPATIENT, billing_provider=Party(PartyKind.ORGANIZATION, "gone")
    ),
    "a diagnosis is neither ICD-10-CM nor ICD-9-CM": replace(
        OUTPATIENT, diagnoses=(Diagnosis(role=DiagnosisRole.PRINCIPAL, code=Code(codes.CPT, "99213")),)
    ),
    "an adjustment reason is neither a CARC nor a RARC code": replace(
        OUTPATIENT, adjustments=(Code(codes.NCPDP_REJECT, "75"),)
    ),
}


@pytest.mark.parametrize("words", REJECTED)
def test_a_claim_that_cannot_conform_is_rejected_in_plain_words(words: str) -> None:
    claim = REJECTED[words]

    assert reason(claim) == f"claim {claim.claim_id}: {words}"


def test_a_rejection_keeps_where_the_record_was_read() -> None:
    found = Mapper("s").claim(replace(OUTPATIENT, lines=()))

    assert isinstance(found, Rejection)
    assert found.position is not None
    assert (found.position.file, found.position.line) == ("claims.csv", 7)


def test_institutional_amounts_stand_at_the_lines_or_at_the_header_never_both() -> None:
    both = eob(replace(OUTPATIENT, amounts=MONEY))
    header = eob(INPATIENT_HEADER)

    assert adjudications(both["item"][0], "submitted")
    assert not adjudications(both, "submitted")
    assert adjudications(header, "submitted")
    assert "adjudication" not in header["item"][0]


def test_reasons_of_a_line_without_amounts_move_to_the_header() -> None:
    bare = replace(LINE, number=7, amounts={}, local_amounts=())

    found = eob(replace(OUTPATIENT, adjustments=(), lines=(LINE, bare)))

    assert "adjudication" not in found["item"][1]
    assert [code(a["reason"]) for a in adjudications(found, "adjustmentreason")] == ["45", "N130"]


def test_unknown_amounts_are_stated_as_unknown_and_never_as_zero() -> None:
    found = eob(replace(INPATIENT_HEADER, amounts={}, totals={}, local_amounts=()))

    (amount,) = adjudications(found, "submitted")
    assert amount["amount"]["extension"][0]["valueCode"] == "unknown"
    assert "value" not in found["total"][0]["amount"]


def test_totals_are_added_up_from_the_lines_where_the_source_states_none() -> None:
    lines = (
        replace(LINE, amounts={Amount.BENEFIT: Decimal("1.10")}),
        replace(LINE, number=7, amounts={Amount.BENEFIT: Decimal("2.90")}),
    )

    found = eob(replace(OUTPATIENT, totals={}, local_amounts=(), lines=lines))

    assert [(code(t["category"]), str(t["amount"]["value"])) for t in found["total"]] == [("benefit", "4.00")]


def test_amounts_that_do_not_add_up_are_published_as_stated_and_reported() -> None:
    odd = replace(
        OUTPATIENT, totals=MONEY | {Amount.ELIGIBLE: Decimal("1.00"), Amount.MEMBER_LIABILITY: Decimal("99.00")}
    )

    assert "eligible is not submitted less noncovered and discount" in findings(odd)
    assert "memberliability is not deductible, coinsurance, copay and noncovered together" in findings(odd)
    assert "the lines add up to another eligible total" in findings(odd)


def test_the_principal_diagnosis_repeated_as_first_of_the_list_is_written_once() -> None:
    repeated = (
        Diagnosis(role=DiagnosisRole.PRINCIPAL, code=icd("E119")),
        Diagnosis(role=DiagnosisRole.SECONDARY, code=icd("E11.9"), present_on_admission="Y"),
        Diagnosis(role=DiagnosisRole.SECONDARY, code=icd("I10")),
    )

    found = eob(replace(INPATIENT, diagnoses=repeated))["diagnosis"]

    assert [(code(d["type"][0]), code(d["diagnosisCodeableConcept"])) for d in found] == [
        ("principal", "E11.9"),
        ("other", "I10"),
    ]
    assert code(found[0]["onAdmission"]) == "Y"


def test_of_several_principal_diagnoses_the_first_stays_principal() -> None:
    several = tuple(Diagnosis(role=DiagnosisRole.PRINCIPAL, code=icd(value)) for value in ("E119", "I10"))

    found = eob(replace(PROFESSIONAL, diagnoses=several))["diagnosis"]

    assert [code(d["type"][0]) for d in found] == ["principal", "secondary"]


def test_a_diagnosis_with_two_roles_stands_twice() -> None:
    twice = (*DIAGNOSES, Diagnosis(role=DiagnosisRole.ADMITTING, code=icd("E119")))

    roles = [
        (code(d["type"][0]), code(d["diagnosisCodeableConcept"]))
        for d in eob(replace(INPATIENT, diagnoses=twice))["diagnosis"]
    ]

    assert ("principal", "E11.9") in roles
    assert ("admitting", "E11.9") in roles


@pytest.mark.parametrize(
    ("system", "bare", "dotted"),
    [
        (codes.ICD_10_CM, "E119", "E11.9"),
        (codes.ICD_10_CM, "I10", "I10"),
        (codes.ICD_10_CM, "W010XXA", "W01.0XXA"),
        (codes.ICD_9_CM, "25000", "250.00"),
        (codes.ICD_9_CM, "E8859", "E885.9"),
        (codes.ICD_9_CM, "V5869", "V58.69"),
    ],
)
def test_diagnosis_codes_are_dotted_as_their_systems_want(system: str, bare: str, dotted: str) -> None:
    one = (Diagnosis(role=DiagnosisRole.PRINCIPAL, code=Code(system, bare)),)

    assert code(eob(replace(PROFESSIONAL, diagnoses=one))["diagnosis"][0]["diagnosisCodeableConcept"]) == dotted


def test_a_masked_diagnosis_says_so_where_the_version_has_a_code_for_it() -> None:
    masked = (*DIAGNOSES, Diagnosis(role=DiagnosisRole.SECONDARY, code=None, masked=True))
    claim = replace(PROFESSIONAL, diagnoses=masked)

    assert code(eob(claim)["diagnosis"][2]["diagnosisCodeableConcept"]) == "masked"
    assert len(eob(claim, "2.0.0")["diagnosis"]) == 2
