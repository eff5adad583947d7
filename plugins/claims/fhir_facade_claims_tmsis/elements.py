"""Which T-MSIS element becomes which record field, for the readers and the mapping spreadsheet alike."""

from __future__ import annotations

from fhir_facade.contracts.records import Amount

TOTALS = {
    "TOT-BILLED-AMT": Amount.SUBMITTED,
    "TOT-ALLOWED-AMT": Amount.ELIGIBLE,
    "TOT-MEDICAID-PAID-AMT": Amount.BENEFIT,
    "NON-COV-CHARGES": Amount.NONCOVERED,
    "LTC-RCP-LIAB-AMT": Amount.MEMBER_LIABILITY,
    "TOT-COPAY-AMT": Amount.COPAY,
    "BENEFICIARY-COPAYMENT-AMOUNT": Amount.COPAY,
    "BENEFICIARY-COINSURANCE-AMOUNT": Amount.COINSURANCE,
    "BENEFICIARY-DEDUCTIBLE-AMOUNT": Amount.DEDUCTIBLE,
    "COMBINED-BENE-COST-SHARING-PAID-AMOUNT": Amount.PAID_BY_PATIENT,
}
"""Claim amounts → ``Claim.totals``; of two elements for one kind the later one counts."""

OTHERS_PAID = ("TOT-TPL-AMT", "TOT-OTHER-INSURANCE-AMT", "MEDICARE-PAID-AMT")
"""Claim amounts that others paid, together ``Claim.totals[priorpayerpaid]``."""

LINE_AMOUNTS = {
    "BILLED-AMT": Amount.SUBMITTED,
    "REVENUE-CHARGE": Amount.SUBMITTED,
    "ALLOWED-AMT": Amount.ELIGIBLE,
    "COPAY-AMT": Amount.COPAY,
    "MEDICAID-PAID-AMT": Amount.BENEFIT,
}
"""Line amounts → ``ClaimLine.amounts``."""

LINE_OTHERS_PAID = ("TPL-AMT", "OTHER-INSURANCE-AMT", "MEDICARE-PAID-AMT")
"""Line amounts that others paid, together ``ClaimLine.amounts[priorpayerpaid]``."""

LOCAL_TOTALS = ("TOT-MEDICARE-DEDUCTIBLE-AMT", "TOT-MEDICARE-COINS-AMT", "DRG-OUTLIER-AMT")
"""What Medicaid paid of Medicare's cost sharing is no liability of the member: it keeps its own name."""

LOCAL_LINE_AMOUNTS = ("MEDICARE-DEDUCTIBLE-AMT", "MEDICARE-COINS-AMT", "DISPENSE-FEE")

CLAIM = {
    "SUBMITTING-STATE": "Claim.claim_id, Claim.claim_number",
    "ICN-ORIG": "Claim.claim_number, family of the claim",
    "ICN-ADJ": "Claim.claim_number, Claim.prior_claims, Claim.replaced_by",
    "ADJUSTMENT-IND": "Claim.status, Claim.prior_claims, Claim.replaced_by",
    "MSIS-IDENTIFICATION-NUM": "Claim.member_id",
    "ADJUDICATION-DATE": "Claim.adjudicated_on, Claim.last_updated",
    "MEDICAID-PAID-DATE": "Claim.paid_on",
    "CHECK-EFF-DATE": "Claim.paid_on",
    "TYPE-OF-CLAIM": "which records become claims; Claim.payment_status",
    "CLAIM-STATUS": "Claim.payment_status",
    "CLAIM-STATUS-CATEGORY": "Claim.payment_status",
    "CLAIM-DENIED-INDICATOR": "Claim.payment_status",
    "CROSSOVER-INDICATOR": "Claim.other_payers",
    "PAYMENT-LEVEL-IND": "which amounts count: the claim's or the lines'",
    "CLAIM-LINE-COUNT": "check that all lines are there",
    "PATIENT-CONTROL-NUM": "Claim.patient_account_number",
    "BILLING-PROV-NUM": "Claim.billing_provider",
    "BILLING-PROV-NPI-NUM": "Claim.billing_provider",
    "BEGINNING-DATE-OF-SERVICE": "Claim.service_start",
    "ENDING-DATE-OF-SERVICE": "Claim.service_end",
    "TYPE-OF-BILL": "Claim.type_of_bill; profile",
    "ADMISSION-DATE": "Claim.admitted_on",
    "DISCHARGE-DATE": "Claim.discharged_on",
    "ADMISSION-TYPE": "Claim.admission_type",
    "PATIENT-STATUS": "Claim.discharge_status",
    "DIAGNOSIS-RELATED-GROUP": "Claim.drg",
    "DIAGNOSIS-RELATED-GROUP-IND": "Claim.drg.system, Claim.drg.version",
    "ADMITTING-DIAGNOSIS-CODE": "Claim.diagnoses[admitting]",
    "ADMITTING-DIAGNOSIS-CODE-FLAG": "Claim.diagnoses[admitting].code.system",
    "ADMITTING-PROV-NUM": "Claim.care_team[attending]",
    "ADMITTING-PROV-NPI-NUM": "Claim.care_team[attending]",
    "REFERRING-PROV-NUM": "Claim.care_team[referring]",
    "REFERRING-PROV-NPI-NUM": "Claim.care_team[referring]",
    "UNDER-SUPERVISION-OF-PROV-NPI": "Claim.care_team[supervisor]",
    "PLACE-OF-SERVICE": "ClaimLine.place_of_service",
    "PRESCRIPTION-FILL-DATE": "Claim.service_start, ClaimLine.service_start",
    "COMPOUND-DRUG-IND": "Claim.pharmacy.compound_code",
    "PRESCRIBING-PROV-NUM": "Claim.care_team[prescribing]",
    "PRESCRIBING-PROV-NPI-NUM": "Claim.care_team[prescribing]",
    "DISPENSING-PRESCRIPTION-DRUG-PROV-NUM": "Claim.billing_provider",
    "DISPENSING-PRESCRIPTION-DRUG-PROV-NPI": "Claim.billing_provider",
    "PRESCRIPTION-ORIGIN-CODE": "Claim.pharmacy.origin",
}
CLAIM |= {f"CLAIM-PYMT-REM-CODE-{n}": "Claim.adjustments" for n in range(1, 5)}
CLAIM |= {f"DIAGNOSIS-CODE-{n}": "Claim.diagnoses" for n in range(1, 13)}
CLAIM |= {f"DIAGNOSIS-CODE-FLAG-{n}": "Claim.diagnoses.code.system" for n in range(1, 13)}
CLAIM |= {f"DIAGNOSIS-POA-FLAG-{n}": "Claim.diagnoses.present_on_admission" for n in range(1, 13)}
CLAIM |= {f"PROCEDURE-CODE-{n}": "Claim.procedures" for n in range(1, 7)}
CLAIM |= {f"PROCEDURE-CODE-FLAG-{n}": "Claim.procedures.code.system" for n in range(1, 7)}
CLAIM |= {f"PROCEDURE-CODE-DATE-{n}": "Claim.procedures.performed_on" for n in range(1, 7)}

LINE = {
    "LINE-NUM-ORIG": "ClaimLine.number",
    "LINE-ADJUSTMENT-IND": "which claim of its family the line belongs to",
    "LINE-NUM-ADJ": "ClaimLine.number",
    "CLAIM-LINE-STATUS": "ClaimLine.denied",
    "BEGINNING-DATE-OF-SERVICE": "ClaimLine.service_start",
    "ENDING-DATE-OF-SERVICE": "ClaimLine.service_end",
    "REVENUE-CODE": "ClaimLine.revenue; profile",
    "PROCEDURE-CODE": "ClaimLine.procedure; profile",
    "PROCEDURE-CODE-FLAG": "ClaimLine.procedure.system",
    "PROCEDURE-CODE-DATE": "ClaimLine.service_start",
    "PROCEDURE-CODE-MOD-1": "ClaimLine.modifiers",
    "PROCEDURE-CODE-MOD-2": "ClaimLine.modifiers",
    "PROCEDURE-CODE-MOD-3": "ClaimLine.modifiers",
    "PROCEDURE-CODE-MOD-4": "ClaimLine.modifiers",
    "HCPCS-RATE": "ClaimLine.procedure of inpatient and long-term care lines",
    "IP-LT-QUANTITY-OF-SERVICE-ACTUAL": "ClaimLine.units",
    "IP-LT-QUANTITY-OF-SERVICE-ALLOWED": "ClaimLine.allowed_units",
    "OT-RX-CLAIM-QUANTITY-ACTUAL": "ClaimLine.units, ClaimLine.quantity",
    "OT-RX-CLAIM-QUANTITY-ALLOWED": "ClaimLine.allowed_units",
    "UNIT-OF-MEASURE": "ClaimLine.quantity_unit",
    "NATIONAL-DRUG-CODE": "ClaimLine.drug",
    "SERVICING-PROV-NUM": "Claim.care_team[rendering]",
    "SERVICING-PROV-NPI-NUM": "Claim.care_team[rendering]",
    "SERVICING-PROV-TAXONOMY": "Claim.care_team[rendering].taxonomy",
    "OPERATING-PROV-NPI-NUM": "Claim.care_team[operating]",
    "TOOTH-DESIGNATION-SYSTEM": "ClaimLine.tooth.system",
    "TOOTH-NUM": "ClaimLine.tooth; profile",
    "TOOTH-QUAD-CODE": "ClaimLine.tooth; profile",
    "TOOTH-SURFACE-CODE": "ClaimLine.surfaces",
    "DAYS-SUPPLY": "Claim.pharmacy.days_supply",
    "NEW-REFILL-IND": "Claim.pharmacy.fill_number",
    "BRAND-GENERIC-IND": "Claim.pharmacy.brand_generic",
    "PRESCRIPTION-NUM": "Claim.other_identifiers",
    "PLACE-OF-SERVICE": "ClaimLine.place_of_service",
}
HEADER = {
    "DATE-FILE-CREATED": "Claim.last_updated, Member.last_updated, Coverage.last_updated, Organization.last_updated",
    "START-OF-TIME-PERIOD": "which file is the newer one",
    "END-OF-TIME-PERIOD": "which file is the newer one",
    "FILE-STATUS-INDICATOR": "whether it is a test file",
    "SSN-INDICATOR": "whether member ids are Social Security numbers and need id_key",
    "TOT-REC-CNT": "check that the file is whole",
}
"""Of the first record of every file."""

PERSON = {
    "ELG00002": {
        "MSIS-IDENTIFICATION-NUM": "Member.member_id, Member.member_number, Member.match_keys",
        "PRIMARY-DEMOGRAPHIC-ELEMENT-EFF-DATE": "which record is the latest",
        "PRIMARY-DEMOGRAPHIC-ELEMENT-END-DATE": "which record is the latest",
        "ELIGIBLE-FIRST-NAME": "Member.names",
        "ELIGIBLE-MIDDLE-INIT": "Member.names",
        "ELIGIBLE-LAST-NAME": "Member.names",
        "SEX": "Member.gender",
        "DATE-OF-BIRTH": "Member.birth_date",
        "DATE-OF-DEATH": "Member.died_on",
    },
    "ELG00003": {
        "VARIABLE-DEMOGRAPHIC-ELEMENT-EFF-DATE": "which record is the latest",
        "VARIABLE-DEMOGRAPHIC-ELEMENT-END-DATE": "which record is the latest",
        "PRIMARY-LANGUAGE-CODE": "Member.languages",
        "MEDICARE-BENEFICIARY-IDENTIFIER": "Member.match_keys",
    },
    "ELG00004": {
        "ELIGIBLE-ADDR-EFF-DATE": "which address is the latest",
        "ELIGIBLE-ADDR-END-DATE": "which address is the latest",
        "ELIGIBLE-ADDR-LN1": "Member.addresses.lines",
        "ELIGIBLE-ADDR-LN2": "Member.addresses.lines",
        "ELIGIBLE-ADDR-LN3": "Member.addresses.lines",
        "ELIGIBLE-CITY": "Member.addresses.city",
        "ELIGIBLE-STATE": "Member.addresses.state",
        "ELIGIBLE-ZIP-CODE": "Member.addresses.postal_code",
        "ELIGIBLE-PHONE-NUM": "Member.contacts",
    },
    "ELG00005": {
        "ELIGIBILITY-GROUP": "Coverage.group_id",
        "ELIGIBILITY-DETERMINANT-EFF-DATE": "which cover the group is of",
        "ELIGIBILITY-DETERMINANT-END-DATE": "which cover the group is of",
    },
    "ELG00014": {
        "MANAGED-CARE-PLAN-ID": "Coverage.plan_id",
        "MANAGED-CARE-PLAN-ENROLLMENT-EFF-DATE": "which cover the plan is of",
        "MANAGED-CARE-PLAN-ENROLLMENT-END-DATE": "which cover the plan is of",
    },
    "ELG00015": {
        "ETHNICITY-CODE": "Member.ethnicity",
        "ETHNICITY-DECLARATION-EFF-DATE": "which declaration is the latest",
        "ETHNICITY-DECLARATION-END-DATE": "which declaration is the latest",
    },
    "ELG00016": {"RACE": "Member.races"},
    "ELG00021": {
        "ENROLLMENT-TYPE": "Coverage.kind",
        "ENROLLMENT-EFF-DATE": "Coverage.starts_on",
        "ENROLLMENT-END-DATE": "Coverage.ends_on",
    },
    "PRV00002": {
        "SUBMITTING-STATE-PROV-ID": "Organization.organization_id, Practitioner.practitioner_id",
        "FACILITY-GROUP-INDIVIDUAL-CODE": "whether the provider is a person",
        "PROV-MIDDLE-INITIAL": "Practitioner.name",
        "PROV-ORGANIZATION-NAME": "Organization.name",
        "PROV-DOING-BUSINESS-AS-NAME": "Organization.name",
        "PROV-LEGAL-NAME": "Organization.name",
        "PROV-FIRST-NAME": "Practitioner.name",
        "PROV-LAST-NAME": "Practitioner.name",
    },
    "PRV00003": {
        "ADDR-LN1": "Organization.addresses, Practitioner.addresses",
        "ADDR-LN2": "Organization.addresses, Practitioner.addresses",
        "ADDR-LN3": "Organization.addresses, Practitioner.addresses",
        "ADDR-CITY": "Organization.addresses, Practitioner.addresses",
        "ADDR-STATE": "Organization.addresses, Practitioner.addresses",
        "ADDR-ZIP-CODE": "Organization.addresses, Practitioner.addresses",
        "ADDR-TELEPHONE": "Organization.contacts, Practitioner.contacts",
    },
    "PRV00005": {
        "PROV-IDENTIFIER": "Organization.npi, Practitioner.npi",
        "PROV-IDENTIFIER-TYPE": "whether the identifier is an NPI",
    },
    "PRV00006": {
        "PROV-CLASSIFICATION-CODE": "Claim.care_team.taxonomy",
        "PROV-CLASSIFICATION-TYPE": "whether the code is a taxonomy code",
    },
    "TPL00003": {"INSURANCE-CARRIER-ID-NUM": "Claim.other_payers"},
    "TPL00006": {"INSURANCE-CARRIER-NAME": "Claim.other_payers.name"},
}


def fields(segment: str) -> dict[str, str]:
    """Element → record field of a segment."""
    if segment in PERSON:
        return PERSON[segment]
    if segment.endswith("00002"):
        totals = {name: f"Claim.totals[{kind}]" for name, kind in TOTALS.items()}
        others = dict.fromkeys(OTHERS_PAID, "Claim.totals[priorpayerpaid]")
        return CLAIM | totals | others | dict.fromkeys(LOCAL_TOTALS, "Claim.local_amounts")
    lines = {name: f"ClaimLine.amounts[{kind}]" for name, kind in LINE_AMOUNTS.items()}
    others = dict.fromkeys(LINE_OTHERS_PAID, "ClaimLine.amounts[priorpayerpaid]")
    return LINE | lines | others | dict.fromkeys(LOCAL_LINE_AMOUNTS, "ClaimLine.local_amounts")


def every_field() -> dict[str, dict[str, str]]:
    """Segment → element → record field of everything that is read, for the mapping spreadsheet."""
    segments = {f"{kind}{number}" for kind in ("CIP", "CLT", "COT", "CRX") for number in ("00002", "00003")}
    return {"file header": HEADER} | {segment: fields(segment) for segment in sorted(segments | set(PERSON))}
