"""Professional and non-clinician claim, with vision and transport → ExplanationOfBenefit.

Source: CARIN Blue Button, C4BB-ExplanationOfBenefit-Professional-NonClinician.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fhir_facade.contracts.records import CareTeamRole, ClaimLine, DiagnosisRole, NetworkStatus, Transport
from fhir_facade.fhir.eob import adjudication, amounts, lines, supporting_info
from fhir_facade.fhir.eob.base import Kind
from fhir_facade.fhir.eob.care_team import PRACTITIONER, PROVIDERS, Roles
from fhir_facade.fhir.eob.draft import Draft
from fhir_facade.fhir.eob.supporting_info import info
from fhir_facade.fhir.unfit import Unfit
from fhir_facade.fhir.values import Json, coding, measured, text

_TRANSPORT_REASONS = "https://x12.org/codesystem.x12.org/ambulance-transport-reason-codes"

SECONDARY_ONLY = {DiagnosisRole.PRINCIPAL: "principal", DiagnosisRole.SECONDARY: "secondary"}

CLINICIANS: Roles = {
    CareTeamRole.PRIMARY: PRACTITIONER,
    CareTeamRole.SUPERVISOR: PRACTITIONER,
    CareTeamRole.RENDERING: PRACTITIONER,
    CareTeamRole.REFERRING: PRACTITIONER,
    CareTeamRole.PURCHASED_SERVICE: PROVIDERS,
}
"""Care team roles of professional and oral claims."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Professional(Kind):
    """The professional profile; ``vision`` claims share it."""

    def roles(self, draft: Draft) -> Roles:
        """Professional care team roles."""
        return CLINICIANS

    def inform(self, draft: Draft) -> None:
        """Received date, facility, numbers and transport [88, 97, 110, 109]."""
        supporting_info.received(draft)
        supporting_info.facility(draft)
        supporting_info.provider_numbers(draft)
        _check_transport(draft)

    def header(self, draft: Draft) -> list[Json]:
        """Network status of billing and rendering provider, header reasons."""
        claim = draft.claim
        return [
            *adjudication.network("billingnetworkstatus", claim.billing_network),
            *adjudication.network("renderingnetworkstatus", claim.rendering_network),
            *adjudication.adjustments(claim.adjustments),
        ]

    def line(self, draft: Draft, line: ClaimLine) -> Json:
        """A line: procedure, day, place, amounts and payment status; transport details where it is the trip."""
        trip = _transport_sequences(draft) if line.transport and draft.claim.transport is not None else []
        return {
            **lines.numbered(line),
            **supporting_info.cited(draft, line, trip),
            "productOrService": self._service(draft, line),
            **lines.modifiers(draft, line),
            **lines.serviced_span(line, self.claim_type),
            **lines.place(line, self.claim_type),
            **lines.units(line),
            "adjudication": line_adjudication(draft, line),
            **lines.notes(draft, line),
            **lines.drug_detail(line),
        }

    def _service(self, draft: Draft, line: ClaimLine) -> Json:
        """A procedure is not applicable on a vision line only (EOB-vision-item-productorservice), else unknown."""
        if line.procedure is None and self.claim_type == "vision":
            return lines.not_applicable(draft)
        if line.procedure is None:
            draft.note(f"line {line.number} has no procedure code; it is published as unknown")
            return lines.UNKNOWN_PROCEDURE
        return lines.service(line, lines.PROFESSIONAL, "CPT or HCPCS")


def line_adjudication(draft: Draft, line: ClaimLine) -> list[Json]:
    """Adjudications of a professional or oral line: amounts, payment status, reasons, allowed units."""
    paid = line.benefit_payment or draft.claim.benefit_payment or NetworkStatus.OTHER
    reasons = adjudication.line_reasons(draft, "adjustmentreason", line.adjustments)
    money = amounts.at_line(draft, line)
    return [*money, adjudication.payment(paid), *reasons, *adjudication.allowed_units(line.allowed_units)]


def _check_transport(draft: Draft) -> None:
    """Transport details belong to lines (EOB-prof-all-transportation-supportinginfo-linked-to-line).

    Raises:
        Unfit: no line says that it is the trip.
    """
    if draft.claim.transport is None:
        return
    if not any(line.transport for line in draft.claim.lines):
        raise Unfit("it has transport details, but no line says that they are its own")
    for entry in _transport(draft.claim.transport):
        draft.inform(entry)


def _transport_sequences(draft: Draft) -> list[int]:
    codes = _TRANSPORT_CATEGORIES
    entries = enumerate(draft.information, start=1)
    return [number for number, entry in entries if entry["category"]["coding"][0]["code"] in codes]


_TEXTS = ("round_trip_purpose", "stretcher_purpose", "pickup_location", "dropoff_location")
_TEXT_CATEGORIES = ("roudtrippurpose", "stretcherpurpose", "pickuplocation", "dropofflocation")
"""The first is spelled so in the guide's code system."""
_TRANSPORT_CATEGORIES = frozenset(
    {"patientweight", "ambulancetransportreason", "transportationdistance", *_TEXT_CATEGORIES}
)


def _transport(transport: Transport) -> Iterator[Json]:
    if transport.patient_weight_lb is not None:
        weight = measured(transport.patient_weight_lb, "[lb_av]", "the patient's weight")
        yield info("patientweight", valueQuantity=weight)
    if transport.reason is not None:
        yield info("ambulancetransportreason", reason=coding(_TRANSPORT_REASONS, transport.reason))
    if transport.distance_miles is not None:
        distance = measured(transport.distance_miles, "[mi_i]", "the distance")
        yield info("transportationdistance", valueQuantity=distance)
    for name, category in zip(_TEXTS, _TEXT_CATEGORIES, strict=True):
        value = getattr(transport, name)
        if value is not None:
            yield info(category, valueString=text(value, f"the transport's {name}"))


PROFESSIONAL = Professional(
    profile="Professional-NonClinician",
    claim_type="professional",
    diagnosis_names=SECONDARY_ONLY,
    diagnosis_required=True,
)
VISION = Professional(
    profile="Professional-NonClinician",
    claim_type="vision",
    diagnosis_names=SECONDARY_ONLY,
    diagnosis_required=True,
)
