"""Which fields a mapping may fill, and how each is converted: one table per record.

The names are the record's own (``fhir_facade.contracts``), flattened where the record nests (``billing_npi``,
``amounts.submitted``). The mapping reader, the builders and the documentation read these tables.
"""

from __future__ import annotations

from fhir_facade.contracts.records import (
    Amount,
    CareTeamRole,
    ClaimKind,
    ClaimStatus,
    DiagnosisRole,
    NetworkStatus,
    PaymentStatus,
)
from fhir_facade_claims_sql.convert import (
    Converter,
    to_code,
    to_codes,
    to_date,
    to_flag,
    to_id,
    to_identifier,
    to_instant,
    to_money,
    to_quantity,
    to_text,
    to_whole,
    to_word,
)

Fields = dict[str, Converter]

ADDRESS: Fields = {
    "address_line": to_text,
    "address_line2": to_text,
    "city": to_text,
    "county": to_text,
    "state": to_text,
    "postal_code": to_text,
    "country": to_text,
    "phone": to_text,
    "email": to_text,
}

NAME: Fields = {"family": to_text, "given": to_text, "middle": to_text, "prefix": to_text, "suffix": to_text}

MEMBER: Fields = {
    "member_id": to_id,
    "member_number": to_identifier,
    "unique_member_id": to_identifier,
    **NAME,
    "gender": to_text,
    "birth_date": to_date,
    "birth_sex": to_text,
    "deceased": to_flag,
    "died_on": to_date,
    "language": to_text,
    "race": to_code,
    "ethnicity": to_code,
    "last_updated": to_instant,
    "merged_into": to_id,
    **ADDRESS,
}
"""``match.<kind>`` may stand beside these: identifiers shared with the log-in system."""

COVERAGE: Fields = {
    "coverage_id": to_id,
    "member_id": to_id,
    "subscriber_id": to_text,
    "status": to_text,
    "kind": to_code,
    "relationship": to_text,
    "starts_on": to_date,
    "ends_on": to_date,
    "group_id": to_text,
    "group_name": to_text,
    "plan_id": to_text,
    "plan_name": to_text,
    "last_updated": to_instant,
}

REPRESENTATIVE: Fields = {
    "representative_id": to_id,
    "member_id": to_id,
    "relationship": to_code,
    **NAME,
    "active": to_flag,
    "starts_on": to_date,
    "ends_on": to_date,
    "birth_date": to_date,
    "last_updated": to_instant,
    **ADDRESS,
}

ORGANIZATION: Fields = {
    "organization_id": to_id,
    "name": to_text,
    "active": to_flag,
    "npi": to_text,
    "tax_id": to_text,
    "other_identifier": to_identifier,
    "last_updated": to_instant,
    **ADDRESS,
}

PRACTITIONER: Fields = {
    "practitioner_id": to_id,
    **NAME,
    "npi": to_text,
    "other_identifier": to_identifier,
    "last_updated": to_instant,
    **ADDRESS,
}

AMOUNTS: Fields = {f"amounts.{amount}": to_money for amount in Amount}
TOTALS: Fields = {f"totals.{amount}": to_money for amount in Amount}

CLAIM: Fields = {
    "claim_id": to_id,
    "member_id": to_id,
    "kind": to_word(ClaimKind),
    "status": to_word(ClaimStatus),
    "claim_number": to_identifier,
    "last_updated": to_instant,
    "adjudicated_on": to_date,
    "service_start": to_date,
    "service_end": to_date,
    "received_on": to_date,
    "admitted_on": to_date,
    "discharged_on": to_date,
    "coverage_id": to_id,
    "billing_npi": to_text,
    "billing_id": to_id,
    "facility_npi": to_text,
    "facility_id": to_id,
    "payee": to_text,
    "prior_claim": to_identifier,
    "replaced_by": to_identifier,
    "other_payer": to_text,
    "type_of_bill": to_text,
    "point_of_origin": to_text,
    "admission_type": to_text,
    "discharge_status": to_text,
    "drg": to_code,
    "medical_record_number": to_text,
    "patient_account_number": to_text,
    "adjustments": to_codes,
    "billing_network": to_word(NetworkStatus),
    "rendering_network": to_word(NetworkStatus),
    "benefit_payment": to_word(NetworkStatus),
    "payment_status": to_word(PaymentStatus),
    "paid_on": to_date,
    "days_supply": to_whole,
    "daw_code": to_text,
    "fill_number": to_whole,
    "refills_authorized": to_whole,
    "brand_generic": to_text,
    "origin": to_text,
    "compound_code": to_text,
    **AMOUNTS,
    **TOTALS,
}

LINE: Fields = {
    "number": to_whole,
    "service_start": to_date,
    "service_end": to_date,
    "revenue": to_text,
    "procedure": to_code,
    "modifiers": to_codes,
    "place_of_service": to_text,
    "units": to_quantity,
    "unit": to_text,
    "drug": to_code,
    "quantity": to_quantity,
    "quantity_unit": to_text,
    "allowed_units": to_quantity,
    "adjustments": to_codes,
    "rejects": to_codes,
    "benefit_payment": to_word(NetworkStatus),
    "denied": to_flag,
    "tooth": to_code,
    "surfaces": to_codes,
    "additional_teeth": to_codes,
    **AMOUNTS,
}

DIAGNOSIS: Fields = {
    "role": to_word(DiagnosisRole),
    "code": to_code,
    "present_on_admission": to_text,
}
"""Where a repeated diagnosis gives no role, the first filled one is the principal."""

PROCEDURE: Fields = {"code": to_code, "principal": to_flag, "performed_on": to_date}

CARE_TEAM: Fields = {
    "role": to_word(CareTeamRole),
    "provider_npi": to_text,
    "provider_id": to_id,
    "taxonomy": to_text,
}

RECORDS: dict[str, Fields] = {
    "member": MEMBER,
    "coverage": COVERAGE,
    "representative": REPRESENTATIVE,
    "organization": ORGANIZATION,
    "practitioner": PRACTITIONER,
    "claim": CLAIM,
    "line": LINE,
    "diagnosis": DIAGNOSIS,
    "procedure": PROCEDURE,
    "care_team": CARE_TEAM,
}
"""Section of a mapping → its fields."""

REQUIRED: dict[str, frozenset[str]] = {
    "member": frozenset({"member_id", "member_number", "last_updated"}),
    "coverage": frozenset({"coverage_id", "member_id", "subscriber_id", "last_updated"}),
    "representative": frozenset({"representative_id", "member_id", "last_updated"}),
    "organization": frozenset({"organization_id", "name", "last_updated"}),
    "practitioner": frozenset({"practitioner_id", "last_updated"}),
    "claim": frozenset({"claim_id", "member_id", "kind", "claim_number", "last_updated", "service_start"}),
    "line": frozenset({"number"}),
    "diagnosis": frozenset({"code"}),
    "procedure": frozenset({"code"}),
    "care_team": frozenset({"role"}),
}
"""Fields a section cannot do without."""
