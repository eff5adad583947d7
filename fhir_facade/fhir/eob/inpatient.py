"""Inpatient institutional claim → ExplanationOfBenefit.

Source: CARIN Blue Button, C4BB-ExplanationOfBenefit-Inpatient-Institutional.
"""

from __future__ import annotations

from dataclasses import dataclass

from fhir_facade.contracts.records import ClaimLine, DiagnosisRole
from fhir_facade.fhir.eob import lines, supporting_info
from fhir_facade.fhir.eob.draft import Draft
from fhir_facade.fhir.eob.institutional import Institutional
from fhir_facade.fhir.unfit import Unfit
from fhir_facade.fhir.values import Json, period


@dataclass(frozen=True, slots=True, kw_only=True)
class Inpatient(Institutional):
    """The inpatient profile: a stay, a DRG, revenue codes on every line."""

    def inform(self, draft: Draft) -> None:
        """Stay, bill, admission, DRG and numbers [18, 19, 88, 17, 13, 14, 117, 33, 110, 109]."""
        claim = draft.claim
        if claim.admitted_on is None:
            raise Unfit("inpatient claims need an admission date")
        stay = period(claim.admitted_on, claim.discharged_on, "the stay")
        draft.inform(supporting_info.info("admissionperiod", timingPeriod=stay))
        supporting_info.received(draft)
        supporting_info.institutional(draft)
        supporting_info.diagnosis_group(draft)
        supporting_info.provider_numbers(draft)

    def line(self, draft: Draft, line: ClaimLine) -> Json:
        """A line; its revenue code is required."""
        if line.revenue is None:
            raise Unfit(f"inpatient lines need a revenue code; line {line.number} has none")
        return Institutional.line(self, draft, line)

    def serviced(self, line: ClaimLine) -> Json:
        """Day or days of service, where the line has any."""
        return lines.serviced_span(line, "inpatient") if line.service_start is not None else {}


INPATIENT = Inpatient(
    profile="Inpatient-Institutional",
    claim_type="institutional",
    sub_type="inpatient",
    diagnosis_names={
        DiagnosisRole.PRINCIPAL: "principal",
        DiagnosisRole.ADMITTING: "admitting",
        DiagnosisRole.SECONDARY: "other",
        DiagnosisRole.EXTERNAL_CAUSE: "externalcauseofinjury",
    },
    diagnosis_required=True,
)
