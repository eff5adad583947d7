"""The people and organizations of the edge cases: complete ones, and ones that have next to nothing."""

from __future__ import annotations

from datetime import UTC, date, datetime

from fhir_facade.contracts.codes import PAYER_TYPE, RACE_ETHNICITY, ROLE_CODE, Code
from fhir_facade.contracts.people import (
    Address,
    Contact,
    ContactSystem,
    Coverage,
    Identifier,
    MatchKey,
    Member,
    Name,
    Organization,
    Practitioner,
    Representative,
)

UPDATED = datetime(2026, 3, 4, 5, 6, 7, 89000, tzinfo=UTC)
MEMBER_SYSTEM = "https://payer.example.org/member-number"

_ADDRESS = Address(
    lines=('12 Rue d’Été, Apt <4> & "B"', "c/o Peña"),
    city="Montréal Lake",
    district="Cass",
    state="MN",
    postal_code="56633-0012",
    country="US",
    start=date(2019, 2, 28),
    end=date(2026, 2, 28),
)
_CONTACTS = (
    Contact(system=ContactSystem.PHONE, value="+1 218 555 0101", use="home"),
    Contact(system=ContactSystem.EMAIL, value="someone@example.org"),
    Contact(system=ContactSystem.FAX, value="218-555-0102", use="work"),
    Contact(system=ContactSystem.URL, value="https://example.org/contact"),
)

FULL_MEMBER = Member(
    member_id="m-1",
    member_number=Identifier(system=MEMBER_SYSTEM, value="W0001"),
    names=(
        Name(family="Núñez-O’Brien", given=("Ana", "M."), prefix="Dr.", suffix="Jr."),
        Name(family="Brien", given=("Ana",)),
    ),
    gender="female",
    last_updated=UPDATED,
    unique_member_id=Identifier(system="https://payer.example.org/person", value="P-77"),
    birth_date=date(1958, 2, 28),
    deceased=False,
    addresses=(_ADDRESS, Address(state="WI", postal_code="53001")),
    contacts=_CONTACTS,
    languages=("es", "en"),
    races=(Code(RACE_ETHNICITY, "2106-3"), Code(RACE_ETHNICITY, "2131-1")),
    ethnicity=Code(RACE_ETHNICITY, "2135-2"),
    birth_sex="F",
    match_keys=(MatchKey(kind="medicaid-id", value="MED-1"),),
)
BARE_MEMBER = Member(
    member_id="m.2-with-a-long-id-that-fills-all-sixty-four-characters-of-fhirid",
    member_number=Identifier(system=MEMBER_SYSTEM, value="W0002"),
    names=(Name(family="Li"),),
    gender="unknown",
    last_updated=UPDATED,
)
DEAD_MEMBER = Member(
    member_id="m-3",
    member_number=Identifier(system=MEMBER_SYSTEM, value="W0003"),
    names=(Name(given=("Nomi",)),),
    gender="other",
    last_updated=datetime(2025, 12, 31, 23, 59, 59, tzinfo=UTC),
    birth_date=date(1931, 1, 1),
    died_on=date(2025, 12, 30),
    addresses=(Address(city="Duluth"),),
    birth_sex="UNK",
)

PAYER = Organization(
    organization_id="payer",
    name="Example Health Plan",
    last_updated=UPDATED,
    npi="1234567893",
    tax_id="12-3456789",
    naic="12345",
    payer_id=Identifier(system=None, value="PAY01"),
    addresses=(_ADDRESS,),
    contacts=_CONTACTS,
)
OTHER_PAYER = Organization(organization_id="other-payer", name="Other Carrier", last_updated=UPDATED)
HOSPITAL = Organization(
    organization_id="hospital",
    name="Lakeview Hospital & Clinics",
    last_updated=UPDATED,
    npi="1245319599",
    clia="24D0404292",
    other_identifiers=(
        Identifier(system="https://state.example.org/provider", value="S-9"),
        Identifier(system=None, value="LOCAL-3"),
    ),
)
PHARMACY = Organization(organization_id="pharmacy", name="Corner Pharmacy", last_updated=UPDATED, active=False)
BAD_NPI = Organization(organization_id="bad-npi", name="Wrong Digits Clinic", last_updated=UPDATED, npi="1234567890")

DOCTOR = Practitioner(
    practitioner_id="doctor",
    name=Name(family="Osei", given=("Kofi",)),
    last_updated=UPDATED,
    npi="1993999998",
    tax_id="98-7654321",
    addresses=(_ADDRESS,),
    contacts=_CONTACTS,
)
TAX_ONLY = Practitioner(
    practitioner_id="tax-only", name=Name(family="Brandt"), last_updated=UPDATED, tax_id="11-2233445"
)
NAMELESS = Practitioner(practitioner_id="nameless", name=Name(), last_updated=UPDATED, npi="1003000126")

PARENT = Representative(
    representative_id="parent",
    member_id="m-1",
    relationship=Code(ROLE_CODE, "MTH"),
    name=Name(family="Núñez", given=("Rosa",)),
    last_updated=UPDATED,
    birth_date=date(1931, 5, 5),
    starts_on=date(2020, 1, 1),
    ends_on=date(2027, 1, 1),
    addresses=(_ADDRESS,),
    contacts=_CONTACTS,
)
GUARDIAN = Representative(
    representative_id="guardian",
    member_id="m-1",
    relationship=Code(ROLE_CODE, "GUARD"),
    last_updated=UPDATED,
    active=False,
)

COVERAGE = Coverage(
    coverage_id="cov-1",
    member_id="m-1",
    payor_id="payer",
    subscriber_id="S-1",
    last_updated=UPDATED,
    kind=Code(PAYER_TYPE, "2"),
    relationship="child",
    starts_on=date(2010, 1, 1),
    ends_on=date(2026, 12, 31),
    group_id="G1",
    group_name="Group One",
    plan_id="P1",
    plan_name="Plan One",
)
SECOND_COVERAGE = Coverage(
    coverage_id="cov-2",
    member_id="m-1",
    payor_id="other-payer",
    subscriber_id="S-2",
    last_updated=UPDATED,
    status="cancelled",
    relationship="other",
    group_name="A name without an id",
    plan_id="an-id-without-a-name",
)

ORGANIZATIONS = (PAYER, OTHER_PAYER, HOSPITAL, PHARMACY, BAD_NPI)
PRACTITIONERS = (DOCTOR, TAX_ONLY, NAMELESS)
REPRESENTATIVES = (PARENT, GUARDIAN)
COVERAGES = (COVERAGE, SECOND_COVERAGE)
