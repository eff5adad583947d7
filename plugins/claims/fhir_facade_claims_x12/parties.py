"""Names, addresses and providers out of ``NM1`` loops."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from fhir_facade.contracts.people import Address, Contact, ContactSystem, Identifier, Name, Organization, Practitioner
from fhir_facade.contracts.records import CareTeamMember, CareTeamRole, Party, PartyKind
from fhir_facade_claims_x12.loops import Loop, UnfitError
from fhir_facade_claims_x12.member_keys import record_id
from fhir_facade_claims_x12.reader import Segment

_PERSON = "1"
_NPI = "XX"
_OTHER_NUMBERS = {"1G": "urn:x12:upin", "G2": "urn:x12:provider-number", "0B": "urn:x12:state-license"}
_CONTACTS = {"TE": ContactSystem.PHONE, "FX": ContactSystem.FAX, "EM": ContactSystem.EMAIL, "HP": ContactSystem.PHONE}


def name(segment: Segment) -> Name:
    """A person's name."""
    given = tuple(part for part in (segment.get(4), segment.get(5)) if part)
    return Name(family=segment.get(3), given=given, prefix=segment.get(6), suffix=segment.get(7))


def addresses(loop: Loop) -> tuple[Address, ...]:
    """The address of a loop, if it has one."""
    street, city = loop.first("N3"), loop.first("N4")
    if street is None and city is None:
        return ()
    lines = tuple(part for part in (street.get(1), street.get(2)) if part) if street else ()
    at = city.get if city else lambda _place: None
    county = at(6) if at(5) == "CY" else None
    return (Address(lines=lines, city=at(1), state=at(2), postal_code=at(3), country=at(4) or "US", district=county),)


def one_line(loop: Loop) -> str | None:
    """An address as one line of text."""
    for each in addresses(loop):
        return ", ".join(part for part in (*each.lines, each.city, each.state, each.postal_code) if part)
    return None


def contacts(loop: Loop) -> tuple[Contact, ...]:
    """Telephone numbers and e-mail addresses of a loop."""
    found = []
    for segment in loop.all("PER"):
        for place in (3, 5, 7):
            system, value = _CONTACTS.get(segment.get(place) or ""), segment.get(place + 1)
            if system and value:
                found.append(Contact(system=system, value=value))
    return tuple(found)


@dataclass(slots=True)
class Directory:
    """Providers that one member's claims name.

    Args:
        as_of: when the file that names them was written.
    """

    as_of: datetime
    organizations: dict[str, Organization] = field(default_factory=dict)
    practitioners: dict[str, Practitioner] = field(default_factory=dict)

    def party(self, loop: Loop) -> Party:
        """The provider of an ``NM1`` loop, remembered.

        Raises:
            UnfitError: the loop names nobody.
        """
        segment = loop.segments[0]
        npi = segment.get(9) if segment.get(8) == _NPI else None
        tax_id = loop.value("REF", "EI")
        if not (npi or segment.get(3)):
            raise UnfitError("a provider has neither NPI nor name")
        local = (npi or "", segment.get(3) or "", segment.get(4) or "", tax_id or "") if not npi else (npi,)
        if segment.get(2) == _PERSON:
            return self._person(loop, record_id("prac-", *local), npi, tax_id)
        return self._organization(loop, record_id("org-", *local), npi, tax_id)

    def _person(self, loop: Loop, identifier: str, npi: str | None, tax_id: str | None) -> Party:
        self.practitioners[identifier] = Practitioner(
            practitioner_id=identifier,
            name=name(loop.segments[0]),
            last_updated=self.as_of,
            npi=npi,
            tax_id=tax_id,
            other_identifiers=_numbers(loop),
            addresses=addresses(loop),
            contacts=contacts(loop),
        )
        return Party(PartyKind.PRACTITIONER, identifier)

    def _organization(self, loop: Loop, identifier: str, npi: str | None, tax_id: str | None) -> Party:
        self.organizations[identifier] = Organization(
            organization_id=identifier,
            name=loop.segments[0].get(3) or f"Organization with NPI {npi}",
            last_updated=self.as_of,
            npi=npi,
            tax_id=tax_id,
            other_identifiers=_numbers(loop),
            addresses=addresses(loop),
            contacts=contacts(loop),
        )
        return Party(PartyKind.ORGANIZATION, identifier)

    def team(self, loop: Loop, roles: dict[str, CareTeamRole]) -> list[CareTeamMember]:
        """The care team that the ``NM1`` loops of a claim or line name."""
        found = []
        for qualifier, role in roles.items():
            if provider := loop.party(qualifier):
                found.append(CareTeamMember(role=role, provider=self.party(provider), taxonomy=taxonomy(provider)))
        return found


def taxonomy(loop: Loop) -> str | None:
    """The NUCC code of a provider's ``PRV``."""
    segment = loop.first("PRV")
    return segment.get(3) if segment and segment.get(2) == "PXC" else None


def _numbers(loop: Loop) -> tuple[Identifier, ...]:
    found = ((system, loop.value("REF", qualifier)) for qualifier, system in _OTHER_NUMBERS.items())
    return tuple(Identifier(system=system, value=value) for system, value in found if value)
