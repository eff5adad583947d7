"""The three versions of the CARIN Blue Button guide as data: every difference that the mapping knows stands here.

Source: HL7 CARIN Blue Button Implementation Guide 2.0.0, 2.1.0 and 2.2.0, packages ``hl7.fhir.us.carin-bb``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from fhir_facade.contracts.records import Amount, PartyKind
from fhir_facade.fhir import values

CARIN = "http://hl7.org/fhir/us/carin-bb"
THO = "http://terminology.hl7.org/CodeSystem"
IDENTIFIER_TYPE = f"{THO}/v2-0203"
CARIN_IDENTIFIER_TYPE = f"{CARIN}/CodeSystem/C4BBIdentifierType"
CLAIM_TYPE = f"{THO}/claim-type"

_ORGANIZATION = frozenset({PartyKind.ORGANIZATION})
_PRACTITIONER = frozenset({PartyKind.PRACTITIONER})
_EITHER = _ORGANIZATION | _PRACTITIONER


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Guide:
    """One version of the guide, as far as it differs from the others; the same as itself alone."""

    version: str
    present_on_admission: str
    """Code system of ``diagnosis.onAdmission``."""
    tooth_surface: str
    """Code system of ``item.subSite``."""
    icd9_diagnosis: str
    icd9_procedure: str
    masked_diagnosis: bool
    """Whether a withheld diagnosis may be written as data-absent-reason ``masked``."""
    pharmacy_prescriber: frozenset[PartyKind]
    """What ``careTeam.provider`` of a pharmacy claim's primary and prescribing provider resolves to."""
    institutional_rendering: frozenset[PartyKind]
    institutional_provider: frozenset[PartyKind]
    """Target types of ``provider`` of an institutional claim."""
    oral_provider: frozenset[PartyKind]
    many_line_reasons: bool
    """Whether a line may have more than one adjustmentreason (professional, oral) or rejectreason (pharmacy)."""
    refills_required: bool
    """Whether a pharmacy claim must say how many refills were authorized."""
    amounts_outside: frozenset[Amount] = frozenset()
    """Amounts that the guide's value set does not hold: written, but no line may rest on them alone."""
    basis: bool = True
    """Whether the guide has the non-financial Basis profiles."""
    pins: Mapping[str, str] = field(default_factory=dict)
    """Code system → version that patterns and value sets pin, where ``coding.version`` is to be written."""

    def profile(self, name: str) -> str:
        """The versioned canonical of a profile: ``…/C4BB-Patient|2.2.0`` for ``Patient``."""
        return f"{CARIN}/StructureDefinition/C4BB-{name}|{self.version}"

    def concept(self, system: str, code: str) -> values.Json:
        """A concept of a code system that a version of the guide may pin."""
        return values.concept(system, code, self.pins.get(system))

    def identifier_type(self, code: str) -> values.Json:
        """An identifier's type in HL7's own code system (v2-0203)."""
        return values.concept(IDENTIFIER_TYPE, code, self.pins.get(IDENTIFIER_TYPE))


_V220 = Guide(
    version="2.2.0",
    present_on_admission="https://www.cms.gov/Medicare/Medicare-Fee-for-Service-Payment/HospitalAcqCond/Coding",
    tooth_surface=f"{THO}/ADAToothSurfaceCodes",
    icd9_diagnosis="http://hl7.org/fhir/sid/icd-9-cm",
    icd9_procedure="http://hl7.org/fhir/sid/icd-9-cm",
    masked_diagnosis=True,
    pharmacy_prescriber=_PRACTITIONER,
    institutional_rendering=_EITHER,
    institutional_provider=_EITHER,
    oral_provider=_EITHER,
    many_line_reasons=True,
    refills_required=False,
)

_V210 = replace(
    _V220,
    version="2.1.0",
    icd9_procedure="http://www.cms.gov/Medicare/Coding/ICD9",
    pharmacy_prescriber=_ORGANIZATION,
    institutional_rendering=_ORGANIZATION,
    institutional_provider=_ORGANIZATION,
    many_line_reasons=False,
    refills_required=True,
    amounts_outside=frozenset({Amount.PAID_BY_PATIENT_HEALTH_ACCOUNT}),
)

_V200 = replace(
    _V210,
    version="2.0.0",
    present_on_admission="https://www.nubc.org/CodeSystem/PresentOnAdmissionIndicator",
    tooth_surface=f"{CARIN}/CodeSystem/C4BBSurfaceCodes",
    icd9_diagnosis=f"{THO}/icd9",
    masked_diagnosis=False,
    pharmacy_prescriber=_PRACTITIONER,
    institutional_rendering=_EITHER,
    oral_provider=_PRACTITIONER,
    basis=False,
)

_PINS_220 = {
    CLAIM_TYPE: "1.0.1",
    IDENTIFIER_TYPE: "5.0.0",
    f"{THO}/adjudication": "1.0.1",
    f"{THO}/ex-diagnosistype": "1.0.1",
    f"{THO}/payeetype": "1.0.1",
    f"{THO}/claimcareteamrole": "1.0.0",
    f"{THO}/ex-relatedclaimrelationship": "1.0.0",
    values.ABSENT_REASON: "1.0.0",
}
"""What the package of the tag 2.2.0 demands; the guide's master of June 2026 took the first two back."""

GUIDES: Mapping[str, Guide] = {guide.version: guide for guide in (_V200, _V210, _V220)}


def guide_for(version: str, *, pin_coding_versions: bool = False) -> Guide:
    """The guide of a version.

    Args:
        version: ``2.0.0``, ``2.1.0`` or ``2.2.0``.
        pin_coding_versions: write ``coding.version`` where the 2.2.0 package pins it; other versions pin none.

    Raises:
        KeyError: there is no such version.
    """
    guide = GUIDES[version]
    return replace(guide, pins=_PINS_220) if pin_coding_versions and version == "2.2.0" else guide


def meta(guide: Guide, profile: str, last_updated: Any, labels: frozenset[str] = frozenset()) -> values.Json:
    """``meta`` of a resource; its own dict, because the version id is written into it later.

    Args:
        guide: the version of the guide.
        profile: the profile's name without ``C4BB-``.
        last_updated: when the source of record created or changed the record.
        labels: security labels, codes of HL7's ActCode (``42CFRPart2``).
    """
    result: values.Json = {
        "lastUpdated": values.instant(last_updated),
        "profile": [guide.profile(profile)],
    }
    if labels:
        result["security"] = [values.coding(f"{THO}/v3-ActCode", label) for label in sorted(labels)]
    return result
