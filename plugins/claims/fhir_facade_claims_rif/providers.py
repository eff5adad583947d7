"""Providers as RIF names them: by numbers alone. A number that is no NPI is never called one."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from fhir_facade.contracts.people import Identifier, Name, Organization, Practitioner
from fhir_facade.contracts.records import Party, PartyKind

UPIN = "http://hl7.org/fhir/sid/us-upin"
CCN = "http://hl7.org/fhir/sid/us-ccn"
NCPDP = "http://terminology.hl7.org/NamingSystem/NCPDPProviderIdentificationNumber"

_UNSAFE = re.compile(r"[^A-Za-z0-9.-]")


@lru_cache(maxsize=65_536)
def is_npi(number: str) -> bool:
    """Whether ``number`` has ten digits and the right check digit (Luhn over ``80840`` and the number)."""
    if not re.fullmatch(r"\d{10}", number):
        return False
    digits = [int(digit) for digit in reversed("80840" + number)]
    doubled = [digit if place % 2 == 0 else sum(divmod(2 * digit, 10)) for place, digit in enumerate(digits)]
    return sum(doubled) % 10 == 0 and int(number) > 0


def real(number: str | None) -> str | None:
    """``number``, unless it is a filler of zeros."""
    return None if number is None or not number.strip("0") else number


@dataclass(slots=True)
class Providers:
    """Collects the organizations and practitioners that claims name.

    ``as_of`` is the load date of the folder: RIF tells nothing of a provider that could change.
    """

    as_of: datetime
    organizations: dict[str, Organization] = field(default_factory=dict)
    practitioners: dict[str, Practitioner] = field(default_factory=dict)

    def organization(self, npi: str | None, ccn: str | None = None, other: Identifier | None = None) -> Party | None:
        """The organization of these numbers; None where all are absent."""
        found = _organization(npi, ccn, other, self.as_of)
        return None if found is None else self._organization(found)

    def unnamed(self, what: str) -> Party:
        """The organization that stands for a provider the claim does not name."""
        name = f"{what} not named by the claim"
        organization_id = f"{what.lower()}-unnamed"
        return self._organization(Organization(organization_id=organization_id, name=name, last_updated=self.as_of))

    def practitioner(self, npi: str | None, other: Identifier | None = None) -> Party | None:
        """The clinician of this NPI, or of another number where there is none; None where both are absent."""
        found = _practitioner(npi, other, self.as_of)
        if found is None:
            return None
        self.practitioners[found.practitioner_id] = found
        return _party(PartyKind.PRACTITIONER, found.practitioner_id)

    def _organization(self, organization: Organization) -> Party:
        self.organizations[organization.organization_id] = organization
        return _party(PartyKind.ORGANIZATION, organization.organization_id)


_party = lru_cache(maxsize=65_536)(Party)


@lru_cache(maxsize=65_536)
def _organization(npi: str | None, ccn: str | None, other: Identifier | None, as_of: datetime) -> Organization | None:
    npi, ccn = real(npi), real(ccn)
    numbers = [number for number in (npi, ccn, other.value if other else None) if number]
    if not numbers:
        return None
    others = [Identifier(system=None, value=npi)] if npi and not is_npi(npi) else []
    others += [Identifier(system=CCN, value=ccn)] if ccn else []
    others += [other] if other else []
    return Organization(
        organization_id=_id("provider", *numbers),
        name=f"Provider {(ccn or numbers[0])}",
        npi=npi if npi and is_npi(npi) else None,
        other_identifiers=tuple(others),
        last_updated=as_of,
    )


@lru_cache(maxsize=65_536)
def _practitioner(npi: str | None, other: Identifier | None, as_of: datetime) -> Practitioner | None:
    number = real(npi)
    if number is None and other is None:
        return None
    valid = number is not None and is_npi(number)
    others = () if valid else (other if number is None and other else Identifier(system=None, value=str(number)),)
    return Practitioner(
        practitioner_id=_id("clinician", number or (other.value if other else "")),
        name=Name(),
        npi=number if valid else None,
        other_identifiers=others,
        last_updated=as_of,
    )


def _id(prefix: str, *numbers: str) -> str:
    plain = "-".join((prefix, *numbers))
    if len(plain) <= 50 and not _UNSAFE.search(plain):
        return plain
    return f"{prefix}-{hashlib.sha256(plain.encode()).hexdigest()[:24]}"
