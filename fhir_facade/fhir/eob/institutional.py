"""What inpatient and outpatient claims share: amounts at header or lines, the care team, institutional codes."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

from fhir_facade.contracts.records import CareTeamRole, ClaimLine, PartyKind
from fhir_facade.fhir.eob import adjudication, amounts, diagnoses, lines, supporting_info
from fhir_facade.fhir.eob.base import Kind
from fhir_facade.fhir.eob.care_team import PRACTITIONER, PROVIDERS, Roles
from fhir_facade.fhir.eob.draft import Draft
from fhir_facade.fhir.values import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Institutional(Kind):
    """The shared half of the two institutional profiles."""

    def roles(self, draft: Draft) -> Roles:
        """Institutional care team roles; there is none for a supervisor."""
        return {
            CareTeamRole.ATTENDING: PRACTITIONER,
            CareTeamRole.PRIMARY: PRACTITIONER,
            CareTeamRole.REFERRING: PRACTITIONER,
            CareTeamRole.OPERATING: PROVIDERS,
            CareTeamRole.OTHER_OPERATING: PROVIDERS,
            CareTeamRole.RENDERING: draft.guide.institutional_rendering,
        }

    def providers(self, draft: Draft) -> frozenset[PartyKind]:
        """Institutional billing providers are organizations; since 2.2.0 practitioners too."""
        return draft.guide.institutional_provider

    def procedures(self, draft: Draft) -> list[Json]:
        """ICD procedures."""
        return diagnoses.procedures(draft)

    def header(self, draft: Draft) -> list[Json]:
        """Network and payment status, header reasons, and the amounts where no line carries any."""
        claim = draft.claim
        at_lines = amounts.at_lines(draft)
        stray = tuple(code for line in claim.lines if not _carries(draft, line) for code in line.adjustments)
        return [
            *adjudication.network("billingnetworkstatus", claim.billing_network),
            adjudication.payment(adjudication.claim_payment_status(claim)),
            *adjudication.adjustments(claim.adjustments + stray),
            *(amounts.header(draft) if draft.financial and not at_lines else ()),
        ]

    def line(self, draft: Draft, line: ClaimLine) -> Json:
        """A line; one without amounts carries no adjudication at all, its reasons stand at the header."""
        item = lines.numbered(line) | supporting_info.cited(draft, line) | lines.revenue(line)
        item["productOrService"] = lines.institutional_service(draft, line)
        item |= lines.modifiers(draft, line) | self.serviced(line) | lines.units(line)
        if _carries(draft, line):
            if found := _adjudication(draft, line):
                item["adjudication"] = found
        elif line.allowed_units is not None or line.local_amounts:
            draft.note(
                f"line {line.number} has adjudications but no amount of the guide's; the profile has no place for them"
            )
        return item | lines.notes(draft, line) | lines.drug_detail(line)

    @abstractmethod
    def serviced(self, line: ClaimLine) -> Json:
        """When the line's service was given."""


def _carries(draft: Draft, line: ClaimLine) -> bool:
    """Whether the line has an amount of its own: only then may it hold adjudications."""
    return amounts.counts(draft.guide, line.amounts)


def _adjudication(draft: Draft, line: ClaimLine) -> list[Json]:
    money = amounts.at_line(draft, line)
    reasons = adjudication.adjustments(line.adjustments)
    return [*money, *reasons, *adjudication.allowed_units(line.allowed_units)]
