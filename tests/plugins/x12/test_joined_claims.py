"""What was billed and what was decided become one claim."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from fhir_facade.contracts.codes import CARC, CPT, HCPCS, ICD_10_CM, RARC, Code
from fhir_facade.contracts.records import (
    Amount,
    CareTeamRole,
    ClaimKind,
    ClaimStatus,
    DiagnosisRole,
    PartyKind,
    PaymentStatus,
)
from fhir_facade.fhir.mapper import Mapped, Mapper

from .interchanges import Loaded, institutional, interchange, load, negated, office, paid, payment, subscriber

CLAIM = interchange("837P", [*subscriber(), *office()])
PAID = interchange("835", payment(paid()), day="20260110")


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "in"


def all_published(loaded: Loaded) -> None:
    for carin in ("2.0.0", "2.1.0", "2.2.0"):
        mapper = Mapper("x12", carin, False)
        for records in loaded.records:
            for each in mapper.resources(records):
                assert isinstance(each, Mapped), each


def test_a_claim_and_its_payment_give_one_claim_that_can_be_published(folder):
    loaded = load(folder, {"a.837": CLAIM, "b.835": PAID})
    (claim,) = loaded.claims
    assert loaded.rejects == []
    assert (claim.kind, claim.status, claim.payment_status) == (
        ClaimKind.PROFESSIONAL,
        ClaimStatus.ACTIVE,
        PaymentStatus.PAID,
    )
    assert claim.claim_number.value == "ICN1"
    assert (claim.service_start, claim.received_on) == (date(2025, 12, 1), date(2025, 12, 20))
    assert (claim.adjudicated_on, claim.paid_on) == (date(2026, 1, 10), date(2026, 1, 10))
    assert (claim.patient_account_number, claim.medical_record_number) == ("PCN1", "MRN7")
    all_published(loaded)


def test_amounts_of_the_lines_are_those_of_the_remittance(folder):
    (claim,) = load(folder, {"a.837": CLAIM, "b.835": PAID}).claims
    first, second = claim.lines
    assert first.amounts == {
        Amount.SUBMITTED: Decimal("100.10"),
        Amount.DISCOUNT: Decimal("15.00"),
        Amount.DEDUCTIBLE: Decimal("20.10"),
        Amount.COPAY: Decimal("5.00"),
        Amount.ELIGIBLE: Decimal("85.10"),
        Amount.MEMBER_LIABILITY: Decimal("25.10"),
        Amount.BENEFIT: Decimal("60.00"),
        Amount.PAID_TO_PROVIDER: Decimal("60.00"),
    }
    assert str(second.amounts[Amount.ELIGIBLE]) == "30.00"
    assert claim.totals[Amount.SUBMITTED] == Decimal("150.10")
    assert claim.totals[Amount.ELIGIBLE] == Decimal("115.10")
    assert claim.totals[Amount.BENEFIT] == Decimal("90.00")


def test_adjustment_reasons_and_remarks_keep_group_amount_and_order(folder):
    (claim,) = load(folder, {"a.837": CLAIM, "b.835": PAID}).claims
    first = claim.lines[0]
    assert first.adjustments == (Code(CARC, "45"), Code(CARC, "1"), Code(CARC, "3"), Code(RARC, "N130"))
    told = [(each.category.value, each.amount) for each in first.local_amounts]
    assert told == [("CO-45", Decimal("15.00")), ("PR-1", Decimal("20.10")), ("PR-3", Decimal("5.00"))]


def test_codes_diagnoses_and_care_team_come_from_the_claim(folder):
    loaded = load(folder, {"a.837": CLAIM, "b.835": PAID})
    (claim,) = loaded.claims
    assert [line.procedure for line in claim.lines] == [Code(CPT, "99213"), Code(HCPCS, "G0008")]
    assert claim.lines[0].modifiers == (Code(CPT, "25"),)
    assert [(each.role, each.code) for each in claim.diagnoses] == [
        (DiagnosisRole.PRINCIPAL, Code(ICD_10_CM, "E119")),
        (DiagnosisRole.SECONDARY, Code(ICD_10_CM, "I10")),
    ]
    (doctor,) = claim.care_team
    assert (doctor.role, doctor.taxonomy) == (CareTeamRole.RENDERING, "207Q00000X")
    assert claim.billing_provider.kind is PartyKind.ORGANIZATION
    names = {each.name for each in loaded.records[0].organizations}
    assert names == {"Example State Medicaid", "HILLTOP CLINIC"}


def test_a_reversal_and_its_correction_give_one_cancelled_and_one_active_claim(folder):
    second = [each.replace("*90.00*25.10", "*95.00*20.10").replace("60.00", "65.00") for each in paid(number="ICN2")]
    second = [each.replace("**3*5.00", "") for each in second]
    files = {
        "a.837": CLAIM,
        "b.835": PAID,
        "c.835": interchange("835", payment(negated(paid()), second, paid_on="20260202"), day="20260202"),
    }
    loaded = load(folder, files)
    assert loaded.rejects == []
    old, new = sorted(loaded.claims, key=lambda claim: claim.claim_number.value)
    assert (old.status, new.status) == (ClaimStatus.CANCELLED, ClaimStatus.ACTIVE)
    assert old.replaced_by == (new.claim_number,)
    assert new.prior_claims == (old.claim_number,)
    assert new.totals[Amount.BENEFIT] == Decimal("95.00")
    assert old.last_updated.date() == date(2026, 2, 2)
    all_published(loaded)


def test_a_reversal_alone_cancels_the_claim(folder):
    reversal = interchange("835", payment(negated(paid())), day="20260202")
    (claim,) = load(folder, {"a.837": CLAIM, "b.835": PAID, "c.835": reversal}).claims
    assert claim.status is ClaimStatus.CANCELLED
    assert claim.replaced_by == ()


def test_a_correction_under_the_same_number_can_still_be_named(folder):
    files = {
        "a.837": CLAIM,
        "b.835": PAID,
        "c.835": interchange("835", payment(negated(paid()), paid(), paid_on="20260202"), day="20260202"),
    }
    claims = load(folder, files).claims
    assert sorted(claim.claim_number.value for claim in claims) == ["ICN1", "ICN1-2"]
    assert len({claim.claim_id for claim in claims}) == 2


@pytest.mark.parametrize(("frequency", "statuses"), [("7", ["cancelled", "active"]), ("8", ["cancelled", "cancelled"])])
def test_a_replacement_and_a_void_supersede_the_claim_they_name(folder, frequency, statuses):
    again = [*subscriber(), *office("PCN2", frequency=frequency, original="ICN1")]
    files = {
        "a.837": CLAIM,
        "b.835": PAID,
        "c.837": interchange("837P", again, day="20260201"),
        "d.835": interchange("835", payment(paid("PCN2", "ICN2")), day="20260210"),
    }
    old, new = sorted(load(folder, files).claims, key=lambda claim: claim.claim_number.value)
    assert [old.status.value, new.status.value] == statuses
    assert old.replaced_by == (new.claim_number,)


def test_a_denied_claim_without_paid_lines_keeps_its_charges_and_reasons(folder):
    denial = ["CLP*PCN1*4*150.10*0.00**MC*ICN9*11*1", "CAS*CO*29*150.10", "NM1*QC*1*ORTIZ*ANA****MI*M1", "MOA***N211"]
    loaded = load(folder, {"a.837": CLAIM, "b.835": interchange("835", payment(denial))})
    (claim,) = loaded.claims
    assert claim.payment_status is PaymentStatus.DENIED
    assert claim.paid_on is None
    assert all(line.denied and line.adjustments == (Code(CARC, "29"), Code(RARC, "N211")) for line in claim.lines)
    assert [line.amounts for line in claim.lines] == [
        {Amount.SUBMITTED: Decimal("100.10")},
        {Amount.SUBMITTED: Decimal("50.00")},
    ]
    assert claim.totals[Amount.MEMBER_LIABILITY] == 0
    all_published(loaded)


def test_what_another_payer_paid_first_is_told_with_its_name(folder):
    body = [*subscriber(), *office()]
    other = [
        "SBR*P*18*******CI",
        "AMT*D*40.00",
        "OI***Y***Y",
        "NM1*IL*1*ORTIZ*ANA****MI*X7",
        "NM1*PR*2*LAKESIDE*****PI*L1",
    ]
    body[body.index("LX*1") : body.index("LX*1")] = other
    second = [each.replace("CAS*CO*45*15.00", "CAS*OA*23*15.00").replace("CLP*PCN1*1", "CLP*PCN1*2") for each in paid()]
    (claim,) = load(folder, {"a": interchange("837P", body), "b": interchange("835", payment(second))}).claims
    assert [each.name for each in claim.other_payers] == ["LAKESIDE"]
    assert claim.lines[0].amounts[Amount.PRIOR_PAYER_PAID] == Decimal("15.00")


def test_an_inpatient_claim_without_paid_lines_has_its_amounts_at_the_header(folder):
    decided = [
        "CLP*HOSP1*1*5000.00*3900.00*100.00*MC*ICN5*11*1",
        "CAS*CO*45*1000.00",
        "CAS*PR*2*100.00",
        "NM1*QC*1*ORTIZ*ANA****MI*M1",
    ]
    files = {"a": interchange("837I", institutional("11", admitted=True)), "b": interchange("835", payment(decided))}
    loaded = load(folder, files)
    (claim,) = loaded.claims
    assert claim.kind is ClaimKind.INPATIENT
    assert claim.amounts[Amount.COINSURANCE] == Decimal("100.00")
    assert claim.amounts[Amount.ELIGIBLE] == Decimal("4000.00")
    assert not any(line.amounts for line in claim.lines)
    assert (claim.admitted_on, claim.discharged_on) == (date(2025, 11, 1), date(2025, 11, 4))
    assert (claim.type_of_bill, claim.admission_type, claim.point_of_origin) == ("0111", "1", "1")
    assert claim.diagnoses[0].present_on_admission == "Y"
    assert claim.diagnoses[1].role is DiagnosisRole.ADMITTING
    assert claim.procedures[0].performed_on == date(2025, 11, 2)
    all_published(loaded)


def test_an_outpatient_claim_with_paid_lines_has_its_amounts_at_the_lines(folder):
    decided = [
        "CLP*HOSP1*1*5000.00*3000.00**MC*ICN6*13*1",
        "NM1*QC*1*ORTIZ*ANA****MI*M1",
        "SVC*NU:0120*4000.00*2500.00**3",
        "CAS*CO*45*1500.00",
        "SVC*HC:G0306*1000.00*500.00*0300*2",
        "CAS*CO*45*500.00",
    ]
    files = {"a": interchange("837I", institutional("13", admitted=False)), "b": interchange("835", payment(decided))}
    loaded = load(folder, files)
    (claim,) = loaded.claims
    assert claim.kind is ClaimKind.OUTPATIENT
    assert claim.amounts == {}
    assert [line.amounts[Amount.BENEFIT] for line in claim.lines] == [Decimal("2500.00"), Decimal("500.00")]
    assert claim.lines[0].service_start == date(2025, 11, 1)
    all_published(loaded)
