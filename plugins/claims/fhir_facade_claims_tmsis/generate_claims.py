"""Claims of any source → claim header and line records, with voids where a claim was taken back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from fhir_facade.contracts import codes
from fhir_facade.contracts.records import (
    Amount,
    CareTeamRole,
    Claim,
    ClaimKind,
    ClaimLine,
    ClaimStatus,
    DiagnosisRole,
    PaymentStatus,
)
from fhir_facade_claims_tmsis import elements
from fhir_facade_claims_tmsis.writing import Value, Writer

Cells = dict[str, Value]

_FLAGS = {codes.CPT: "01", codes.ICD_9_CM: "02", codes.HCPCS: "06", codes.CDT: "06", codes.ICD_10_PCS: "07"}
_OWN_CODE = "10"
_TOTALS = {kind: name for name, kind in elements.TOTALS.items() if name.startswith(("TOT-", "BENE", "NON"))}
_LONG_TERM = frozenset("26")
"""First digit of the bill type of nursing and intermediate care facilities."""

_DIAGNOSES = {"CIP": 12, "CLT": 5, "COT": 2, "CRX": 0}
_COMPOUND = {"1": "0", "2": "1"}

Npis = Mapping[str, str | None]
"""NPI by the id of an organization or practitioner."""


def write_claim(
    writers: Mapping[str, Writer], claim: Claim, member: str, by_number: Mapping[str, Claim], npis: Npis
) -> None:
    """Write one claim.

    Args:
        writers: the open files by subject.
        claim: the claim.
        member: the state's number of the member.
        by_number: the member's claims by claim number, for families.
        npis: NPI by provider.
    """
    subject = _subject(claim)
    writer = writers[subject]
    keys = _keys(claim, by_number)
    own: Cells = {"MSIS-IDENTIFICATION-NUM": member}
    header = _header(claim, subject, npis)
    writer.record(f"{subject}00002", own | keys | header | {"CLAIM-LINE-COUNT": len(claim.lines)})
    indicator = keys.pop("ADJUSTMENT-IND")
    rendering = _providers(
        claim, npis, {CareTeamRole.RENDERING: "SERVICING-PROV", CareTeamRole.OPERATING: "OPERATING-PROV"}
    )
    for line in claim.lines:
        cells = _line(claim, line, subject) | _only(subject, rendering)
        writer.record(f"{subject}00003", own | keys | {"LINE-ADJUSTMENT-IND": indicator} | cells)
    if claim.status is ClaimStatus.CANCELLED and not claim.replaced_by and not claim.prior_claims:
        void: Cells = {"ICN-ADJ": f"{claim.claim_number.value}V"[:50], "ADJUSTMENT-IND": "1"}
        voided = header | {"ADJUDICATION-DATE": max(claim.adjudicated_on, claim.last_updated.date())}
        writer.record(f"{subject}00002", own | keys | voided | void)


def _subject(claim: Claim) -> str:
    if claim.kind is ClaimKind.INPATIENT:
        bill = (claim.type_of_bill or "").lstrip("0")
        return "CLT" if bill[:1] in _LONG_TERM else "CIP"
    return "CRX" if claim.kind is ClaimKind.PHARMACY else "COT"


def _keys(claim: Claim, by_number: Mapping[str, Claim]) -> Cells:
    """An adjustment names the original of its family and is never older; a reversal is a void, and no claim itself."""
    family = [claim]
    while family[-1].prior_claims and len(family) <= len(by_number):
        before = by_number.get(family[-1].prior_claims[0].value)
        if before is None:
            break
        family.append(before)
    root = family[-1].prior_claims[0] if family[-1].prior_claims else family[-1].claim_number
    adjusts = bool(claim.prior_claims)
    return {
        "ICN-ORIG": root.value,
        "ICN-ADJ": claim.claim_number.value if adjusts else None,
        "ADJUSTMENT-IND": ("1" if is_reversal(claim) else "4") if adjusts else "0",
        "ADJUDICATION-DATE": max(one.adjudicated_on for one in family),
    }


def is_reversal(claim: Claim) -> bool:
    """Whether the claim only takes back the one before it."""
    return claim.status is ClaimStatus.CANCELLED and bool(claim.prior_claims) and not claim.replaced_by


def _header(claim: Claim, subject: str, npis: Npis) -> Cells:
    denied = claim.payment_status is PaymentStatus.DENIED
    cells: Cells = {
        "TYPE-OF-CLAIM": "1",
        "CLAIM-STATUS-CATEGORY": "F2" if denied else "F1",
        "CLAIM-DENIED-INDICATOR": "0" if denied else "1",
        "MEDICAID-PAID-DATE": claim.paid_on,
        "CROSSOVER-INDICATOR": "0",
        "PAYMENT-LEVEL-IND": "1" if claim.amounts else "2",
        "PATIENT-CONTROL-NUM": claim.patient_account_number,
    }
    cells |= _provider_cells("BILLING-PROV", claim.billing_provider.party_id, npis)
    if subject == "CRX":
        cells |= _pharmacy(claim, npis)
    else:
        cells |= _diagnoses(claim, subject) | {"TYPE-OF-BILL": _bill(claim)}
    if subject in ("CIP", "CLT"):
        cells |= _stay(claim, subject)
    if subject in ("CLT", "COT"):
        cells |= {"BEGINNING-DATE-OF-SERVICE": claim.service_start, "ENDING-DATE-OF-SERVICE": claim.service_end}
    if subject == "COT":
        cells["PLACE-OF-SERVICE"] = next((line.place_of_service for line in claim.lines if line.place_of_service), None)
    roles = {CareTeamRole.REFERRING: "REFERRING-PROV", CareTeamRole.ATTENDING: "ADMITTING-PROV"}
    roles |= {CareTeamRole.PRESCRIBING: "PRESCRIBING-PROV"}
    return cells | _only(subject, _providers(claim, npis, roles)) | _amounts(claim.totals or claim.amounts, subject)


def _bill(claim: Claim) -> str | None:
    return claim.type_of_bill.zfill(4) if claim.type_of_bill else None


def _stay(claim: Claim, subject: str) -> Cells:
    cells: Cells = {
        "ADMISSION-DATE": claim.admitted_on,
        "DISCHARGE-DATE": claim.discharged_on,
        "PATIENT-STATUS": claim.discharge_status,
    }
    if subject == "CLT":
        return cells
    cells["ADMISSION-TYPE"] = claim.admission_type
    if claim.drg:
        cells |= {
            "DIAGNOSIS-RELATED-GROUP": claim.drg.value,
            "DIAGNOSIS-RELATED-GROUP-IND": f"HG{claim.drg.version or ''}"[:4],
        }
    for place, procedure in enumerate(claim.procedures[:6], start=1):
        cells |= {
            f"PROCEDURE-CODE-{place}": procedure.code.value.replace(".", ""),
            f"PROCEDURE-CODE-FLAG-{place}": _FLAGS[procedure.code.system],
            f"PROCEDURE-CODE-DATE-{place}": procedure.performed_on,
        }
    return cells


def _diagnoses(claim: Claim, subject: str) -> Cells:
    cells: Cells = {}
    stay = subject in ("CIP", "CLT")
    ranked = [d for d in claim.diagnoses if d.code and d.role is not DiagnosisRole.ADMITTING]
    ranked.sort(key=lambda d: d.role is not DiagnosisRole.PRINCIPAL)
    for place, diagnosis in enumerate(ranked[: _DIAGNOSES[subject]], start=1):
        if diagnosis.code:
            cells[f"DIAGNOSIS-CODE-{place}"] = diagnosis.code.value.replace(".", "")
            cells[f"DIAGNOSIS-CODE-FLAG-{place}"] = "1" if diagnosis.code.system == codes.ICD_9_CM else "2"
            cells[f"DIAGNOSIS-POA-FLAG-{place}"] = diagnosis.present_on_admission if stay else None
    for diagnosis in claim.diagnoses:
        if stay and diagnosis.code and diagnosis.role is DiagnosisRole.ADMITTING:
            cells["ADMITTING-DIAGNOSIS-CODE"] = diagnosis.code.value.replace(".", "")
            cells["ADMITTING-DIAGNOSIS-CODE-FLAG"] = "2"
    return cells


def _pharmacy(claim: Claim, npis: Npis) -> Cells:
    details = claim.pharmacy
    party = claim.billing_provider.party_id
    return {
        "PRESCRIPTION-FILL-DATE": claim.service_start,
        "COMPOUND-DRUG-IND": _COMPOUND.get((details.compound_code if details else None) or "1"),
        "DISPENSING-PRESCRIPTION-DRUG-PROV-NUM": party[:30],
        "DISPENSING-PRESCRIPTION-DRUG-PROV-NPI": npis.get(party),
    }


def _provider_cells(stem: str, party: str, npis: Npis) -> Cells:
    return {f"{stem}-NUM": party[:30], f"{stem}-NPI-NUM": npis.get(party)}


def _providers(claim: Claim, npis: Npis, stems: Mapping[CareTeamRole, str]) -> Cells:
    cells: Cells = {}
    for member in claim.care_team:
        stem = stems.get(member.role)
        if stem and f"{stem}-NUM" not in cells:
            cells |= _provider_cells(stem, member.provider.party_id, npis) | {f"{stem}-TAXONOMY": member.taxonomy}
    return cells


_HAS = {
    "CIP": ("ADMITTING-PROV", "REFERRING-PROV", "SERVICING-PROV", "OPERATING-PROV-NPI-NUM"),
    "CLT": ("ADMITTING-PROV", "REFERRING-PROV", "SERVICING-PROV"),
    "COT": ("REFERRING-PROV", "SERVICING-PROV"),
    "CRX": ("PRESCRIBING-PROV",),
}


def _only(subject: str, cells: Cells) -> Cells:
    """The providers that the subject has elements for."""
    return {name: value for name, value in cells.items() if name.startswith(_HAS[subject])}


def _amounts(amounts: Mapping[Amount, Decimal], subject: str) -> Cells:
    cells: Cells = {_TOTALS[kind]: value for kind, value in amounts.items() if kind in _TOTALS}
    if subject not in ("CIP", "CLT"):
        cells.pop("NON-COV-CHARGES", None)
    cells["TOT-OTHER-INSURANCE-AMT"] = amounts.get(Amount.PRIOR_PAYER_PAID)
    return cells


def _line(claim: Claim, line: ClaimLine, subject: str) -> Cells:
    charge = "REVENUE-CHARGE" if subject in ("CIP", "CLT") else "BILLED-AMT"
    amounts = line.amounts
    cells: Cells = {
        "LINE-NUM-ORIG": f"{line.number:03}",
        "CLAIM-LINE-STATUS": "542" if line.denied else None,
        charge: amounts.get(Amount.SUBMITTED, amounts.get(Amount.DRUG_COST)),
        "ALLOWED-AMT": amounts.get(Amount.ELIGIBLE),
        "MEDICAID-PAID-AMT": amounts.get(Amount.BENEFIT),
        "OTHER-INSURANCE-AMT": amounts.get(Amount.PRIOR_PAYER_PAID),
    }
    return cells | dict(_LINES[subject](claim, line))


def _institutional(claim: Claim, line: ClaimLine) -> Iterator[tuple[str, Value]]:
    yield "REVENUE-CODE", line.revenue
    yield "IP-LT-QUANTITY-OF-SERVICE-ACTUAL", line.units
    yield from _served(line)


def _served(line: ClaimLine) -> Iterator[tuple[str, Value]]:
    yield "BEGINNING-DATE-OF-SERVICE", line.service_start
    yield "ENDING-DATE-OF-SERVICE", line.service_end


def _outpatient(claim: Claim, line: ClaimLine) -> Iterator[tuple[str, Value]]:
    yield from _served(line)
    yield "REVENUE-CODE", line.revenue
    yield "COPAY-AMT", line.amounts.get(Amount.COPAY)
    yield "OT-RX-CLAIM-QUANTITY-ACTUAL", line.units
    if line.procedure:
        yield "PROCEDURE-CODE", line.procedure.value
        yield "PROCEDURE-CODE-FLAG", _FLAGS.get(line.procedure.system, _OWN_CODE)
    for place, modifier in enumerate(line.modifiers[:4], start=1):
        yield f"PROCEDURE-CODE-MOD-{place}", modifier.value
    if line.tooth:
        yield "TOOTH-NUM" if line.tooth.system == codes.TOOTH_NUMBER else "TOOTH-QUAD-CODE", line.tooth.value
        yield "TOOTH-SURFACE-CODE", line.surfaces[0].value if line.surfaces else None


def _drug(claim: Claim, line: ClaimLine) -> Iterator[tuple[str, Value]]:
    details = claim.pharmacy
    drug = line.drug or (line.ingredients[0].drug if line.ingredients else None)
    yield "NATIONAL-DRUG-CODE", drug.value.replace("-", "") if drug else None
    yield "OT-RX-CLAIM-QUANTITY-ACTUAL", line.quantity
    yield "UNIT-OF-MEASURE", line.quantity_unit
    yield "COPAY-AMT", line.amounts.get(Amount.COPAY)
    if details:
        yield "DAYS-SUPPLY", details.days_supply
        yield "NEW-REFILL-IND", f"{details.fill_number:02}" if details.fill_number is not None else None
        yield "BRAND-GENERIC-IND", details.brand_generic


_LINES = {"CIP": _institutional, "CLT": _institutional, "COT": _outpatient, "CRX": _drug}
