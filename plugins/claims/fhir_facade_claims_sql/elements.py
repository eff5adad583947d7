"""Which record field each field of a mapping fills, as the mapping spreadsheet names record fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from fhir_facade_claims_sql.claims import PHARMACY_FIELDS
from fhir_facade_claims_sql.mapping import MappingFile
from fhir_facade_claims_sql.sections import Section

RECORD_NAMES = {
    "member": "Member",
    "coverage": "Coverage",
    "representative": "Representative",
    "organization": "Organization",
    "practitioner": "Practitioner",
    "claim": "Claim",
    "line": "ClaimLine",
    "diagnosis": "Claim.diagnoses",
    "procedure": "Claim.procedures",
    "care_team": "Claim.care_team",
}

ADDRESS = {
    "address_line": "addresses.lines",
    "address_line2": "addresses.lines",
    "city": "addresses.city",
    "county": "addresses.district",
    "state": "addresses.state",
    "postal_code": "addresses.postal_code",
    "country": "addresses.country",
    "phone": "contacts",
    "email": "contacts",
}

NAME_PARTS = ("family", "given", "middle", "prefix", "suffix")

ELSEWHERE = {
    "Member.race": "Member.races",
    "Member.language": "Member.languages",
    "Organization.other_identifier": "Organization.other_identifiers",
    "Practitioner.other_identifier": "Practitioner.other_identifiers",
    "Claim.billing_npi": "Claim.billing_provider",
    "Claim.billing_id": "Claim.billing_provider",
    "Claim.facility_npi": "Claim.facility_id",
    "Claim.prior_claim": "Claim.prior_claims",
    "Claim.other_payer": "Claim.other_payers",
}
"""Fields that the record nests, or names otherwise than the mapping."""


def fields_of(mapping: MappingFile) -> Mapping[str, Mapping[str, str]]:
    """Table → column → record fields that it fills, for the mapping spreadsheet."""
    tables: dict[str, dict[str, dict[str, None]]] = {}
    for place, section in _placed(mapping):
        columns = tables.setdefault(place, {})
        for column, name in section.fills():
            columns.setdefault(column, {})[record_field(section, name)] = None
    return {place: {column: ", ".join(found) for column, found in columns.items()} for place, columns in tables.items()}


def _placed(mapping: MappingFile) -> Iterator[tuple[str, Section]]:
    """Every section with the table it is read from: the claim's own where it has none."""
    for section in mapping.people.values():
        yield section.source, section
    for claim_set in mapping.claims:
        own = claim_set.claim.table or claim_set.name
        for section in (claim_set.claim, claim_set.line, *claim_set.parts):
            yield section.table or own, section


def record_field(section: Section, name: str) -> str:
    """``amounts.submitted`` of a line is ``ClaimLine.amounts[submitted]``."""
    record = RECORD_NAMES[section.record]
    if section.record in ("diagnosis", "care_team"):
        role = section.fields.get("role")
        return f"{record}[{role.constant}]" if role and role.constant else record
    if section.record == "procedure":
        return record
    kind, _, amount = name.partition(".")
    if amount:
        return f"{record}.match_keys" if kind == "match" else f"{record}.{kind}[{amount}]"
    plain = f"{record}.{name}"
    return ELSEWHERE[plain] if plain in ELSEWHERE else f"{record}.{_own(section.record, name)}"


def _own(record: str, name: str) -> str:
    if name in ADDRESS:
        address, _, part = ADDRESS[name].partition(".")
        return f"{address}.{part}" if record == "member" and part else address
    if record in ("member", "practitioner", "representative") and name in NAME_PARTS:
        return "names" if record == "member" else "name"
    return f"pharmacy.{name}" if name in PHARMACY_FIELDS else name
