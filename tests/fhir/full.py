"""Completely filled records: one member with a claim of every kind, every field of the contract in use."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from fhir_facade.contracts import codes
from fhir_facade.contracts.claims import MemberRecords
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
    SourcePosition,
)
from fhir_facade.contracts.records import (
    Amount,
    CareTeamMember,
    CareTeamRole,
    Claim,
    ClaimKind,
    ClaimLine,
    Diagnosis,
    DiagnosisRole,
    Ingredient,
    NetworkStatus,
    OralDetails,
    OtherPayer,
    Party,
    PartyKind,
    Payee,
    PaymentStatus,
    PharmacyDetails,
    Procedure,
    ProcessNote,
    Transport,
)

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
FACILITY = Organization(organization_id="lab", name="Laboratory", last_updated=SEEN, addresses=(HOME,))
SMITH = Practitioner(
    practitioner_id="smith",
    name=Name(family="Smith", given=("Jo",)),
    last_updated=SEEN,
    npi="1245319599",
    tax_id="998877665",
    addresses=(HOME,),
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

MONEY = {
    Amount.SUBMITTED: Decimal("150.10"),
    Amount.DISCOUNT: Decimal("20.00"),
    Amount.NONCOVERED: Decimal("10.00"),
    Amount.ELIGIBLE: Decimal("120.10"),
    Amount.DEDUCTIBLE: Decimal("1.00"),
    Amount.COINSURANCE: Decimal("2.00"),
    Amount.COPAY: Decimal("3.00"),
    Amount.MEMBER_LIABILITY: Decimal("16.00"),
    Amount.PRIOR_PAYER_PAID: Decimal("5.00"),
    Amount.BENEFIT: Decimal("104.10"),
    Amount.PAID_TO_PROVIDER: Decimal("104.10"),
    Amount.PAID_TO_PATIENT: Decimal("0.00"),
    Amount.PAID_BY_PATIENT: Decimal("16.00"),
    Amount.PAID_BY_PATIENT_CASH: Decimal("6.00"),
    Amount.PAID_BY_PATIENT_OTHER: Decimal("6.00"),
    Amount.PAID_BY_PATIENT_HEALTH_ACCOUNT: Decimal("4.00"),
}


def icd(value: str) -> Code:
    return Code(codes.ICD_10_CM, value)


def team(*roles: CareTeamRole) -> tuple[CareTeamMember, ...]:
    return tuple(CareTeamMember(role=role, provider=DENTIST, taxonomy="207Q00000X", responsible=True) for role in roles)


COMMON = {
    "member_id": "m1",
    "last_updated": SEEN,
    "adjudicated_on": date(2024, 4, 1),
    "service_start": date(2024, 3, 1),
    "service_end": date(2024, 3, 4),
    "received_on": date(2024, 3, 20),
    "payer_id": "payer",
    "coverage_id": "c1",
    "billing_provider": CLINIC,
    "other_identifiers": (Identifier(system=CLAIMS, value="alt"),),
    "other_payers": (OtherPayer(name="Other Carrier"),),
    "payee": Payee(kind="other", party=Party(PartyKind.REPRESENTATIVE, "r1")),
    "prior_claims": (Identifier(system=CLAIMS, value="before"),),
    "medical_record_number": "MRN-1",
    "patient_account_number": "PAN-1",
    "billing_network": IN,
    "rendering_network": OUT,
    "benefit_payment": IN,
    "payment_status": PaymentStatus.PAID,
    "paid_on": date(2024, 4, 2),
    "notes": (ProcessNote(number=1, text="You owe nothing."),),
    "position": SourcePosition(file="claims.csv", line=7),
}

DIAGNOSES = (
    Diagnosis(role=DiagnosisRole.PRINCIPAL, code=icd("E119"), present_on_admission="Y"),
    Diagnosis(role=DiagnosisRole.SECONDARY, code=icd("I10"), present_on_admission="N"),
)
ADJUSTED = (Code(codes.CARC, "45"), Code(codes.RARC, "N130"))

LINE = ClaimLine(
    number=6,
    amounts=MONEY,
    service_start=date(2024, 3, 1),
    service_end=date(2024, 3, 4),
    revenue="120",
    procedure=Code(codes.HCPCS, "G0299"),
    modifiers=(Code(codes.HCPCS, "GT"),),
    place_of_service="11",
    units=Decimal("2.50"),
    unit="visits",
    drug=Code(codes.NDC, "00093-7424-56"),
    quantity=Decimal("30.000"),
    quantity_unit="ML",
    allowed_units=Decimal("2"),
    adjustments=ADJUSTED,
    benefit_payment=IN,
    note_numbers=(1,),
)


def _claim(kind: ClaimKind, **own: object) -> Claim:
    number = Identifier(system=CLAIMS, value=f"N-{kind}")
    return Claim(**{"claim_id": f"claim-{kind}", "kind": kind, "claim_number": number} | COMMON | own)  # type: ignore[arg-type]


INPATIENT = _claim(
    ClaimKind.INPATIENT,
    lines=(LINE,),
    admitted_on=date(2024, 3, 1),
    discharged_on=date(2024, 3, 4),
    diagnoses=(
        *DIAGNOSES,
        Diagnosis(role=DiagnosisRole.ADMITTING, code=icd("R079")),
        Diagnosis(role=DiagnosisRole.EXTERNAL_CAUSE, code=icd("W010XXA")),
    ),
    procedures=(
        Procedure(code=Code(codes.ICD_10_PCS, "0DTJ4ZZ"), principal=True, performed_on=date(2024, 3, 2)),
        Procedure(code=Code(codes.ICD_10_PCS, "0DJD8ZZ"), performed_on=date(2024, 3, 3)),
    ),
    type_of_bill="111",
    point_of_origin="1",
    admission_type="1",
    discharge_status="1",
    drg=Code(codes.MS_DRG, "470", version="41"),
    care_team=team(
        CareTeamRole.ATTENDING,
        CareTeamRole.OPERATING,
        CareTeamRole.OTHER_OPERATING,
        CareTeamRole.RENDERING,
        CareTeamRole.PRIMARY,
        CareTeamRole.REFERRING,
    ),
)
INPATIENT_HEADER = _claim(
    ClaimKind.INPATIENT,
    claim_id="claim-header",
    lines=(ClaimLine(number=1, revenue="0450"),),
    amounts=MONEY,
    adjustments=ADJUSTED,
    admitted_on=date(2024, 3, 1),
    diagnoses=DIAGNOSES,
)
OUTPATIENT = _claim(
    ClaimKind.OUTPATIENT,
    lines=(LINE,),
    adjustments=ADJUSTED,
    diagnoses=(
        *DIAGNOSES,
        Diagnosis(role=DiagnosisRole.REASON_FOR_VISIT, code=icd("R51")),
        Diagnosis(role=DiagnosisRole.EXTERNAL_CAUSE, code=icd("W010XXA")),
    ),
    type_of_bill="131",
    point_of_origin="5",
    admission_type="4",
    discharge_status="01",
    care_team=team(CareTeamRole.ATTENDING, CareTeamRole.OPERATING, CareTeamRole.RENDERING, CareTeamRole.REFERRING),
)
OUTPATIENT_HEADER = _claim(
    ClaimKind.OUTPATIENT,
    claim_id="claim-out-header",
    lines=(ClaimLine(number=1, revenue="0450", service_start=date(2024, 3, 1)),),
    amounts=MONEY,
    diagnoses=DIAGNOSES,
)
PROFESSIONAL = _claim(
    ClaimKind.PROFESSIONAL,
    lines=(LINE, ClaimLine(**{f: getattr(LINE, f) for f in LINE.__slots__} | {"number": 25, "transport": True})),
    diagnoses=DIAGNOSES,
    facility_id="lab",
    transport=Transport(
        patient_weight_lb=Decimal("150"),
        reason="A",
        distance_miles=Decimal("12.5"),
        round_trip_purpose="Dialysis",
        stretcher_purpose="Cannot sit",
        pickup_location="Home",
        dropoff_location="Hospital",
    ),
    care_team=team(
        CareTeamRole.RENDERING,
        CareTeamRole.PRIMARY,
        CareTeamRole.REFERRING,
        CareTeamRole.SUPERVISOR,
        CareTeamRole.PURCHASED_SERVICE,
    ),
)
VISION = _claim(
    ClaimKind.VISION,
    lines=(
        ClaimLine(number=1, amounts=MONEY, service_start=date(2024, 3, 1), place_of_service="11", benefit_payment=OUT),
    ),
    diagnoses=DIAGNOSES,
)
PHARMACY = _claim(
    ClaimKind.PHARMACY,
    lines=(
        ClaimLine(
            number=1,
            amounts=MONEY | {Amount.DRUG_COST: Decimal("120.10")},
            service_start=date(2024, 3, 1),
            drug=Code(codes.NDC, "00093742456"),
            quantity=Decimal("30.000"),
            quantity_unit="ML",
            rejects=(Code(codes.NCPDP_REJECT, "75"), Code(codes.NCPDP_REJECT, "76")),
            note_numbers=(1,),
        ),
    ),
    pharmacy=PharmacyDetails(
        days_supply=30,
        daw_code="0",
        fill_number=0,
        refills_authorized=3,
        brand_generic="2",
        origin="3",
        compound_code="1",
    ),
    care_team=team(CareTeamRole.PRESCRIBING, CareTeamRole.PRIMARY),
)
COMPOUND = _claim(
    ClaimKind.PHARMACY,
    claim_id="claim-compound",
    lines=(
        ClaimLine(
            number=1,
            amounts=MONEY,
            ingredients=(
                Ingredient(drug=Code(codes.NDC, "00093742456"), quantity=Decimal("10.5"), unit="GR"),
                Ingredient(drug=Code(codes.NDC, "00093742401"), quantity=Decimal("2"), unit="ML"),
            ),
        ),
    ),
    pharmacy=PharmacyDetails(days_supply=10, daw_code="0", fill_number=1, compound_code="2"),
)
ORAL = _claim(
    ClaimKind.ORAL,
    billing_provider=DENTIST,
    lines=(
        ClaimLine(
            number=1,
            amounts=MONEY,
            service_start=date(2024, 3, 1),
            procedure=Code(codes.CDT, "D2392"),
            modifiers=(Code(codes.HCPCS, "GT"),),
            place_of_service="11",
            units=Decimal("1"),
            allowed_units=Decimal("1"),
            adjustments=ADJUSTED,
            benefit_payment=IN,
            tooth=Code(codes.TOOTH_NUMBER, "3"),
            surfaces=(Code(codes.TOOTH_SURFACE, "M"), Code(codes.TOOTH_SURFACE, "O")),
            additional_teeth=(Code(codes.TOOTH_NUMBER, "4"),),
            note_numbers=(1,),
        ),
    ),
    diagnoses=DIAGNOSES,
    facility_id="lab",
    oral=OralDetails(
        orthodontics_months=24,
        appliance_placed_on=date(2024, 1, 2),
        prosthesis_replacement=True,
        prior_prosthesis_on=date(2015, 1, 2),
        missing_teeth=(Code(codes.TOOTH_NUMBER, "1"), Code(codes.TOOTH_NUMBER, "16")),
    ),
    care_team=team(CareTeamRole.RENDERING, CareTeamRole.SUPERVISOR),
)

CLAIMS_OF_EVERY_KIND = (
    INPATIENT,
    INPATIENT_HEADER,
    OUTPATIENT,
    OUTPATIENT_HEADER,
    PROFESSIONAL,
    VISION,
    PHARMACY,
    COMPOUND,
    ORAL,
)

EVERYTHING = MemberRecords(
    member=MEMBER,
    coverages=(COVER,),
    claims=CLAIMS_OF_EVERY_KIND,
    organizations=(PAYER, CLINIC_RECORD, FACILITY),
    practitioners=(SMITH,),
    representatives=(MOTHER,),
)
