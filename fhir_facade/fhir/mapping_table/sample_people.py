"""A completely filled sample: people and organizations with every field of the contract in use."""

from __future__ import annotations

from datetime import UTC, date, datetime

from fhir_facade.contracts import codes
from fhir_facade.contracts.codes import Code
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
from fhir_facade.contracts.records import NetworkStatus, Party, PartyKind

SEEN = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
MEMBERS = "https://payer.test/members"
CLAIMS = "https://payer.test/claims"
CLINIC = Party(PartyKind.ORGANIZATION, "clinic")
DENTIST = Party(PartyKind.PRACTITIONER, "smith")
IN, OUT = NetworkStatus.IN_NETWORK, NetworkStatus.OUT_OF_NETWORK

HOME = Address(
    lines=("1 Main Street", "Apt 2"),
    city="Olympia",
    district="Thurston",
    state="WA",
    postal_code="98501",
    country="US",
    start=date(2020, 1, 1),
    end=date(2030, 12, 31),
)

MEMBER = Member(
    member_id="m1",
    member_number=Identifier(system=MEMBERS, value="W-100"),
    names=(Name(family="Doe", given=("Ana", "Luz"), prefix="Ms", suffix="Jr"), Name(family="Roe", given=("Ana",))),
    gender="female",
    last_updated=SEEN,
    unique_member_id=Identifier(system="https://payer.test/people", value="P-1"),
    birth_date=date(1980, 2, 29),
    died_on=date(2024, 5, 1),
    addresses=(HOME,),
    contacts=(Contact(system=ContactSystem.PHONE, value="555-0100", use="home"),),
    languages=("es", "en"),
    races=(Code(codes.RACE_ETHNICITY, "2106-3"), Code(codes.RACE_ETHNICITY, "2135-2")),
    ethnicity=Code(codes.RACE_ETHNICITY, "2135-2"),
    birth_sex="F",
    match_keys=(MatchKey(kind="medicaid-id", value="secret-1"),),
)

FORMER_MEMBER = Member(
    member_id="m2",
    member_number=Identifier(system=MEMBERS, value="W-200"),
    names=(Name(family="Doe"),),
    gender="unknown",
    last_updated=SEEN,
    deceased=True,
    merged_into="m1",
)

PAYER = Organization(
    organization_id="payer",
    name="State Medicaid",
    last_updated=SEEN,
    npi="1234567893",
    tax_id="912345678",
    clia="50D0123456",
    naic="12345",
    payer_id=Identifier(system=None, value="WA-MCD"),
    other_identifiers=(Identifier(system="https://payer.test/provider", value="900"),),
    addresses=(HOME,),
    contacts=(Contact(system=ContactSystem.PHONE, value="555-0101", use="work"),),
)
CLINIC_RECORD = Organization(organization_id="clinic", name="Clinic", last_updated=SEEN, npi="1679576722")
FACILITY = Organization(
    organization_id="lab", name="Laboratory", last_updated=SEEN, npi="1003000126", addresses=(HOME,)
)
SMITH = Practitioner(
    practitioner_id="smith",
    name=Name(family="Smith", given=("Jo",)),
    last_updated=SEEN,
    npi="1245319599",
    tax_id="998877665",
    addresses=(HOME,),
    other_identifiers=(Identifier(system="https://payer.test/provider", value="901"),),
    contacts=(Contact(system=ContactSystem.EMAIL, value="smith@clinic.test", use="work"),),
)
COVER = Coverage(
    coverage_id="c1",
    member_id="m1",
    payor_id="payer",
    subscriber_id="S-1",
    last_updated=SEEN,
    kind=Code(codes.PAYER_TYPE, "2"),
    starts_on=date(2020, 1, 1),
    ends_on=date(2029, 12, 31),
    group_id="G1",
    group_name="Group",
    plan_id="P1",
    plan_name="Plan",
)
MOTHER = Representative(
    representative_id="r1",
    member_id="m1",
    relationship=Code(codes.ROLE_CODE, "MTH"),
    name=Name(family="Doe", given=("Eva",)),
    last_updated=SEEN,
    starts_on=date(2020, 1, 1),
    ends_on=date(2030, 1, 1),
    birth_date=date(1950, 1, 1),
    addresses=(HOME,),
    contacts=(Contact(system=ContactSystem.PHONE, value="555-0102", use="mobile"),),
)
