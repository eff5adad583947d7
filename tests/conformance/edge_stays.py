"""Edge cases of institutional claims."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from fhir_facade.contracts import codes
from fhir_facade.contracts.codes import Code
from fhir_facade.contracts.people import Identifier
from fhir_facade.contracts.records import (
    CareTeamMember,
    CareTeamRole,
    Claim,
    ClaimLine,
    Detail,
    Diagnosis,
    DiagnosisRole,
    LocalAmount,
    NetworkStatus,
    Payee,
    Procedure,
    ProcessNote,
)
from tests.conformance.edge_shapes import (
    DOCTOR,
    HOSPITAL,
    LOCAL,
    NAMELESS,
    PAID,
    SERVED,
    TAX_ONLY,
    diagnosis,
    inpatient,
    line,
    outpatient,
)


def institutional() -> Iterator[Claim]:
    yield from _admissions()
    yield _everything()
    yield from _older_and_grouped()
    yield from _visits()


def _admissions() -> Iterator[Claim]:
    yield inpatient("in-plain")
    yield inpatient("in-still-there", discharged_on=None, service_end=None, discharge_status="30")
    yield inpatient(
        "in-newborn",
        admission_type="4",
        point_of_origin="5",
        type_of_bill="0111",
        diagnoses=(diagnosis(DiagnosisRole.PRINCIPAL, "Z3800", present_on_admission="1"),),
    )
    yield inpatient(
        "in-header-amounts",
        lines=(ClaimLine(number=10, revenue="0120"), ClaimLine(number=20, revenue="0001")),
        amounts=PAID,
        adjustments=(Code(codes.CARC, "45"), Code(codes.RARC, "N130")),
    )


def _everything() -> Claim:
    return inpatient(
        "in-everything",
        received_on=date(2025, 6, 10),
        type_of_bill="0111",
        point_of_origin="1",
        admission_type="1",
        discharge_status="01",
        drg=Code(codes.MS_DRG, "291", version="42"),
        medical_record_number="MRN 5",
        patient_account_number="PAN-6",
        billing_network=NetworkStatus.IN_NETWORK,
        other_identifiers=(Identifier(system="https://hospital.example.org/claim", value="H-1"),),
        payee=Payee(kind="provider", party=HOSPITAL),
        care_team=(
            CareTeamMember(role=CareTeamRole.ATTENDING, provider=DOCTOR, taxonomy="207R00000X", responsible=True),
            CareTeamMember(role=CareTeamRole.OPERATING, provider=TAX_ONLY),
            CareTeamMember(role=CareTeamRole.OTHER_OPERATING, provider=NAMELESS),
            CareTeamMember(role=CareTeamRole.RENDERING, provider=DOCTOR),
            CareTeamMember(role=CareTeamRole.REFERRING, provider=DOCTOR),
            CareTeamMember(role=CareTeamRole.PRIMARY, provider=DOCTOR),
        ),
        diagnoses=(
            diagnosis(DiagnosisRole.PRINCIPAL, "I110", present_on_admission="Y"),
            diagnosis(DiagnosisRole.ADMITTING, "R07.9"),
            diagnosis(DiagnosisRole.SECONDARY, "E785", present_on_admission="U"),
            diagnosis(DiagnosisRole.EXTERNAL_CAUSE, "W19XXXA", present_on_admission="N"),
        ),
        procedures=(
            Procedure(code=Code(codes.ICD_10_PCS, "4A023N7"), principal=True, performed_on=date(2025, 6, 2)),
            Procedure(code=Code(codes.ICD_10_PCS, "B211YZZ")),
        ),
        notes=(ProcessNote(number=1, text="Note <1> & more"), ProcessNote(number=7, text="Note 7")),
        lines=(
            line(
                3,
                revenue="0360",
                procedure=Code(codes.HCPCS, "C1713"),
                modifiers=(Code(codes.HCPCS, "LT"), Code(codes.CPT, "59")),
                units=Decimal("1.50"),
                unit="UN",
                allowed_units=Decimal("1.250"),
                adjustments=(Code(codes.CARC, "45"), Code(codes.CARC, "253"), Code(codes.RARC, "N130")),
                note_numbers=(1, 7),
                service_end=date(2025, 6, 3),
            ),
        ),
    )


def _older_and_grouped() -> Iterator[Claim]:
    yield inpatient("in-apr-drg", drg=Code(codes.APR_DRG, "194", version="41"))
    yield inpatient(
        "in-icd-9",
        service_start=date(2014, 6, 1),
        admitted_on=date(2014, 6, 1),
        discharged_on=date(2014, 6, 3),
        service_end=date(2014, 6, 3),
        diagnoses=(Diagnosis(role=DiagnosisRole.PRINCIPAL, code=Code(codes.ICD_9_CM, "41401")),),
        procedures=(Procedure(code=Code(codes.ICD_9_CM, "3722"), principal=True),),
    )


def _visits() -> Iterator[Claim]:
    yield outpatient("out-plain")
    yield outpatient(
        "out-header-amounts",
        lines=(ClaimLine(number=1, revenue="0450", service_start=SERVED),),
        amounts=PAID,
    )
    yield outpatient(
        "out-masked",
        diagnoses=(
            Diagnosis(role=DiagnosisRole.PRINCIPAL, code=None, masked=True),
            diagnosis(DiagnosisRole.REASON_FOR_VISIT, "R07.89"),
        ),
    )
    yield outpatient(
        "out-rendering",
        care_team=(CareTeamMember(role=CareTeamRole.RENDERING, provider=DOCTOR, taxonomy="208D00000X"),),
    )
    yield outpatient("out-hipps", lines=(line(1, revenue="0023", procedure=Code(codes.HIPPS, "1AFKS")),))
    yield outpatient(
        "out-local-facts",
        details=(
            Detail(category=Code(LOCAL, "text"), text="claim level"),
            Detail(category=Code(LOCAL, "code"), code=Code(LOCAL, "A1")),
            Detail(category=Code(LOCAL, "day"), day=SERVED),
        ),
        local_amounts=(LocalAmount(category=Code(LOCAL, "withheld"), amount=Decimal("1.00")),),
        lines=(
            line(
                1,
                revenue="0450",
                details=(Detail(category=Code(LOCAL, "minutes"), quantity=Decimal("15.50"), unit="min"),),
                local_amounts=(LocalAmount(category=Code(LOCAL, "blood"), amount=Decimal("-2.00")),),
            ),
        ),
    )
