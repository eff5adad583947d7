"""The promises of the claims contract that can be seen in the records themselves: each broken one is a sentence.

The suite in ``conformance.claims`` fails with these sentences, and the data-quality report counts them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from fhir_facade.conformance.typed import mistyped
from fhir_facade.contracts.claims import MemberRecords
from fhir_facade.contracts.people import MatchKey
from fhir_facade.contracts.records import Claim, PartyKind

FHIR_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
SOCIAL_SECURITY_NUMBER = re.compile(r"\d{3}-?\d{2}-?\d{4}")
FILLERS = frozenset({"", "unknown", "n/a", "na", "null", "none", "~", "00000000", "99999999", "88888888"})
CENT = Decimal("0.01")


def broken(records: MemberRecords) -> Iterator[str]:
    """Every promise that one member's records break; of records with wrong types, those types alone."""
    wrong = sorted(set(mistyped(records, "records")))
    yield from wrong or _untrue(records)


def _untrue(records: MemberRecords) -> Iterator[str]:
    member = records.member.member_id
    for what, value in _ids(records):
        if not FHIR_ID.fullmatch(value):
            yield f"{what} is no id: 1–64 of A–Z a–z 0–9 - . are allowed"
        elif what == "member_id" and SOCIAL_SECURITY_NUMBER.fullmatch(value):
            yield "member_id looks like a Social Security number: give an id without a meaning"
    for cover in records.coverages:
        if cover.member_id != member:
            yield "a coverage belongs to another member"
    for person in records.representatives:
        if person.member_id != member:
            yield "a representative belongs to another member"
    for claim in records.claims:
        yield from (f"claim {claim.claim_id}: {fault}" for fault in _claim(claim, records))
    for thing in (records.member, *records.coverages, *records.organizations, *records.practitioners):
        yield from _values(thing, type(thing).__name__)


def _ids(records: MemberRecords) -> Iterator[tuple[str, str]]:
    yield "member_id", records.member.member_id
    yield from (("coverage_id", one.coverage_id) for one in records.coverages)
    yield from (("claim_id", one.claim_id) for one in records.claims)
    yield from (("organization_id", one.organization_id) for one in records.organizations)
    yield from (("practitioner_id", one.practitioner_id) for one in records.practitioners)
    yield from (("representative_id", one.representative_id) for one in records.representatives)


def _claim(claim: Claim, records: MemberRecords) -> Iterator[str]:
    if claim.member_id != records.member.member_id:
        yield "it belongs to another member"
    if claim.coverage_id not in {cover.coverage_id for cover in records.coverages}:
        yield f"its coverage {claim.coverage_id} is not handed over with it"
    if claim.service_end is not None and claim.service_end < claim.service_start:
        yield "service ends before it starts"
    numbers = [line.number for line in claim.lines]
    if not numbers:
        yield "it has no line"
    if len(set(numbers)) != len(numbers) or any(number < 1 for number in numbers):
        yield "line numbers must be positive and unique in the claim"
    yield from _parties(claim, records)
    yield from _values(claim, "Claim")


def _parties(claim: Claim, records: MemberRecords) -> Iterator[str]:
    organizations = {one.organization_id for one in records.organizations}
    practitioners = {one.practitioner_id for one in records.practitioners}
    named = [claim.billing_provider, *(one.provider for one in claim.care_team)]
    for party in named:
        known = organizations if party.kind is PartyKind.ORGANIZATION else practitioners
        if party.kind in (PartyKind.ORGANIZATION, PartyKind.PRACTITIONER) and party.party_id not in known:
            yield f"it names {party.kind} {party.party_id}, which is not handed over with it"
    for organization in filter(None, (claim.payer_id, claim.facility_id)):
        if organization not in organizations:
            yield f"it names Organization {organization}, which is not handed over with it"


def _values(value: Any, where: str) -> Iterator[str]:
    """What is wrong with single values, all the way down."""
    if is_dataclass(value) and not isinstance(value, type):
        for spec in fields(value):
            if not (isinstance(value, MatchKey) or spec.name == "position"):
                yield from _values(getattr(value, spec.name), f"{where}.{spec.name}")
    elif isinstance(value, tuple):
        for one in value:
            yield from _values(one, where)
    elif isinstance(value, Mapping):
        yield from (fault for amount in value.values() for fault in _money(amount, where))
    else:
        yield from _scalar(value, where)


def _money(value: Any, where: str) -> Iterator[str]:
    if not isinstance(value, Decimal) or value.as_tuple().exponent != CENT.as_tuple().exponent:
        yield f"{where}: money must be Decimal with exactly two decimals"


def _scalar(value: Any, where: str) -> Iterator[str]:
    if isinstance(value, str) and not where.endswith(("_id", ".status", ".relationship", ".kind", ".role", ".gender")):
        if value.strip().lower() in FILLERS or value != value.strip():
            yield f"{where}: unknown must be None, and text without surrounding blanks"
    elif isinstance(value, datetime):
        if value.utcoffset() != timedelta(0):
            yield f"{where}: an instant must be aware and in UTC"
    elif isinstance(value, date) and not 1900 <= value.year <= 2200:
        yield f"{where}: the date {value.year} is a filler"
    elif isinstance(value, float):
        yield f"{where}: numbers with fractions must be Decimal"
