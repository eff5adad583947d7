"""``supportingInfo``: what stands beside the lines of a claim, each entry under its category."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fhir_facade.contracts.records import Claim, ClaimLine, Detail, Party, PartyKind
from fhir_facade.fhir.encode import encode
from fhir_facade.fhir.eob.draft import Draft
from fhir_facade.fhir.guide import CARIN
from fhir_facade.fhir.identity import ByIdentity
from fhir_facade.fhir.unfit import Unfit
from fhir_facade.fhir.values import Json, concept, day, quantity, text

_CATEGORY = f"{CARIN}/CodeSystem/C4BBSupportingInfoType"
NUBC = "https://www.nubc.org/CodeSystem"

NEWBORN = "4"
"""NUBC priority of admission: newborn, whose points of origin are codes of their own system."""


def info(category: str, **content: Any) -> Json:
    """An entry without its sequence."""
    return {"category": concept(_CATEGORY, category)} | content


def inform_details(draft: Draft, details: Sequence[Detail]) -> list[int]:
    """The payer's own facts, each under its own category; returns the sequences of the entries.

    A fact that several lines share is written once, and all of them cite it.

    Raises:
        Unfit: a fact has no value, or more than one.
    """
    sequences: dict[int, None] = {}
    known = _written.known
    for detail in details:
        found = known.get(id(detail))
        entry, written = _written(detail) if found is None else found[1]
        sequence = draft.details.get(written)
        if sequence is None:
            sequence = draft.details[written] = draft.inform(entry)
        sequences[sequence] = None
    return list(sequences)


def cited(draft: Draft, line: ClaimLine, sequences: Sequence[int] = ()) -> Json:
    """``informationSequence``: what the line cites, the payer's own facts about it last."""
    found = [*sequences, *inform_details(draft, line.details)]
    return {"informationSequence": found} if found else {}


def _detail(detail: Detail) -> Json:
    code, number = detail.code, detail.quantity
    values: Json = {}
    if code is not None:
        values["code"] = concept(code.system, code.value, code.version, code.display)
    if detail.text is not None:
        values["valueString"] = text(detail.text, "a detail")
    if number is not None:
        values["valueQuantity"] = quantity(number, detail.unit, "a detail")
    if detail.day is not None:
        values["timingDate"] = day(detail.day, "a detail")
    if len(values) != 1:
        raise Unfit("a detail needs exactly one value")
    kind = detail.category
    return {"category": concept(kind.system, kind.value, None, kind.display)} | values


def _told(detail: Detail) -> tuple[Json, bytes]:
    """A detail's entry, and the same as JSON: what tells it from others, digit by digit."""
    entry = _detail(detail)
    return entry, encode(entry)


_written = ByIdentity(_told)


def received(draft: Draft) -> None:
    """Claim received date [88]."""
    if draft.claim.received_on is not None:
        draft.inform(info("clmrecvddate", timingDate=day(draft.claim.received_on, "the received date")))


def provider_numbers(draft: Draft) -> None:
    """Medical record and patient account number [110, 109]."""
    for category, value in (
        ("medicalrecordnumber", draft.claim.medical_record_number),
        ("patientaccountnumber", draft.claim.patient_account_number),
    ):
        if value is not None:
            draft.inform(info(category, valueString=text(value, category)))


def facility(draft: Draft) -> None:
    """Service facility of a professional or oral claim [97, 170, 176]."""
    if draft.claim.facility_id is not None:
        place = draft.refer(Party(PartyKind.ORGANIZATION, draft.claim.facility_id), "the service facility")
        draft.inform(info("servicefacility", valueReference=place))


def institutional(draft: Draft) -> None:
    """Type of bill, point of origin, type of admission, discharge status [17, 13, 14, 117]."""
    claim = draft.claim
    for category, system, code in (
        ("typeofbill", "TypeOfBill", claim.type_of_bill),
        ("pointoforigin", _origin_system(claim), claim.point_of_origin),
        ("admtype", "PriorityTypeOfAdmitOrVisit", claim.admission_type),
        ("discharge-status", "PatDischargeStatus", _padded(claim.discharge_status)),
    ):
        if code is not None:
            draft.inform(info(category, code=concept(f"{NUBC}/{system}", code)))


def _origin_system(claim: Claim) -> str:
    """Newborn type of admission and newborn point of origin go together (EOB-inst-pointoforigin, both halves)."""
    return "PointOfOriginNewborn" if claim.admission_type == NEWBORN else "PointOfOrigin"


def _padded(code: str | None) -> str | None:
    return code.zfill(2) if code is not None and code.isdigit() else code


def diagnosis_group(draft: Draft) -> None:
    """DRG with its system and the grouper's version [32, 33, 113]."""
    drg = draft.claim.drg
    if drg is None:
        return
    if not drg.value.strip():
        raise Unfit("the DRG is blank")
    draft.inform(info("drg", code=concept(drg.system, drg.value, drg.version, drg.display)))
