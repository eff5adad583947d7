"""What can be asked of ExplanationOfBenefit.

Source: CARIN Blue Button 2.0.0–2.2.0, CapabilityStatement c4bb and its SearchParameters; R4 ExplanationOfBenefit.
"""

from __future__ import annotations

from fhir_facade.search.declaration import Kind, Parameter, ResourceType
from fhir_facade.search.every_type import CARIN_PARAMETERS, CORE_PARAMETERS, identifier, parameters

_PROVIDERS = ("Practitioner", "Organization")

CLAIM = ResourceType(
    name="ExplanationOfBenefit",
    doc="A claim as the payer decided it.",
    parameters=parameters(
        Parameter(
            name="patient",
            kind=Kind.REFERENCE,
            paths=("patient",),
            doc="The member; only the member who gave access ever matches.",
            definition=CARIN_PARAMETERS + "explanationofbenefit-patient",
            targets=("Patient",),
        ),
        Parameter(
            name="type",
            kind=Kind.TOKEN,
            paths=("type",),
            doc="Kind of claim: institutional, oral, pharmacy, professional, vision.",
            definition=CARIN_PARAMETERS + "explanationofbenefit-type",
            folded=True,
        ),
        identifier(CARIN_PARAMETERS + "explanationofbenefit-identifier"),
        Parameter(
            name="service-date",
            kind=Kind.DATE,
            paths=("billablePeriod", "item.servicedDate", "item.servicedPeriod"),
            doc="Day or period of the services, of the claim or of any line.",
            definition=CARIN_PARAMETERS + "explanationofbenefit-service-date",
        ),
        Parameter(
            name="service-start-date",
            kind=Kind.DATE,
            paths=("billablePeriod.start", "item.servicedDate", "item.servicedPeriod.start"),
            doc="First day of the services, of the claim or of any line.",
            definition=CARIN_PARAMETERS + "explanationofbenefit-service-start-date",
        ),
        Parameter(
            name="billable-period-start",
            kind=Kind.DATE,
            paths=("billablePeriod.start",),
            doc="First day of the billed period.",
            definition=CARIN_PARAMETERS + "explanationofbenefit-billable-period-start",
        ),
        Parameter(
            name="status",
            kind=Kind.TOKEN,
            paths=("status",),
            doc="active, cancelled, draft or entered-in-error.",
            definition=CORE_PARAMETERS + "ExplanationOfBenefit-status",
            system="http://hl7.org/fhir/explanationofbenefit-status",
            folded=True,
        ),
        Parameter(
            name="use",
            kind=Kind.TOKEN,
            paths=("use",),
            doc="claim, preauthorization or predetermination.",
            system="http://hl7.org/fhir/claim-use",
            folded=True,
        ),
        Parameter(
            name="created",
            kind=Kind.DATE,
            paths=("created",),
            doc="When the payer made it.",
            definition=CORE_PARAMETERS + "ExplanationOfBenefit-created",
        ),
        Parameter(
            name="insurer",
            kind=Kind.REFERENCE,
            paths=("insurer",),
            doc="The payer.",
            definition=CARIN_PARAMETERS + "explanationofbenefit-insurer",
            targets=("Organization",),
        ),
        Parameter(
            name="provider",
            kind=Kind.REFERENCE,
            paths=("provider",),
            doc="Who billed.",
            definition=CARIN_PARAMETERS + "explanationofbenefit-provider",
            targets=_PROVIDERS,
        ),
        Parameter(
            name="care-team",
            kind=Kind.REFERENCE,
            paths=("careTeam.provider",),
            doc="Anyone of the care team.",
            definition=CARIN_PARAMETERS + "explanationofbenefit-care-team",
            targets=_PROVIDERS,
        ),
        Parameter(
            name="coverage",
            kind=Kind.REFERENCE,
            paths=("insurance.coverage",),
            doc="The cover under which it was decided.",
            definition=CARIN_PARAMETERS + "explanationofbenefit-coverage",
            targets=("Coverage",),
        ),
        Parameter(
            name="payee",
            kind=Kind.REFERENCE,
            paths=("payee.party",),
            doc="Who was paid.",
            definition=CORE_PARAMETERS + "ExplanationOfBenefit-payee",
            targets=("Practitioner", "Organization", "Patient", "RelatedPerson"),
        ),
    ),
    includes=("patient", "provider", "care-team", "coverage", "insurer", "payee"),
    sorts=("_id", "_lastUpdated", "service-date", "billable-period-start", "created"),
    order=("-service-date",),
    member_path="patient",
    profiles=(
        "C4BB-ExplanationOfBenefit-Inpatient-Institutional",
        "C4BB-ExplanationOfBenefit-Outpatient-Institutional",
        "C4BB-ExplanationOfBenefit-Oral",
        "C4BB-ExplanationOfBenefit-Pharmacy",
        "C4BB-ExplanationOfBenefit-Professional-NonClinician",
    ),
)
