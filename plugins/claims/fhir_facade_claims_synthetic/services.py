"""Professional and vision claims: offices, ambulances, equipment, glasses, recovery programmes."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from fhir_facade.contracts.records import (
    CareTeamRole,
    Claim,
    ClaimKind,
    ClaimLine,
    Diagnosis,
    DiagnosisRole,
    NetworkStatus,
    Party,
    Transport,
)
from fhir_facade_claims_synthetic import catalogue
from fhir_facade_claims_synthetic.catalogue import Service
from fhir_facade_claims_synthetic.desk import Desk, team


def office(desk: Desk, day: date, *services: Service, **details: Any) -> Claim:
    """A visit or service of one day, one line per service."""
    doctor: Party = details.pop("doctor", None) or desk.own(1)
    billing: Party = details.pop("billing", None) or desk.practice()
    defaults: dict[str, Any] = {
        "service_end": day,
        "diagnoses": _diagnoses(services),
        "care_team": (team(CareTeamRole.RENDERING, doctor),),
        "rendering_network": NetworkStatus.IN_NETWORK,
    }
    kind = details.pop("kind", ClaimKind.PROFESSIONAL)
    lines = [_line(desk, number, day, service) for number, service in enumerate(services, 1)]
    return desk.claim(kind, day, lines, billing, **defaults | details)


def ambulance(desk: Desk, day: date, *, round_trip: bool = False, **details: Any) -> Claim:
    """A trip by ambulance, with its mileage; both lines carry the transport details."""
    miles = Decimal(desk.dice.between(3, 60))
    home = desk.member.addresses[0]
    transport = Transport(
        patient_weight_lb=Decimal(desk.dice.between(95, 260)),
        reason="A",
        distance_miles=miles,
        round_trip_purpose="Treatment and return on the same day" if round_trip else None,
        stretcher_purpose="Could not sit upright",
        pickup_location=", ".join((*home.lines, home.city or "", home.state or "")),
        dropoff_location="Hospital emergency entrance",
    )
    trip = _line(desk, 1, day, catalogue.AMBULANCE, transport=True, modifiers=(catalogue.hcpcs("RH"),))
    mileage = _line(desk, 2, day, catalogue.MILEAGE, transport=True, units=miles, allowed_units=miles)
    defaults: dict[str, Any] = {
        "service_end": day,
        "diagnoses": _diagnoses((catalogue.AMBULANCE,)),
        "care_team": (team(CareTeamRole.REFERRING, desk.own(1)),),
        "billing_network": NetworkStatus.IN_NETWORK,
        "rendering_network": NetworkStatus.IN_NETWORK,
        "transport": transport,
    }
    billing = details.pop("billing", None) or desk.place("amb")
    return desk.claim(ClaimKind.PROFESSIONAL, day, [trip, mileage], billing, **defaults | details)


def eyes(desk: Desk, day: date, *, glasses: bool) -> Claim:
    """An eye examination, with or without new glasses: a vision claim."""
    services = (catalogue.EYE_EXAM, *catalogue.GLASSES) if glasses else (catalogue.EYE_EXAM,)
    return office(desk, day, *services, kind=ClaimKind.VISION, doctor=desk.own(4))


def recovery(desk: Desk, day: date) -> Claim:
    """A service of a substance-use programme."""
    service = desk.dice.one(catalogue.SUBSTANCE_USE)
    return office(desk, day, service, doctor=desk.shared(), billing=desk.place("recovery"))


def _line(desk: Desk, number: int, day: date, service: Service, **details: Any) -> ClaimLine:
    defaults: dict[str, Any] = {
        "service_end": day,
        "procedure": catalogue.hcpcs(service.code),
        "place_of_service": service.place,
        "units": Decimal(1),
        "allowed_units": Decimal(1),
        "benefit_payment": NetworkStatus.IN_NETWORK,
    }
    return desk.line(number, day, desk.price(*service.dollars), **defaults | details)


def _diagnoses(services: tuple[Service, ...]) -> tuple[Diagnosis, ...]:
    codes = list(dict.fromkeys(service.diagnosis for service in services))
    return tuple(
        Diagnosis(role=DiagnosisRole.SECONDARY if place else DiagnosisRole.PRINCIPAL, code=catalogue.icd(code))
        for place, code in enumerate(codes)
    )
