"""What every ExplanationOfBenefit has, whatever its kind; the kinds fill in the rest.

Source: CARIN Blue Button, StructureDefinition C4BB-ExplanationOfBenefit.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from fhir_facade.contracts.people import Coverage, Identifier
from fhir_facade.contracts.records import (
    CareTeamRole,
    ClaimLine,
    ClaimStatus,
    DiagnosisRole,
    OtherPayer,
    Party,
    PartyKind,
    Payee,
    PaymentStatus,
)
from fhir_facade.fhir.eob import adjudication, amounts
from fhir_facade.fhir.eob.care_team import PROVIDERS, Roles, billing_provider, care_team
from fhir_facade.fhir.eob.diagnoses import diagnoses, unknown_diagnosis
from fhir_facade.fhir.eob.draft import Draft
from fhir_facade.fhir.eob.lines import unique_numbers
from fhir_facade.fhir.eob.supporting_info import inform_details
from fhir_facade.fhir.guide import CARIN, CARIN_IDENTIFIER_TYPE, CLAIM_TYPE, THO, meta
from fhir_facade.fhir.identifiers import plain
from fhir_facade.fhir.unfit import Unfit
from fhir_facade.fhir.values import Json, concept, day, period, reference, text, whole

_PAYEES = {
    "beneficiary": f"{CARIN}/CodeSystem/C4BBPayeeType",
    "subscriber": f"{THO}/payeetype",
    "provider": f"{THO}/payeetype",
    "other": f"{THO}/payeetype",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind(ABC):
    """One CARIN profile; each kind of claim overrides what is its own.

    Args:
        profile: name without ``C4BB-ExplanationOfBenefit-``.
        claim_type: code of HL7's claim-type.
        sub_type: code of C4BBInstitutionalClaimSubType, institutional claims only.
        diagnosis_names: roles of diagnoses and their codes; empty where the kind carries none.
        diagnosis_required: whether the profile demands a diagnosis.
        qualified: care team roles that need a taxonomy code.
    """

    profile: str
    claim_type: str
    sub_type: str | None = None
    diagnosis_names: Mapping[DiagnosisRole, str]
    diagnosis_required: bool
    qualified: frozenset[CareTeamRole] = frozenset()

    @abstractmethod
    def roles(self, draft: Draft) -> Roles:
        """Care team roles of the profile."""

    def providers(self, draft: Draft) -> frozenset[PartyKind]:
        """What ``provider`` may be."""
        return PROVIDERS

    @abstractmethod
    def inform(self, draft: Draft) -> None:
        """Add the ``supportingInfo`` of the claim."""

    @abstractmethod
    def line(self, draft: Draft, line: ClaimLine) -> Json:
        """The item of a line."""

    @abstractmethod
    def header(self, draft: Draft) -> list[Json]:
        """``adjudication`` of the whole claim."""

    def procedures(self, draft: Draft) -> list[Json]:
        """``procedure``, institutional claims only."""
        return []

    def diagnoses(self, draft: Draft) -> list[Json]:
        """``diagnosis``; an unknown one where the profile demands it and there is none."""
        found = diagnoses(draft, self.diagnosis_names) if self.diagnosis_names else []
        return found or (unknown_diagnosis(draft) if self.diagnosis_required else [])


def build(draft: Draft, kind: Kind, eob_id: str, labels: frozenset[str]) -> Json:
    """The ExplanationOfBenefit of a claim.

    Raises:
        Unfit: the claim cannot become conformant; the reason says why.
    """
    unique_numbers(draft.claim)
    draft.line_sums = amounts.added(line.amounts for line in draft.claim.lines)
    eob = _opening(draft, kind, eob_id, labels) | _parties(draft, kind)
    if found := _related(draft):
        eob["related"] = found
    if draft.claim.payee is not None:
        eob["payee"] = _payee(draft, draft.claim.payee)
    kind.inform(draft)
    inform_details(draft, draft.claim.details)
    sections = {
        "careTeam": care_team(draft, kind.roles(draft), kind.qualified),
        "diagnosis": kind.diagnoses(draft),
        "procedure": kind.procedures(draft),
        "insurance": _insurance(draft),
        "item": [kind.line(draft, line) for line in draft.claim.lines],
        "adjudication": kind.header(draft),
        "total": amounts.totals(draft) if draft.financial else [],
        "processNote": _notes(draft),
        "supportingInfo": [{"sequence": number, **info} for number, info in enumerate(draft.information, start=1)],
        "contained": list(draft.contained.values()),
    }
    eob |= {name: entries for name, entries in sections.items() if entries}
    if payment := _payment(draft):
        eob["payment"] = payment
    _notice(draft)
    return eob


def _opening(draft: Draft, kind: Kind, eob_id: str, labels: frozenset[str]) -> Json:
    claim, guide = draft.claim, draft.guide
    profile = f"ExplanationOfBenefit-{kind.profile}" + ("" if draft.financial else "-Basis")
    eob: Json = {"resourceType": "ExplanationOfBenefit", "id": eob_id}
    eob["meta"] = meta(guide, profile, claim.last_updated, labels)
    eob["identifier"] = _identifiers(draft)
    eob["status"] = _status(draft)
    eob["type"] = guide.concept(CLAIM_TYPE, kind.claim_type)
    if kind.sub_type is not None:
        eob["subType"] = concept(f"{CARIN}/CodeSystem/C4BBInstitutionalClaimSubType", kind.sub_type)
    eob["use"] = "claim"
    eob["billablePeriod"] = _billable(draft)
    eob["created"] = day(claim.adjudicated_on, "the adjudication date")
    eob["outcome"] = "complete"
    return eob


def _identifiers(draft: Draft) -> list[Json]:
    unique = {"type": concept(CARIN_IDENTIFIER_TYPE, "uc")} | plain(draft.claim.claim_number, "the claim number")
    return [unique, *(plain(other, "an identifier of the claim") for other in draft.claim.other_identifiers)]


def _status(draft: Draft) -> str:
    """A claim that another one replaces is cancelled, whatever its source still says."""
    status = ClaimStatus(draft.claim.status)
    if draft.claim.replaced_by and status is ClaimStatus.ACTIVE:
        draft.note("it is replaced by another claim, so it is published as cancelled")
        return ClaimStatus.CANCELLED.value
    return status.value


def _billable(draft: Draft) -> Json:
    claim = draft.claim
    span = period(claim.service_start, claim.service_end, "the billed period")
    if span is None or "start" not in span:
        raise Unfit("it has no date of service")
    return span


def _parties(draft: Draft, kind: Kind) -> Json:
    return {
        "patient": reference("Patient", draft.patient_id),
        "insurer": draft.refer(Party(PartyKind.ORGANIZATION, draft.claim.payer_id), "the payer"),
        "provider": billing_provider(draft, kind.providers(draft)),
    }


def _related(draft: Draft) -> list[Json]:
    """The claims next to this one in its chain of adjustments [111, 112]."""
    claim = draft.claim
    chains = ((claim.prior_claims, _PRIOR), (claim.replaced_by, _REPLACED))
    return [_neighbour(draft, number, how) for numbers, how in chains for number in dict.fromkeys(numbers)]


_PRIOR = (f"{THO}/ex-relatedclaimrelationship", "prior")
_REPLACED = (f"{CARIN}/CodeSystem/C4BBRelatedClaimRelationshipCodes", "replacedby")


def _neighbour(draft: Draft, number: Identifier, how: tuple[str, str]) -> Json:
    if number == draft.claim.claim_number:
        raise Unfit("it is named as the replacement of itself")
    return {
        "relationship": draft.guide.concept(*how),
        "reference": {"type": concept(CARIN_IDENTIFIER_TYPE, "uc")} | plain(number, "a related claim's number"),
    }


def _payee(draft: Draft, payee: Payee) -> Json:
    """Who was paid [120, 121]."""
    if payee.kind not in _PAYEES:
        raise Unfit("the payee is not subscriber, provider, beneficiary or other")
    if payee.kind == "other" and payee.party is None:
        raise Unfit("a payee of type other needs a party")
    result: Json = {"type": draft.guide.concept(_PAYEES[payee.kind], payee.kind)}
    if payee.party is not None:
        result["party"] = draft.refer(payee.party, "the payee")
    return result


def _insurance(draft: Draft) -> list[Json]:
    """The cover the claim was adjudicated under, focal, and the other carriers [2, 141].

    Raises:
        Unfit: the cover is paid by another payer than the claim, or is another member's.
    """
    claim = draft.claim
    cover = draft.known.coverages.get(claim.coverage_id)
    if cover is None and draft.known.complete:
        raise Unfit("the coverage it was adjudicated under is not among the records handed over")
    if cover is not None and cover.payor_id != claim.payer_id:
        raise Unfit("its payer is not the payer of the coverage it was adjudicated under")
    if cover is not None and not _in_force(cover, claim.service_start):
        draft.note("the coverage it names was not in force on the first day of service")
    focal = reference("Coverage", draft.local(claim.coverage_id, "the coverage"))
    return [{"focal": True, "coverage": focal}, *(_other_payer(draft, payer) for payer in claim.other_payers)]


def _in_force(cover: Coverage, day_of_service: date) -> bool:
    """Whether cover held on a day; an unknown bound is open."""
    starts, ends = cover.starts_on, cover.ends_on
    return (starts is None or starts <= day_of_service) and (ends is None or day_of_service <= ends)


def _other_payer(draft: Draft, payer: OtherPayer) -> Json:
    carrier: Json = {"display": text(payer.name, "another payer's name")}
    cover = draft.known.coverages.get(payer.coverage_id) if payer.coverage_id is not None else None
    if payer.coverage_id is not None and _elsewhere(draft, cover):
        carrier = reference("Coverage", draft.local(payer.coverage_id, "another payer's coverage")) | carrier
    return {"focal": False, "coverage": carrier}


def _elsewhere(draft: Draft, cover: Coverage | None) -> bool:
    """Whether another payer's cover can be referred to: it is there, and another payer's."""
    return cover.payor_id != draft.claim.payer_id if cover is not None else not draft.known.complete


def _payment(draft: Draft) -> Json:
    """Payment status and date [91, 107]; the status follows from denied lines where the source does not say it."""
    claim = draft.claim
    result: Json = {}
    status = claim.payment_status
    denied = sum(line.denied is True for line in claim.lines)
    if status is None and denied:
        status = PaymentStatus.DENIED if denied == len(claim.lines) else PaymentStatus.PARTIALLY_PAID
    if status is not None:
        result["type"] = adjudication.payment_type(status)
    if claim.paid_on is not None:
        result["date"] = day(claim.paid_on, "the paid date")
    return result


def _notes(draft: Draft) -> list[Json]:
    """Explanations to the member [181]."""
    return [
        {"number": whole(note.number, "a note's number", least=1), "text": text(note.text, "a note")}
        for note in draft.claim.notes
    ]


def _notice(draft: Draft) -> None:
    if draft.financial:
        for finding in amounts.disagreements(draft.claim, draft.line_sums):
            draft.note(finding)
