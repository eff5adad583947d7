"""Hand-made claims at the edges of the contract: each is inside it, so each must become a conformant resource."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal

from fhir_facade.contracts import codes
from fhir_facade.contracts.claims import MemberRecords
from fhir_facade.contracts.codes import Code
from fhir_facade.contracts.people import Identifier
from fhir_facade.contracts.records import (
    CareTeamMember,
    CareTeamRole,
    Claim,
    ClaimKind,
    ClaimStatus,
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
    Transport,
)
from tests.conformance import edge_people as people
from tests.conformance.edge_shapes import (
    CLAIM_SYSTEM,
    DOCTOR,
    HOSPITAL,
    MEMBER,
    PAID,
    PARENT,
    PRINCIPAL,
    SERVED,
    TAX_ONLY,
    amounts,
    diagnosis,
    line,
    oral,
    pharmacy,
    professional,
)
from tests.conformance.edge_stays import institutional


def _clinicians() -> Iterator[Claim]:
    yield professional("pro-plain")
    yield from _denied_and_reversed()
    yield from _paid_elsewhere()
    yield from _rides_and_glasses()


def _denied_and_reversed() -> Iterator[Claim]:
    yield professional(
        "pro-denied",
        payment_status=PaymentStatus.DENIED,
        paid_on=None,
        lines=(
            line(
                1,
                procedure=Code(codes.HCPCS, "G0438"),
                place_of_service="11",
                benefit_payment=NetworkStatus.OTHER,
                denied=True,
                adjustments=(Code(codes.CARC, "96"), Code(codes.RARC, "N130")),
                amounts=amounts(submitted="99.00", noncovered="99.00", benefit="0.00"),
            ),
        ),
    )
    pair = {"diagnoses": (PRINCIPAL, diagnosis(DiagnosisRole.SECONDARY, "S060X1A"))}
    old, new = Identifier(system=CLAIM_SYSTEM, value="PRO-OLD"), Identifier(system=CLAIM_SYSTEM, value="PRO-NEW")
    yield professional("pro-old", status=ClaimStatus.CANCELLED, replaced_by=(new,), **pair)
    yield professional("pro-new", prior_claims=(old,), **pair)
    yield professional(
        "pro-reversal",
        status=ClaimStatus.CANCELLED,
        lines=(
            line(
                1,
                procedure=Code(codes.HCPCS, "G0438"),
                place_of_service="02",
                benefit_payment=NetworkStatus.IN_NETWORK,
                amounts={kind: -amount for kind, amount in PAID.items()},
                units=Decimal("-1"),
            ),
        ),
    )


def _paid_elsewhere() -> Iterator[Claim]:
    yield professional(
        "pro-other-payers",
        other_payers=(OtherPayer(name="Other Carrier", coverage_id="cov-2"), OtherPayer(name="Third Carrier")),
        payee=Payee(kind="other", party=PARENT),
        facility_id="hospital",
        billing_provider=DOCTOR,
        rendering_network=NetworkStatus.IN_NETWORK,
        care_team=(
            CareTeamMember(role=CareTeamRole.RENDERING, provider=DOCTOR, taxonomy="207R00000X"),
            CareTeamMember(role=CareTeamRole.SUPERVISOR, provider=DOCTOR),
            CareTeamMember(role=CareTeamRole.PURCHASED_SERVICE, provider=HOSPITAL),
            CareTeamMember(role=CareTeamRole.REFERRING, provider=TAX_ONLY),
        ),
    )
    yield professional("pro-to-subscriber", payee=Payee(kind="subscriber"), received_on=date(2025, 6, 2))
    yield professional("pro-to-member", payee=Payee(kind="beneficiary", party=MEMBER))


def _rides_and_glasses() -> Iterator[Claim]:
    ride = line(2, procedure=Code(codes.HCPCS, "A0428"), place_of_service="41", transport=True)
    yield professional(
        "pro-transport",
        lines=(replace(ride, benefit_payment=NetworkStatus.IN_NETWORK), *professional("x").lines),
        transport=Transport(
            patient_weight_lb=Decimal("180.5"),
            reason="A",
            distance_miles=Decimal("12.0"),
            round_trip_purpose="There and back",
            stretcher_purpose="Could not sit",
            pickup_location="12 Main St",
            dropoff_location="Lakeview Hospital",
        ),
    )
    yield professional("pro-big-money", totals=amounts(submitted="999999999.99", benefit="0.01"))
    yield professional("pro-bad-npi", billing_provider=Party(PartyKind.ORGANIZATION, "bad-npi"))
    glasses = line(1, place_of_service="11", benefit_payment=NetworkStatus.OUT_OF_NETWORK)
    yield professional("vision-no-product", kind=ClaimKind.VISION, lines=(glasses,))
    yield professional("vision-plain", kind=ClaimKind.VISION)


def _drugs() -> Iterator[Claim]:
    yield pharmacy("rx-plain")
    yield pharmacy(
        "rx-everything",
        pharmacy=PharmacyDetails(
            days_supply=90,
            daw_code="1",
            fill_number=3,
            refills_authorized=0,
            brand_generic="2",
            origin="4",
            compound_code="1",
        ),
        care_team=(CareTeamMember(role=CareTeamRole.PRESCRIBING, provider=DOCTOR),),
        received_on=SERVED,
    )
    ingredients = (
        Ingredient(drug=Code(codes.NDC, "00777310502"), quantity=Decimal("1.250"), unit="GR"),
        Ingredient(drug=Code(codes.NDC, "00002322730")),
    )
    compound = line(1, ingredients=ingredients, amounts=amounts(drugcost="33.10", copay="5.00", benefit="28.10"))
    yield pharmacy(
        "rx-compound",
        lines=(compound,),
        pharmacy=PharmacyDetails(days_supply=10, daw_code="0", fill_number=0, compound_code="2"),
    )
    rejected = replace(
        pharmacy("x").lines[0],
        denied=True,
        rejects=(Code(codes.NCPDP_REJECT, "70"), Code(codes.NCPDP_REJECT, "75")),
    )
    yield pharmacy("rx-rejected", lines=(rejected,), payment_status=PaymentStatus.DENIED, paid_on=None)
    yield pharmacy("rx-partial", payment_status=PaymentStatus.PARTIALLY_PAID)


def _teeth() -> Iterator[Claim]:
    yield oral("oral-plain")
    tooth, area = Code(codes.TOOTH_NUMBER, "3"), Code(codes.ORAL_AREA, "10")
    surfaces = (Code(codes.TOOTH_SURFACE, "M"), Code(codes.TOOTH_SURFACE, "O"))
    first = replace(
        oral("x").lines[0], tooth=tooth, surfaces=surfaces, additional_teeth=(Code(codes.TOOTH_NUMBER, "4"), area)
    )
    yield oral(
        "oral-everything",
        lines=(first, replace(first, number=2, tooth=area, surfaces=(), additional_teeth=(tooth,))),
        oral=OralDetails(
            orthodontics_months=24,
            appliance_placed_on=date(2024, 1, 2),
            prosthesis_replacement=True,
            prior_prosthesis_on=date(2015, 3, 4),
            missing_teeth=(Code(codes.TOOTH_NUMBER, "1"), Code(codes.TOOTH_NUMBER, "32")),
        ),
        diagnoses=(diagnosis(DiagnosisRole.PRINCIPAL, "K021"), diagnosis(DiagnosisRole.SECONDARY, "K089")),
        care_team=(CareTeamMember(role=CareTeamRole.RENDERING, provider=DOCTOR, taxonomy="1223G0001X"),),
        billing_provider=DOCTOR,
        facility_id="hospital",
    )
    yield oral("oral-first-prosthesis", oral=OralDetails(prosthesis_replacement=False))


def edge_cases() -> Iterator[MemberRecords]:
    """Records of three members; the first has every claim."""
    yield MemberRecords(
        member=people.FULL_MEMBER,
        coverages=people.COVERAGES,
        claims=(*institutional(), *_clinicians(), *_drugs(), *_teeth()),
        organizations=people.ORGANIZATIONS,
        practitioners=people.PRACTITIONERS,
        representatives=people.REPRESENTATIVES,
    )
    yield MemberRecords(member=people.BARE_MEMBER)
    yield MemberRecords(member=people.DEAD_MEMBER)
