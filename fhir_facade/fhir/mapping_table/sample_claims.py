"""A completely filled sample: a claim of every kind, every field of the contract in use."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from fhir_facade.contracts import codes
from fhir_facade.contracts.claims import MemberRecords
from fhir_facade.contracts.codes import Code
from fhir_facade.contracts.people import Identifier
from fhir_facade.contracts.records import (
    Amount,
    CareTeamRole,
    ClaimKind,
    ClaimLine,
    ClaimStatus,
    Diagnosis,
    DiagnosisRole,
    Ingredient,
    OralDetails,
    PharmacyDetails,
    Procedure,
    Transport,
)
from fhir_facade.fhir.mapping_table.sample_parts import ADJUSTED, DIAGNOSES, LINE, MONEY, claim, icd, team
from fhir_facade.fhir.mapping_table.sample_people import (
    CLAIMS,
    CLINIC_RECORD,
    COVER,
    DENTIST,
    FACILITY,
    IN,
    MEMBER,
    MOTHER,
    OUT,
    PAYER,
    SMITH,
)

INPATIENT = claim(
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
INPATIENT_HEADER = claim(
    ClaimKind.INPATIENT,
    claim_id="claim-header",
    lines=(ClaimLine(number=1, revenue="0450"),),
    amounts=MONEY,
    adjustments=ADJUSTED,
    admitted_on=date(2024, 3, 1),
    diagnoses=DIAGNOSES,
)
LEGACY_STAY = replace(
    INPATIENT,
    claim_id="claim-icd-9",
    status=ClaimStatus.CANCELLED,
    replaced_by=(Identifier(system=CLAIMS, value="after"),),
    diagnoses=(
        Diagnosis(role=DiagnosisRole.PRINCIPAL, code=Code(codes.ICD_9_CM, "25000")),
        Diagnosis(role=DiagnosisRole.SECONDARY, code=Code(codes.ICD_9_CM, "4019")),
        Diagnosis(role=DiagnosisRole.ADMITTING, code=Code(codes.ICD_9_CM, "78650")),
    ),
    procedures=(
        Procedure(code=Code(codes.ICD_9_CM, "4701"), principal=True, performed_on=date(2014, 3, 2)),
        Procedure(code=Code(codes.ICD_9_CM, "8952"), performed_on=date(2014, 3, 3)),
    ),
)
OUTPATIENT = claim(
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
OUTPATIENT_HEADER = claim(
    ClaimKind.OUTPATIENT,
    claim_id="claim-out-header",
    lines=(ClaimLine(number=1, revenue="0450", service_start=date(2024, 3, 1)),),
    amounts=MONEY,
    diagnoses=DIAGNOSES,
)
PROFESSIONAL = claim(
    ClaimKind.PROFESSIONAL,
    lines=(LINE, replace(LINE, number=25, transport=True)),
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
VISION = claim(
    ClaimKind.VISION,
    lines=(
        ClaimLine(number=1, amounts=MONEY, service_start=date(2024, 3, 1), place_of_service="11", benefit_payment=OUT),
    ),
    diagnoses=DIAGNOSES,
)
PHARMACY = claim(
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
        daw_code="1",
        fill_number=0,
        refills_authorized=3,
        brand_generic="2",
        origin="3",
        compound_code="1",
    ),
    care_team=team(CareTeamRole.PRESCRIBING, CareTeamRole.PRIMARY),
)
COMPOUND = claim(
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
ORAL = claim(
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
    LEGACY_STAY,
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
