"""Pharmacy claim, with compounds → ExplanationOfBenefit.

Source: CARIN Blue Button, C4BB-ExplanationOfBenefit-Pharmacy.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from fhir_facade.contracts.records import CareTeamRole, ClaimLine, Ingredient, PharmacyDetails
from fhir_facade.fhir.eob import adjudication, amounts, lines, supporting_info
from fhir_facade.fhir.eob.base import Kind
from fhir_facade.fhir.eob.care_team import Roles
from fhir_facade.fhir.eob.draft import Draft
from fhir_facade.fhir.eob.supporting_info import info
from fhir_facade.fhir.guide import CARIN, THO
from fhir_facade.fhir.unfit import Unfit
from fhir_facade.fhir.values import Json, absent, concept, quantity, whole

COMPOUND = "2"
"""NCPDP compound code: the drug is a compound."""

_NO_SELECTION = "0"
"""NCPDP product selection code where the prescriber said nothing."""

_NO_DETAILS = PharmacyDetails()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pharmacy(Kind):
    """The pharmacy profile."""

    def roles(self, draft: Draft) -> Roles:
        """Primary care provider and prescriber; which resource they are depends on the version."""
        kinds = draft.guide.pharmacy_prescriber
        return {CareTeamRole.PRIMARY: kinds, CareTeamRole.PRESCRIBING: kinds}

    def inform(self, draft: Draft) -> None:
        """Received date and what only a prescription has [88, 77, 79, 137, 144, 143, 78]."""
        supporting_info.received(draft)
        for entry in _prescription(draft, draft.claim.pharmacy or _NO_DETAILS):
            draft.inform(entry)

    def header(self, draft: Draft) -> list[Json]:
        """Network and payment status, header reasons."""
        claim = draft.claim
        return [
            *adjudication.network("billingnetworkstatus", claim.billing_network),
            adjudication.payment(adjudication.claim_payment_status(claim)),
            *adjudication.adjustments(claim.adjustments),
        ]

    def line(self, draft: Draft, line: ClaimLine) -> Json:
        """A line: the drug or its ingredients, fill date, quantity, amounts, rejects."""
        item = lines.numbered(line) | supporting_info.cited(draft, line) | _drug(draft, line)
        item |= lines.serviced_day(line, "pharmacy", draft.claim.service_start)
        dispensed = line.quantity if line.quantity is not None else line.units
        if dispensed is not None:
            item["quantity"] = quantity(dispensed, line.quantity_unit, f"the quantity of line {line.number}")
        if found := _adjudication(draft, line):
            item["adjudication"] = found
        return item | lines.notes(draft, line)


def _adjudication(draft: Draft, line: ClaimLine) -> list[Json]:
    rejects = adjudication.line_reasons(draft, "rejectreason", line.rejects)
    return [*amounts.at_line(draft, line), *rejects, *adjudication.adjustments(line.adjustments)]


def _drug(draft: Draft, line: ClaimLine) -> Json:
    """NDC of the drug, or the word compound and its ingredients [38, 39].

    A compound whose source names the main ingredient alone is a compound of that ingredient.
    """
    details = draft.claim.pharmacy or _NO_DETAILS
    ingredients = line.ingredients
    if not ingredients and line.drug is not None and details.compound_code == COMPOUND:
        ingredients = (Ingredient(drug=line.drug),)
    if ingredients:
        compound = concept(f"{CARIN}/CodeSystem/C4BBCompoundLiteral", "compound")
        parts = [{"sequence": n} | _ingredient(line, part) for n, part in enumerate(ingredients, 1)]
        return {"productOrService": compound, "detail": parts}
    if line.drug is None:
        raise Unfit(f"pharmacy lines need an NDC or ingredients; line {line.number} has neither")
    code = lines.eleven_digits(line.drug, f"line {line.number}")
    return {"productOrService": concept(code.system, code.value, None, code.display)}


def _ingredient(line: ClaimLine, part: Ingredient) -> Json:
    code = lines.eleven_digits(part.drug, f"an ingredient of line {line.number}")
    result: Json = {"productOrService": concept(code.system, code.value, None, code.display)}
    if part.quantity is not None:
        result["quantity"] = quantity(part.quantity, part.unit, f"an ingredient's quantity of line {line.number}")
    return result


def _prescription(draft: Draft, details: PharmacyDetails) -> Iterator[Json]:
    """Numbers that the profile demands are stated as unknown where the source lacks them; the rest is left out."""
    yield info("dayssupply", valueQuantity=_count(details.days_supply, "days supply", "days"))
    yield info("dawcode", code=_daw(draft, details.daw_code))
    yield info("refillnum", valueQuantity=_count(details.fill_number, "the fill number"))
    if details.refills_authorized is not None or draft.guide.refills_required:
        yield info("refillsauthorized", valueQuantity=_count(details.refills_authorized, "refills authorized"))
    for category, system, code in (
        ("brandgenericindicator", "NCPDPBrandGenericIndicator", details.brand_generic),
        ("rxorigincode", "NCPDPPrescriptionOriginCode", details.origin),
        ("compoundcode", "NCPDPCompoundCode", details.compound_code),
    ):
        if code is not None:
            yield info(category, code=concept(f"{THO}/{system}", code))


def _count(value: int | None, what: str, unit: str | None = None) -> Json:
    return absent() if value is None else quantity(Decimal(whole(value, what)), unit, what)


def _daw(draft: Draft, code: str | None) -> Json:
    """Dispense as written [79], which the profile demands from NCPDP's list and lets nobody state as unknown.

    Where the source has none, NCPDP's own default says just that: ``0``, no product selection indicated.
    """
    if code is None:
        draft.note(f"it has no DAW code; it is published as {_NO_SELECTION}, no product selection indicated")
    return concept(f"{THO}/NCPDPDispensedAsWrittenOrProductSelectionCode", code if code is not None else _NO_SELECTION)


PHARMACY = Pharmacy(profile="Pharmacy", claim_type="pharmacy", diagnosis_names={}, diagnosis_required=False)
