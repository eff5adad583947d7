"""Payers, hospitals, pharmacies and clinicians. Each is made from its id alone, so that look-ups need no list.

Most providers are shared by all members; each member also has a practice and clinicians of their own (ids that begin
with ``own`` and ``dr``), as small towns have.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

from fhir_facade.contracts.claims import Providers
from fhir_facade.contracts.people import (
    Address,
    Contact,
    ContactSystem,
    Identifier,
    Name,
    Organization,
    Practitioner,
)
from fhir_facade_claims_synthetic import names, numbers

STATE_PAYER = "payer-state"
PLANS = ("payer-plan-1", "payer-plan-2")
MEDICARE = "carrier-medicare"
COMMERCIAL = "carrier-commercial"

_PAYERS = {
    STATE_PAYER: "Example State Medicaid",
    PLANS[0]: "Evergreen Community Health Plan (invented)",
    PLANS[1]: "Piñon Family Health Plan (invented)",
    MEDICARE: "Medicare (sandbox)",
    COMMERCIAL: "Lakeside Mutual Insurance (invented)",
}
_KINDS = {
    "hosp": ("General Hospital", 8),
    "pharm": ("Community Pharmacy", 8),
    "amb": ("Ambulance Service", 3),
    "snf": ("Nursing and Rehabilitation Center", 4),
    "clinic": ("Outpatient Clinic", 12),
    "lab": ("Clinical Laboratory", 3),
    "hha": ("Home Health Agency", 3),
    "recovery": ("Recovery Center", 3),
}
SHARED_PRACTITIONERS = 60
SPECIALTIES = {
    1: "207Q00000X",
    2: "207RC0000X",
    3: "1223G0001X",
    4: "152W00000X",
    5: "208600000X",
    6: "207V00000X",
}
"""NUCC taxonomy of a member's own clinicians by number: family, heart, teeth, eyes, surgery, obstetrics."""

_SHARED_SPECIALTIES = (SPECIALTIES[1], SPECIALTIES[2], SPECIALTIES[5], "207R00000X", "208000000X", "207P00000X")
"""Of clinicians whom members share: those who attend in hospitals and see anybody."""

_SINCE = datetime(2025, 3, 14, 9, 26, 53, tzinfo=UTC)


def places_of(kind: str) -> tuple[str, ...]:
    """Ids of the shared organizations of one kind (``hosp``, ``pharm``, ``amb`` …)."""
    return tuple(f"{kind}-{number}" for number in range(1, _KINDS[kind][1] + 1))


def practice_of(index: int) -> str:
    """Id of the practice that only this member goes to."""
    return numbers.local_id("own", index, 1)


def clinician_of(index: int, number: int) -> str:
    """Id of one of the member's own clinicians (1 family doctor … see ``SPECIALTIES``)."""
    return numbers.local_id("dr", index, number)


def taxonomy_of(practitioner_id: str) -> str:
    """NUCC taxonomy of a practitioner."""
    number = int(practitioner_id.rsplit("-", 1)[1])
    if practitioner_id.startswith("dr"):
        return SPECIALTIES[number]
    return _SHARED_SPECIALTIES[number % len(_SHARED_SPECIALTIES)]


@lru_cache(maxsize=4096)
def organization(organization_id: str) -> Organization | None:
    """The organization of this id, or None."""
    if organization_id in _PAYERS:
        return _payer(organization_id)
    kind, _, number = organization_id.partition("-")
    if kind in _KINDS and number.isdecimal() and organization_id in places_of(kind):
        return _place(organization_id, kind, int(number))
    index = numbers.index_of("own", organization_id)
    return _practice(index) if index is not None and organization_id == practice_of(index) else None


@lru_cache(maxsize=4096)
def practitioner(practitioner_id: str) -> Practitioner | None:
    """The practitioner of this id, or None."""
    kind, _, text = practitioner_id.partition("-")
    if not (text.isascii() and text.isdigit()):
        return None
    number = int(text)
    if kind == "prac" and practitioner_id == f"prac-{number}" and 1 <= number <= SHARED_PRACTITIONERS:
        return _clinician(practitioner_id, 200 + number, number)
    index = numbers.index_of("dr", practitioner_id)
    if index is None or number not in SPECIALTIES or practitioner_id != clinician_of(index, number):
        return None
    return _clinician(practitioner_id, 1000 + index * 10 + number, index * 7 + number)


def providers(ids: list[str]) -> Providers:
    """The organizations and practitioners of these ids; unknown ones are left out."""
    found = [organization(provider_id) for provider_id in ids]
    people = [practitioner(provider_id) for provider_id in ids]
    return Providers(
        organizations=tuple(each for each in found if each),
        practitioners=tuple(each for each in people if each),
    )


def _payer(organization_id: str) -> Organization:
    number = list(_PAYERS).index(organization_id) + 1
    return _organization(
        organization_id,
        _PAYERS[organization_id],
        number,
        naic=f"9990{number}",
        payer_id=Identifier(system=None, value=f"SBX{number:03d}"),
    )


def _place(organization_id: str, kind: str, number: int) -> Organization:
    city = names.PLACES[number % len(names.PLACES)][0]
    offset = 20 * (list(_KINDS).index(kind) + 1)
    name = f"{city} {_KINDS[kind][0]} {number}"
    clia = f"99D{number:07d}" if kind == "lab" else None
    return _organization(organization_id, name, offset + number, clia=clia)


def _practice(index: int) -> Organization:
    return _organization(practice_of(index), f"{names.syllables(index)} Family Practice", 1000 + index * 10)


def _organization(
    organization_id: str,
    name: str,
    number: int,
    naic: str | None = None,
    payer_id: Identifier | None = None,
    clia: str | None = None,
) -> Organization:
    return Organization(
        organization_id=organization_id,
        name=name,
        last_updated=_SINCE,
        npi=numbers.npi(number),
        tax_id=numbers.tax_id(number),
        naic=naic,
        payer_id=payer_id,
        clia=clia,
        addresses=(_address(number),),
        contacts=(_telephone(number),),
    )


def _clinician(practitioner_id: str, number: int, chance: int) -> Practitioner:
    given_names = names.GIVEN_FEMALE + names.GIVEN_MALE
    given = given_names[chance * 13 % len(given_names)]
    family = names.family_name(names.FAMILY[chance * 7 % len(names.FAMILY)], number)
    return Practitioner(
        practitioner_id=practitioner_id,
        name=Name(family=family, given=(given,), prefix="Dr."),
        last_updated=_SINCE,
        npi=numbers.npi(number),
        tax_id=numbers.tax_id(number),
        addresses=(_address(number),),
        contacts=(_telephone(number),),
    )


def _address(number: int) -> Address:
    city, county, postal_code = names.PLACES[number % len(names.PLACES)]
    street = names.STREETS[number % len(names.STREETS)]
    lines = (f"{1 + number} {street} Avenue",)
    return Address(lines=lines, city=city, district=county, state=names.STATE, postal_code=postal_code, country="US")


def _telephone(number: int) -> Contact:
    return Contact(system=ContactSystem.PHONE, value=f"505-555-01{number % 100:02d}", use="work")
