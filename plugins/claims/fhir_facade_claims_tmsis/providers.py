"""Providers of claims: numbers from the claim, names and addresses from the newest provider file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from fhir_facade.contracts.people import Address, Contact, ContactSystem, Identifier, Name, Organization, Practitioner
from fhir_facade.contracts.records import Party, PartyKind
from fhir_facade_claims_tmsis.cells import Record
from fhir_facade_claims_tmsis.numbers import is_npi, safe
from fhir_facade_claims_tmsis.staging import Staging
from fhir_facade_claims_tmsis.states import usps

_INDIVIDUAL = "03"
"""FACILITY-GROUP-INDIVIDUAL-CODE: the provider is a person."""

_NPI, _TAXONOMY = "2", "1"
"""PROV-IDENTIFIER-TYPE of an NPI; PROV-CLASSIFICATION-TYPE of a taxonomy code."""


@dataclass(slots=True)
class Providers:
    """Collects the organizations and practitioners that claims name; as new as the newest file."""

    staging: Staging
    base: str
    organizations: dict[str, Organization] = field(default_factory=dict)
    practitioners: dict[str, Practitioner] = field(default_factory=dict)

    @property
    def _as_of(self) -> datetime:
        return self.staging.as_of

    def organization(self, number: str | None, npi: str | None) -> Party | None:
        """The organization of a state number and an NPI; None where both are absent."""
        if number is None and npi is None:
            return None
        known = self.staging.provider(number) if number else {}
        npi = npi or _npi(known)
        organization_id = safe("-".join(filter(None, ("provider", number, npi))))
        others = (Identifier(system=f"{self.base}/provider", value=number),) if number else ()
        wrong = (Identifier(system=None, value=npi),) if npi and not is_npi(npi) else ()
        self.organizations[organization_id] = Organization(
            organization_id=organization_id,
            name=_organization_name(known) or f"Provider {number or npi}",
            npi=npi if is_npi(npi) else None,
            other_identifiers=others + wrong,
            addresses=_addresses(known),
            contacts=_contacts(known),
            last_updated=self._as_of,
        )
        return Party(PartyKind.ORGANIZATION, organization_id)

    def unnamed(self) -> Party:
        """The organization that stands for a provider the claim does not name."""
        name = "Provider not named by the claim"
        self.organizations["provider-unnamed"] = Organization(
            organization_id="provider-unnamed", name=name, last_updated=self._as_of
        )
        return Party(PartyKind.ORGANIZATION, "provider-unnamed")

    def practitioner(self, number: str | None, npi: str | None) -> Party | None:
        """The clinician of a state number and an NPI; None where both are absent."""
        if number is None and npi is None:
            return None
        known = self.staging.provider(number) if number else {}
        npi = npi or _npi(known)
        practitioner_id = safe("-".join(filter(None, ("clinician", number, npi))))
        others = (Identifier(system=f"{self.base}/provider", value=number),) if number else ()
        wrong = (Identifier(system=None, value=npi),) if npi and not is_npi(npi) else ()
        self.practitioners[practitioner_id] = Practitioner(
            practitioner_id=practitioner_id,
            name=_person_name(known),
            npi=npi if is_npi(npi) else None,
            other_identifiers=others + wrong,
            addresses=_addresses(known),
            last_updated=self._as_of,
        )
        return Party(PartyKind.PRACTITIONER, practitioner_id)

    def taxonomy(self, number: str | None) -> str | None:
        """The provider's taxonomy code."""
        known = self.staging.provider(number) if number else {}
        for record in known.get("PRV00006", []):
            if record.text("PROV-CLASSIFICATION-TYPE") == _TAXONOMY:
                return record.text("PROV-CLASSIFICATION-CODE")
        return None


def _npi(known: Mapping[str, list[Record]]) -> str | None:
    for record in known.get("PRV00005", []):
        if record.text("PROV-IDENTIFIER-TYPE") == _NPI:
            return record.text("PROV-IDENTIFIER")
    return None


def _last(known: Mapping[str, list[Record]], segment: str) -> Record | None:
    records = known.get(segment, [])
    return records[-1] if records else None


def _organization_name(known: Mapping[str, list[Record]]) -> str | None:
    record = _last(known, "PRV00002")
    if record is None:
        return None
    names = ("PROV-ORGANIZATION-NAME", "PROV-DOING-BUSINESS-AS-NAME", "PROV-LEGAL-NAME")
    found = next((name for element in names if (name := record.text(element))), None)
    person = " ".join(filter(None, (record.text("PROV-FIRST-NAME"), record.text("PROV-LAST-NAME"))))
    return found or person or None


def _person_name(known: Mapping[str, list[Record]]) -> Name:
    record = _last(known, "PRV00002")
    if record is None or record.text("FACILITY-GROUP-INDIVIDUAL-CODE") not in (_INDIVIDUAL, None):
        return Name()
    given = tuple(filter(None, (record.text("PROV-FIRST-NAME"), record.text("PROV-MIDDLE-INITIAL"))))
    return Name(family=record.text("PROV-LAST-NAME"), given=given)


def _addresses(known: Mapping[str, list[Record]]) -> tuple[Address, ...]:
    record = _last(known, "PRV00003")
    return address(record, "ADDR-LN{}", "ADDR-CITY", "ADDR-STATE", "ADDR-ZIP-CODE") if record else ()


def _contacts(known: Mapping[str, list[Record]]) -> tuple[Contact, ...]:
    record = _last(known, "PRV00003")
    phone = record.text("ADDR-TELEPHONE") if record else None
    return (Contact(system=ContactSystem.PHONE, value=phone, use="work"),) if phone else ()


def address(record: Record, line: str, city: str, state: str, zip_code: str) -> tuple[Address, ...]:
    """The address in a record, empty where nothing is known; ``line`` has ``{}`` for the number of the line."""
    lines = tuple(text for number in (1, 2, 3) if (text := record.text(line.format(number))))
    found = Address(
        lines=lines,
        city=record.text(city),
        state=usps(record.text(state)),
        postal_code=_postal_code(record.cells.get(zip_code, "")),
        country="US" if usps(record.text(state)) else None,
    )
    return (found,) if found != Address() else ()


def _postal_code(value: str) -> str | None:
    digits = value.strip()
    if not digits.isdigit() or not digits.strip("0"):
        return None
    return digits[:5] if len(digits) < 9 or digits.endswith("0000") else f"{digits[:5]}-{digits[5:9]}"
