"""Outpatient institutional claim → ExplanationOfBenefit.

Source: CARIN Blue Button, C4BB-ExplanationOfBenefit-Outpatient-Institutional.
"""

from __future__ import annotations

from dataclasses import dataclass

from fhir_facade.contracts.records import CareTeamRole, ClaimLine, DiagnosisRole
from fhir_facade.fhir.eob import lines, supporting_info
from fhir_facade.fhir.eob.draft import Draft
from fhir_facade.fhir.eob.institutional import Institutional
from fhir_facade.fhir.values import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Outpatient(Institutional):
    """The outpatient profile: every line has a day of service."""

    def inform(self, draft: Draft) -> None:
        """Bill, admission and numbers [88, 17, 13, 14, 117, 110, 109]."""
        supporting_info.received(draft)
        supporting_info.institutional(draft)
        supporting_info.provider_numbers(draft)

    def serviced(self, line: ClaimLine) -> Json:
        """The day of service; the profile knows no period."""
        return lines.serviced_day(line, "outpatient")


OUTPATIENT = Outpatient(
    profile="Outpatient-Institutional",
    claim_type="institutional",
    sub_type="outpatient",
    diagnosis_names={
        DiagnosisRole.PRINCIPAL: "principal",
        DiagnosisRole.SECONDARY: "other",
        DiagnosisRole.EXTERNAL_CAUSE: "externalcauseofinjury",
        DiagnosisRole.REASON_FOR_VISIT: "patientreasonforvisit",
    },
    diagnosis_required=True,
    qualified=frozenset({CareTeamRole.RENDERING}),
)
