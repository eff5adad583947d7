"""People and organizations as a claims source hands them over. Map ids are the Common Payer Consumer Data Set's.

Rules for every field: unknown is ``None`` or an empty tuple, never ``""``, ``"UNKNOWN"`` or a filler; text is without
surrounding blanks; dates have no zone; instants are aware and in UTC; ids have FHIR id syntax (1–64 of
``A-Z a-z 0-9 - .``), are stable for the life of the thing they name, and are never a Social Security number or another
number with a meaning of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from fhir_facade.contracts.codes import Code


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcePosition:
    """Where a record was read: file name (or table) and line number (or row key); shown in reject lists only."""

    file: str
    line: int | str


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """A person's name. ``given`` holds first and middle names in order."""

    family: str | None = None
    given: tuple[str, ...] = ()
    prefix: str | None = None
    suffix: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A postal address. ``state`` is the USPS two-letter code [126]; ``country`` ISO 3166 (``US``) [127]."""

    lines: tuple[str, ...] = ()
    """Street lines [158]."""
    city: str | None = None
    """City [192]."""
    district: str | None = None
    """County [125]."""
    state: str | None = None
    postal_code: str | None = None
    """ZIP or ZIP+4 [131]."""
    country: str | None = None
    start: date | None = None
    """First day at this address [193]."""
    end: date | None = None
    """Last day at this address, inclusive [193]."""


class ContactSystem(StrEnum):
    """How to reach somebody (FHIR contact-point-system)."""

    PHONE = "phone"
    FAX = "fax"
    EMAIL = "email"
    URL = "url"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """One telephone number, e-mail address or site. ``use`` is ``home``, ``work``, ``mobile`` or absent."""

    system: ContactSystem
    value: str
    use: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Identifier:
    """A business identifier: ``system`` is the URI of who issued it, absent only where nobody named one."""

    system: str | None
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchKey:
    """An identifier that also exists in the log-in system, used to link a person to exactly one member.

    ``kind`` is what ``VerifiedIdentity.evidence`` calls it (``medicaid-id``, ``mbi``, ``member-number`` …). Never
    emitted, never stored in clear: the facade keeps a keyed slow hash of it.
    """

    kind: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One covered person → FHIR Patient."""

    member_id: str
    """The source's own stable id of the member; becomes part of ``Patient.id``."""
    member_number: Identifier
    """Member id on the card [1, 184 MB]; ``system`` is required here."""
    names: tuple[Name, ...]
    """Names, current first [130]; at least one with a family or a given name."""
    gender: str
    """``male``, ``female``, ``other`` or ``unknown`` [71]."""
    last_updated: datetime
    """When the source of record created or changed the member [163]; never the clock of the run."""
    unique_member_id: Identifier | None = None
    """The payer's enterprise-wide member id [191]."""
    birth_date: date | None = None
    """Date of birth [70]."""
    deceased: bool | None = None
    """Deceased flag [150], where the date is unknown."""
    died_on: date | None = None
    """Date of death [124]."""
    addresses: tuple[Address, ...] = ()
    """Addresses, current first [158, 192, 125–127, 131, 193]."""
    contacts: tuple[Contact, ...] = ()
    languages: tuple[str, ...] = ()
    """Languages the member speaks, BCP 47 (``en``, ``es``), preferred first."""
    races: tuple[Code, ...] = ()
    """OMB race categories, CDC Race & Ethnicity codes (``2106-3`` …) [128]."""
    ethnicity: Code | None = None
    """OMB ethnicity category (``2135-2`` or ``2186-5``) [129]."""
    birth_sex: str | None = None
    """``F``, ``M`` or ``UNK`` [153]."""
    match_keys: tuple[MatchKey, ...] = ()
    """Unique identifiers shared with the log-in system; never part of a resource."""
    merged_into: str | None = None
    """``member_id`` of the surviving member where two records turned out to be one person."""
    position: SourcePosition | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Representative:
    """Somebody who may act for a member: parent, guardian, authorized representative → FHIR RelatedPerson."""

    representative_id: str
    member_id: str
    """The member represented."""
    relationship: Code | None = None
    """Relationship to the member (v3 RoleCode such as ``MTH``, ``GUARD``)."""
    name: Name | None = None
    """Name; a representative has a name or a relationship."""
    last_updated: datetime
    active: bool = True
    starts_on: date | None = None
    """First day on which the representative may act."""
    ends_on: date | None = None
    """Last day on which the representative may act, inclusive; grants end with it."""
    birth_date: date | None = None
    addresses: tuple[Address, ...] = ()
    contacts: tuple[Contact, ...] = ()
    match_keys: tuple[MatchKey, ...] = ()
    """Unique identifiers of the representative, shared with the log-in system; empty where they cannot log in."""
    position: SourcePosition | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Organization:
    """Payer, billing provider, pharmacy or facility → FHIR Organization."""

    organization_id: str
    name: str
    """Name [167, 170, 175]."""
    last_updated: datetime
    active: bool = True
    npi: str | None = None
    """National Provider Identifier, ten digits; an invalid check digit is never emitted as an NPI [94, 97]."""
    tax_id: str | None = None
    """Employer identification number; give it only for organizations, never a person's Social Security number."""
    clia: str | None = None
    """Laboratory certificate number."""
    naic: str | None = None
    """National Association of Insurance Commissioners company code, for payers."""
    payer_id: Identifier | None = None
    """The payer's identifier [2]; ``system`` may be absent."""
    other_identifiers: tuple[Identifier, ...] = ()
    """State provider numbers, CMS certification numbers …"""
    addresses: tuple[Address, ...] = ()
    contacts: tuple[Contact, ...] = ()
    position: SourcePosition | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Practitioner:
    """A clinician → FHIR Practitioner."""

    practitioner_id: str
    name: Name
    """Name; ``family`` is required by the profile, the mapping states its absence where the source has none."""
    last_updated: datetime
    npi: str | None = None
    tax_id: str | None = None
    """A practice's employer identification number, where the clinician has no NPI; never a Social Security number."""
    other_identifiers: tuple[Identifier, ...] = ()
    addresses: tuple[Address, ...] = ()
    contacts: tuple[Contact, ...] = ()
    position: SourcePosition | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """One span of cover under one plan → FHIR Coverage."""

    coverage_id: str
    member_id: str
    payor_id: str
    """``organization_id`` of the payer [2]."""
    subscriber_id: str
    """Subscriber id on the card [132]."""
    last_updated: datetime
    status: str = "active"
    """``active`` or ``cancelled`` [133]."""
    kind: Code | None = None
    """Type of cover, Source of Payment Typology or the payer's own [3]."""
    relationship: str = "self"
    """``self``, ``spouse``, ``child``, ``common``, ``parent``, ``injured`` or ``other`` to the subscriber [72]."""
    starts_on: date | None = None
    """First day of cover [74]."""
    ends_on: date | None = None
    """Last day of cover, inclusive [75]."""
    group_id: str | None = None
    """Group or employer account [134]."""
    group_name: str | None = None
    """[135]."""
    plan_id: str | None = None
    """Benefit plan [154]; for Medicaid the benefit plan or aid category."""
    plan_name: str | None = None
    """[155]."""
    position: SourcePosition | None = None
