"""Codes as records carry them, and the URIs of the code systems that CARIN Blue Button binds.

Only URIs and shapes stand here. No content of a licensed code system (CPT, CDT, NUBC, NCPDP, X12, ADA) is shipped:
codes pass through as the payer's data carry them, without display texts.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Code:
    """One code of one code system.

    ``value`` keeps leading zeros and is never a placeholder: a missing code is an absent ``Code``. ``system`` is a URI
    (one of the constants below, or the payer's own for local codes). ``version`` is the code system's, where the code
    means nothing without it (DRG). ``display`` only where the payer may publish it.
    """

    system: str
    value: str
    version: str | None = None
    display: str | None = None


ICD_10_CM = "http://hl7.org/fhir/sid/icd-10-cm"
ICD_9_CM = "http://hl7.org/fhir/sid/icd-9-cm"
"""Diagnoses and procedures; the mapping writes the URI each guide version wants."""
ICD_10_PCS = "http://www.cms.gov/Medicare/Coding/ICD10"
CPT = "http://www.ama-assn.org/go/cpt"
HCPCS = "https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"
HIPPS = "https://www.cms.gov/Medicare/Medicare-Fee-for-Service-Payment/ProspMedicareFeeSvcPmtGen/HIPPSCodes"
CDT = "http://www.ada.org/cdt"
NDC = "http://hl7.org/fhir/sid/ndc"
PLACE_OF_SERVICE = "https://www.cms.gov/Medicare/Coding/place-of-service-codes/Place_of_Service_Code_Set"
MS_DRG = "https://www.cms.gov/Medicare/Medicare-Fee-for-Service-Payment/AcuteInpatientPPS/MS-DRG-Classifications-and-Software"
AP_DRG = "http://uri.hddaccess.com/cs/apdrg"
APR_DRG = "http://uri.hddaccess.com/cs/aprdrg"
CARC = "https://x12.org/codes/claim-adjustment-reason-codes"
RARC = "https://x12.org/codes/remittance-advice-remark-codes"
NCPDP_REJECT = "http://terminology.hl7.org/CodeSystem/NCPDPRejectCode"
NUCC_TAXONOMY = "http://nucc.org/provider-taxonomy"
TOOTH_NUMBER = "http://terminology.hl7.org/CodeSystem/ADAUniversalToothDesignationSystem"
ORAL_AREA = "http://terminology.hl7.org/CodeSystem/ADAAreaOralCavitySystem"
TOOTH_SURFACE = "http://terminology.hl7.org/CodeSystem/ADAToothSurfaceCodes"
SUBSCRIBER_RELATIONSHIP = "http://terminology.hl7.org/CodeSystem/subscriber-relationship"
PAYER_TYPE = "https://nahdo.org/sopt"
RACE_ETHNICITY = "urn:oid:2.16.840.1.113883.6.238"
ROLE_CODE = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"
