"""Elements of members, cover, providers and representatives."""

from __future__ import annotations

from fhir_facade.fhir.mapping_table.element import under

PATIENT = under(
    "Patient",
    ("", "Id", "Member.member_id", "id"),
    ("184", "Type of the member number", "", "identifier[memberid].type"),
    ("1", "Member number on the card", "Member.member_number", "identifier[memberid].value"),
    ("191", "Unique member id", "Member.unique_member_id", "identifier[uniquememberid].value"),
    ("130", "Name", "Member.names", "name"),
    ("70", "Date of birth", "Member.birth_date", "birthDate"),
    ("71", "Gender", "Member.gender", "gender"),
    ("124", "Date of death", "Member.died_on", "deceasedDateTime"),
    ("150", "Deceased", "Member.deceased", "deceasedBoolean"),
    ("158", "Street address", "Member.addresses.lines", "address.line"),
    ("192", "City", "Member.addresses.city", "address.city"),
    ("125", "County", "Member.addresses.district", "address.district"),
    ("126", "State", "Member.addresses.state", "address.state"),
    ("131", "ZIP code", "Member.addresses.postal_code", "address.postalCode"),
    ("127", "Country", "Member.addresses.country", "address.country"),
    ("193", "Time at an address", "Member.addresses", "address.period"),
    ("128", "Race", "Member.races", "extension[us-core-race].extension[ombCategory].valueCoding"),
    ("129", "Ethnicity", "Member.ethnicity", "extension[us-core-ethnicity].extension[ombCategory].valueCoding"),
    ("153", "Birth sex", "Member.birth_sex", "extension[us-core-birthsex].valueCode"),
    ("", "Telephone, mail", "Member.contacts", "telecom"),
    ("", "Languages", "Member.languages", "communication.language"),
    ("", "Surviving record of a merged member", "Member.merged_into", "link.other"),
    ("163", "Last update in the system of record", "Member.last_updated", "meta.lastUpdated"),
    ("190", "Profile", "", "meta.profile"),
)

COVERAGE = under(
    "Coverage",
    ("", "Id", "Coverage.coverage_id", "id"),
    ("3", "Type of cover", "Coverage.kind", "type"),
    ("132", "Subscriber id", "Coverage.subscriber_id", "subscriberId"),
    ("1", "Beneficiary", "Coverage.member_id", "beneficiary"),
    ("72", "Relationship to the subscriber", "Coverage.relationship", "relationship"),
    ("74", "First day of cover", "Coverage.starts_on", "period.start"),
    ("75", "Last day of cover", "Coverage.ends_on", "period.end"),
    ("133", "Status", "Coverage.status", "status"),
    ("2", "Payer", "Coverage.payor_id", "payor"),
    ("134", "Group id", "Coverage.group_id", "class[group].value"),
    ("135", "Group name", "Coverage.group_name", "class[group].name"),
    ("154", "Plan id", "Coverage.plan_id", "class[plan].value"),
    ("155", "Plan name", "Coverage.plan_name", "class[plan].name"),
    ("163", "Last update in the system of record", "Coverage.last_updated", "meta.lastUpdated"),
    ("190", "Profile", "", "meta.profile"),
)

ORGANIZATION = under(
    "Organization",
    ("", "Id", "Organization.organization_id", "id"),
    ("186", "Types of identifiers", "", "identifier.type"),
    ("", "NPI", "Organization.npi", "identifier[NPI].value"),
    ("", "Tax id", "Organization.tax_id", "identifier[tax].value"),
    ("", "Laboratory certificate", "Organization.clia", "identifier[883.4.7].value"),
    ("", "NAIC code", "Organization.naic", "identifier[NAIC].value"),
    ("", "Identifier of a payer", "Organization.payer_id", "identifier[payerid].value"),
    ("", "Other provider numbers", "Organization.other_identifiers", "identifier[PRN].value"),
    ("", "Name", "Organization.name", "name"),
    ("", "Active", "Organization.active", "active"),
    ("", "Addresses", "Organization.addresses", "address"),
    ("", "Telephone, mail", "Organization.contacts", "telecom"),
    ("163", "Last update in the system of record", "Organization.last_updated", "meta.lastUpdated"),
    ("190", "Profile", "", "meta.profile"),
)

PRACTITIONER = under(
    "Practitioner",
    ("", "Id", "Practitioner.practitioner_id", "id"),
    ("185", "Types of identifiers", "", "identifier.type"),
    ("", "NPI", "Practitioner.npi", "identifier[NPI].value"),
    ("", "Tax id", "Practitioner.tax_id", "identifier[tax].value"),
    ("", "Other provider numbers", "Practitioner.other_identifiers", "identifier[PRN].value"),
    ("", "Name", "Practitioner.name", "name"),
    ("", "Addresses", "Practitioner.addresses", "address"),
    ("", "Telephone, mail", "Practitioner.contacts", "telecom"),
    ("163", "Last update in the system of record", "Practitioner.last_updated", "meta.lastUpdated"),
    ("190", "Profile", "", "meta.profile"),
)

RELATEDPERSON = under(
    "RelatedPerson",
    ("", "Id", "Representative.representative_id", "id"),
    ("", "Active", "Representative.active", "active"),
    ("", "Member represented", "Representative.member_id", "patient"),
    ("", "Relationship to the member", "Representative.relationship", "relationship"),
    ("", "Name", "Representative.name", "name"),
    ("", "Date of birth", "Representative.birth_date", "birthDate"),
    ("", "Time of the authority", "Representative.starts_on, Representative.ends_on", "period"),
    ("", "Addresses", "Representative.addresses", "address"),
    ("", "Telephone, mail", "Representative.contacts", "telecom"),
    ("", "Last update in the system of record", "Representative.last_updated", "meta.lastUpdated"),
    ("", "Profile", "", "meta.profile"),
)
