"""Rows of a claim and its parts → one ``Claim``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date

from fhir_facade.contracts.people import Identifier
from fhir_facade.contracts.records import (
    Amount,
    Amounts,
    CareTeamMember,
    CareTeamRole,
    Claim,
    ClaimKind,
    ClaimLine,
    Diagnosis,
    DiagnosisRole,
    OtherPayer,
    Party,
    PartyKind,
    Payee,
    PharmacyDetails,
    Procedure,
)
from fhir_facade_claims_sql.people import PAYER, RowFault, Values, need, picked, position_of, values_of
from fhir_facade_claims_sql.sections import ClaimSet, Section
from fhir_facade_claims_sql.spec import Row

NPI_PREFIX = "npi-"
"""Ids of organizations known by their NPI alone: the id says everything there is to know."""

CLINICIAN_PREFIX = "clinician-"
"""Ids of clinicians known by their NPI alone."""

MOST_ROWS = 10_000
"""Rows of lines that one claim may have: more are a join gone wrong, and no app could show them."""

TOTAL_CHARGE = "0001"
"""UB-04's revenue code of a claim's total."""

PERSON_PREFIX = "person-"
"""Ids of clinicians known by a number alone that is no NPI."""

UNKNOWN_PROVIDER = "unknown-provider"
"""Id of the organization that stands for a billing provider the source does not name."""

PHARMACY_FIELDS = (
    "days_supply",
    "daw_code",
    "fill_number",
    "refills_authorized",
    "brand_generic",
    "origin",
    "compound_code",
)
_PLAIN = (
    "claim_id", "member_id", "kind", "claim_number", "last_updated", "service_start", "status", "service_end",
    "received_on", "admitted_on", "discharged_on", "type_of_bill", "point_of_origin", "admission_type",
    "discharge_status", "drg", "medical_record_number", "patient_account_number", "adjustments", "billing_network",
    "rendering_network", "benefit_payment", "payment_status", "paid_on",
)  # fmt: skip
Spans = Sequence[tuple[str, date | None, date | None]]
"""Cover of a member: coverage id, first day, last day; newest first."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The rows of one claim: its own, and those of each section with a table of its own."""

    own: Row
    children: Mapping[int, Sequence[Row]]

    def rows(self, section: Section, number: int) -> Sequence[Row]:
        """The rows of a section; the claim's own where the section has no table."""
        return (self.own,) if section.inline else self.children.get(number, ())


@dataclass(slots=True)
class Draft:
    """A claim whose own row is read, and the rows of whose parts may still be on their way.

    Args:
        claim_set: it is one of these claims.
        values: of its own row.
        parts: its rows, as far as they are there.
        care_team: as soon as somebody asked for it.
    """

    claim_set: ClaimSet
    values: Values
    parts: Parts
    care_team: tuple[CareTeamMember, ...] | None = None

    @property
    def place(self) -> tuple[int, str]:
        """Newest service first, then by id."""
        return -self.values["service_start"].toordinal(), self.values["claim_id"]

    def team(self, absent: frozenset[str]) -> tuple[CareTeamMember, ...]:
        """Its care team.

        Raises:
            RowFault: a value cannot be converted.
        """
        if self.care_team is None:
            self.care_team = _care_team(self.claim_set, self.parts, absent)
        return self.care_team

    def named(self, absent: frozenset[str]) -> Iterator[str]:
        """Ids of the providers that it names, as far as its rows can be read."""
        yield _billing(self.values).party_id
        if facility := _facility(self.values):
            yield facility
        with suppress(RowFault):  # it will be told when the claim is built
            yield from (member.provider.party_id for member in self.team(absent))


def begin(claim_set: ClaimSet, own: Row, absent: frozenset[str]) -> Draft:
    """What the claim's own row says.

    Raises:
        RowFault: a value cannot be converted, or a required one is missing.
    """
    section, key = claim_set.claim, claim_set.claim.claim_key
    values = values_of(section, own, absent, key)
    need(section, own, values, ("claim_id", "member_id", "kind", "claim_number", "last_updated", "service_start"), key)
    return Draft(claim_set, values, Parts(own, {}))


def build(draft: Draft, spans: Spans, absent: frozenset[str]) -> Claim:
    """One claim.

    Raises:
        RowFault: a value of its parts cannot be converted, or a required one is missing.
    """
    claim_set, values, parts = draft.claim_set, draft.values, draft.parts
    section, key = claim_set.claim, claim_set.claim.claim_key
    lines = _lines(claim_set, parts, values, absent)
    return Claim(
        adjudicated_on=values.get("adjudicated_on") or values.get("paid_on") or values["last_updated"].date(),
        payer_id=PAYER,
        coverage_id=values.get("coverage_id") or covering(spans, values["service_start"]),
        billing_provider=_billing(values),
        facility_id=_facility(values),
        payee=Payee(kind=values["payee"]) if "payee" in values else None,
        prior_claims=_identifiers(values.get("prior_claim")),
        replaced_by=_identifiers(values.get("replaced_by")),
        other_payers=(OtherPayer(name=values["other_payer"]),) if "other_payer" in values else (),
        lines=lines,
        diagnoses=_diagnoses(claim_set, parts, absent),
        procedures=_procedures(claim_set, parts, absent),
        care_team=draft.team(absent),
        amounts=_taken(values, section.amounts),
        totals=_taken(values, section.totals),
        pharmacy=PharmacyDetails(**picked(values, *PHARMACY_FIELDS)) if values["kind"] is ClaimKind.PHARMACY else None,
        position=position_of(section, parts.own, key),
        **picked(values, *_PLAIN),
    )


def covering(spans: Spans, day: date) -> str:
    """The cover in force on that day; the newest where none was, because a claim always has one."""
    for coverage_id, start, end in spans:
        if (start is None or start <= day) and (end is None or day <= end):
            return coverage_id
    return spans[0][0] if spans else "unknown"


def _billing(values: Values) -> Party:
    known = values.get("billing_id") or _npi_id(values.get("billing_npi")) or _npi_id(values.get("facility_npi"))
    return Party(PartyKind.ORGANIZATION, known or UNKNOWN_PROVIDER)


def _facility(values: Values) -> str | None:
    known: str | None = values.get("facility_id") or _npi_id(values.get("facility_npi"))
    return known


def _npi_id(npi: str | None, prefix: str = NPI_PREFIX) -> str | None:
    return f"{prefix}{npi}" if npi else None


def _identifiers(value: Identifier | None) -> tuple[Identifier, ...]:
    return (value,) if value else ()


def _taken(values: Values, names: Mapping[str, Amount]) -> Amounts:
    """The amounts of these names, which are no fields of the record themselves."""
    return {amount: values.pop(name) for name, amount in names.items() if name in values}


def _lines(claim_set: ClaimSet, parts: Parts, claim: Values, absent: frozenset[str]) -> tuple[ClaimLine, ...]:
    found, places = [], _places(claim_set, parts, absent)
    for number, section, row in places:
        key = section.claim_key or claim_set.claim.claim_key
        values = values_of(section, row, absent, key)
        if number is not None:
            values.setdefault("number", number)
        need(section, row, values, ("number",), key)
        if claim["kind"] is not ClaimKind.INPATIENT:
            values.setdefault("service_start", claim["service_start"])
        elif len(places) == 1 and not values.keys() & {"revenue", "procedure"}:
            values["revenue"] = TOTAL_CHARGE  # the only line, and it names no service: it is the stay's total
        place = position_of(section, row, key)
        found.append(ClaimLine(amounts=_taken(values, section.amounts), position=place, **values))
    return tuple(sorted(found, key=lambda line: line.number))


def _places(claim_set: ClaimSet, parts: Parts, absent: frozenset[str]) -> Sequence[tuple[int | None, Section, Row]]:
    """Every line there is: its number where its place counts it, the section that reads it, and its row.

    Where a row may hold several lines and none is filled, the first stands for the whole claim.
    """
    rows = parts.rows(claim_set.line, 0)
    if len(rows) > MOST_ROWS:
        where = position_of(claim_set.claim, parts.own, claim_set.claim.claim_key)
        raise RowFault(where, f"it has {len(rows):,} rows of lines; a claim has at most {MOST_ROWS:,}")
    repeat = claim_set.line.repeat
    if not repeat:
        return [(None, claim_set.line, row) for row in rows]
    places = [
        (offset * repeat + number, section, row)
        for offset, row in enumerate(rows)
        for number, section in enumerate(claim_set.lines, 1)
    ]
    return [place for place in places if _is_filled(*place[1:], absent)] or places[:1]


def _is_filled(section: Section, row: Row, absent: frozenset[str]) -> bool:
    return any(str(row.get(column, "")).strip() not in absent for column in section.filled)


def _values(claim_set: ClaimSet, record: str, parts: Parts, absent: frozenset[str]) -> Iterator[Values]:
    """The values of every part of that record, in the order of the mapping and of the numbers of its columns."""
    for number, section in enumerate(claim_set.parts, 1):
        if section.record == record:
            key = section.claim_key or claim_set.claim.claim_key
            for row in parts.rows(section, number):
                for one in claim_set.each[number - 1]:
                    yield values_of(one, row, absent, key)


def _diagnoses(claim_set: ClaimSet, parts: Parts, absent: frozenset[str]) -> tuple[Diagnosis, ...]:
    found: list[Diagnosis] = []
    for values in _values(claim_set, "diagnosis", parts, absent):
        if "code" in values:
            role = values.pop("role", None) or _role(found)
            found.append(Diagnosis(role=role, **values))
    return tuple(found)


def _role(before: list[Diagnosis]) -> DiagnosisRole:
    return DiagnosisRole.SECONDARY if before else DiagnosisRole.PRINCIPAL


def _procedures(claim_set: ClaimSet, parts: Parts, absent: frozenset[str]) -> tuple[Procedure, ...]:
    found: list[Procedure] = []
    for values in _values(claim_set, "procedure", parts, absent):
        if "code" in values:
            values.setdefault("principal", not found)
            found.append(Procedure(**values))
    return tuple(found)


def _care_team(claim_set: ClaimSet, parts: Parts, absent: frozenset[str]) -> tuple[CareTeamMember, ...]:
    found: dict[tuple[CareTeamRole, str], CareTeamMember] = {}
    for values in _values(claim_set, "care_team", parts, absent):
        provider = values.get("provider_id") or _npi_id(values.get("provider_npi"), CLINICIAN_PREFIX)
        if provider and "role" in values:
            party = Party(PartyKind.PRACTITIONER, provider)
            member = CareTeamMember(role=values["role"], provider=party, taxonomy=values.get("taxonomy"))
            found.setdefault((member.role, provider), member)
    return tuple(found.values())
