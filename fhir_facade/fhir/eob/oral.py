"""Dental claim → ExplanationOfBenefit.

Source: CARIN Blue Button, C4BB-ExplanationOfBenefit-Oral; its three tooth rules.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from fhir_facade.contracts.codes import CDT, ORAL_AREA, TOOTH_NUMBER, TOOTH_SURFACE, Code
from fhir_facade.contracts.records import Claim, ClaimLine, NetworkStatus, OralDetails, PartyKind
from fhir_facade.fhir.eob import adjudication, lines, supporting_info
from fhir_facade.fhir.eob.base import Kind
from fhir_facade.fhir.eob.care_team import Roles
from fhir_facade.fhir.eob.draft import Draft
from fhir_facade.fhir.eob.professional import CLINICIANS, SECONDARY_ONLY, line_adjudication
from fhir_facade.fhir.eob.supporting_info import info
from fhir_facade.fhir.unfit import Unfit
from fhir_facade.fhir.values import Json, absent, concept, day, measured, whole

_SITES = frozenset({TOOTH_NUMBER, ORAL_AREA})
_NETWORKS = frozenset({NetworkStatus.IN_NETWORK, NetworkStatus.OUT_OF_NETWORK})


@dataclass(frozen=True, slots=True, kw_only=True)
class Oral(Kind):
    """The oral profile."""

    def roles(self, draft: Draft) -> Roles:
        """As professional."""
        return CLINICIANS

    def providers(self, draft: Draft) -> frozenset[PartyKind]:
        """Guide 2.0.0 knows dentists alone."""
        return draft.guide.oral_provider

    def inform(self, draft: Draft) -> None:
        """Received date, facility, numbers and dental details [88, 97, 110, 109, 198–203, 205]."""
        supporting_info.received(draft)
        supporting_info.facility(draft)
        supporting_info.provider_numbers(draft)
        if draft.claim.oral is not None:
            _details(draft, draft.claim.oral)

    def header(self, draft: Draft) -> list[Json]:
        """Network status of billing and rendering provider, payment status, header reasons."""
        claim = draft.claim
        return [
            *adjudication.network("billingnetworkstatus", claim.billing_network),
            *adjudication.network("renderingnetworkstatus", _rendering(claim)),
            adjudication.payment(adjudication.claim_payment_status(claim)),
            *adjudication.adjustments(claim.adjustments),
        ]

    def line(self, draft: Draft, line: ClaimLine) -> Json:
        """A line: CDT code, day, place, teeth and surfaces, amounts and payment status."""
        line = _with_site(line)
        teeth = [_further(draft, tooth) for tooth in dict.fromkeys(line.additional_teeth)]
        item = lines.numbered(line) | supporting_info.cited(draft, line, teeth)
        item["productOrService"] = _service(draft, line)
        item |= lines.modifiers(draft, line) | lines.serviced_span(line, "dental")
        item |= lines.place(line, "dental") | lines.units(line) | _teeth(draft, line)
        item["adjudication"] = line_adjudication(draft, line)
        return item | lines.notes(draft, line)


def _rendering(claim: Claim) -> NetworkStatus:
    """The rendering provider's network, which the profile demands: as stated, else as the claim was billed or paid.

    Raises:
        Unfit: nothing in the claim says it.
    """
    said = (claim.rendering_network, claim.billing_network, adjudication.claim_payment_status(claim))
    for status in said:
        if status in _NETWORKS:
            return NetworkStatus(status)
    raise Unfit("dental claims need the network status of the rendering provider")


def _details(draft: Draft, oral: OralDetails) -> None:
    if oral.orthodontics_months is not None or oral.appliance_placed_on is not None:
        months = oral.orthodontics_months
        value = absent() if months is None else _months(months)
        draft.inform(info("orthodontics", **_placed(oral.appliance_placed_on), valueQuantity=value))
    if oral.prosthesis_replacement is not None:
        replaced = {"valueBoolean": bool(oral.prosthesis_replacement)}
        draft.inform(info("prosthesis", **_placed(oral.prior_prosthesis_on), **replaced))
    elif oral.prior_prosthesis_on is not None:
        draft.inform(info("prosthesis", **_placed(oral.prior_prosthesis_on), _valueBoolean=absent()))
    for tooth in dict.fromkeys(oral.missing_teeth):
        if tooth.system != TOOTH_NUMBER:
            raise Unfit("a missing tooth is not a tooth number")
        draft.inform(info("missingtoothnumber", code=concept(tooth.system, tooth.value)))


def _months(months: int) -> Json:
    return measured(Decimal(whole(months, "months of orthodontic treatment")), "mo", "months of treatment")


def _placed(on: object) -> Json:
    return {} if on is None else {"timingDate": day(on, "the date of an appliance or prosthesis")}


def _with_site(line: ClaimLine) -> ClaimLine:
    """A line with further teeth has a first one (Oral-line-item-with-linked-additionalbody-site-requires-bodysite)."""
    if line.tooth is not None or not line.additional_teeth:
        return line
    return replace(line, tooth=line.additional_teeth[0], additional_teeth=line.additional_teeth[1:])


def _further(draft: Draft, tooth: Code) -> int:
    """A further tooth or area, which the line cites [204]."""
    return draft.inform(info("additionalbodysite", code=_site(tooth)))


def _site(tooth: Code) -> Json:
    if tooth.system not in _SITES:
        raise Unfit("a tooth is neither a tooth number nor an area of the oral cavity")
    return concept(tooth.system, tooth.value)


def _teeth(draft: Draft, line: ClaimLine) -> Json:
    """``bodySite`` and ``subSite`` [196, 197].

    Raises:
        Unfit: surfaces without a tooth number (Oral-EOB-surface-subsite-requires-tooth-number).
    """
    result: Json = {} if line.tooth is None else {"bodySite": _site(line.tooth)}
    if not line.surfaces:
        return result
    if line.tooth is None or line.tooth.system != TOOTH_NUMBER:
        raise Unfit(f"line {line.number} has tooth surfaces but no tooth number")
    if any(surface.system != TOOTH_SURFACE for surface in line.surfaces):
        raise Unfit(f"line {line.number} has a tooth surface of another code system")
    result["subSite"] = [concept(draft.guide.tooth_surface, surface.value) for surface in line.surfaces]
    return result


def _service(draft: Draft, line: ClaimLine) -> Json:
    if line.procedure is None:
        return lines.not_applicable(draft)
    return lines.service(replace(line, procedure=lines.dental(line.procedure)), frozenset({CDT}), "CDT")


ORAL = Oral(profile="Oral", claim_type="oral", diagnosis_names=SECONDARY_ONLY, diagnosis_required=False)
