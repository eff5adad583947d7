"""Providers that claims name: of a provider table, or known by what their id says alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import chain

from sqlalchemy.engine import Connection

from fhir_facade.contracts.claims import Providers
from fhir_facade.contracts.people import Identifier, Name, Organization, Practitioner
from fhir_facade.contracts.records import Claim
from fhir_facade_claims_sql.claims import CLINICIAN_PREFIX, NPI_PREFIX, PERSON_PREFIX, UNKNOWN_PROVIDER
from fhir_facade_claims_sql.fetch import Asked, Fetcher
from fhir_facade_claims_sql.people import PAYER
from fhir_facade_claims_sql.ready import Meanwhile
from fhir_facade_claims_sql.records import good

FIXED_INSTANT = datetime(2000, 1, 1, tzinfo=UTC)
"""Last update of what the settings or an NPI alone say: it changes with neither clock nor data."""

CLINICIANS = (CLINICIAN_PREFIX, PERSON_PREFIX)


def named_in(claims: Iterable[Claim]) -> list[str]:
    """Ids of every provider that the claims name, and the payer's."""
    return list(dict.fromkeys(chain([PAYER], *(claim.named() for claim in claims))))


def plain_organization(organization_id: str) -> Organization:
    """A provider of which the source knows the NPI alone, or nothing."""
    npi = organization_id.removeprefix(NPI_PREFIX) if organization_id.startswith(NPI_PREFIX) else None
    name = f"Provider {npi}" if npi else "Provider not named in the claim"
    if organization_id != UNKNOWN_PROVIDER and not npi:
        name = f"Provider {organization_id}"
    return Organization(organization_id=organization_id, name=name, npi=npi, last_updated=FIXED_INSTANT)


def plain_practitioner(practitioner_id: str) -> Practitioner:
    """A clinician of whom the source knows the NPI alone, or another number."""
    npi = practitioner_id.removeprefix(CLINICIAN_PREFIX) if practitioner_id.startswith(CLINICIAN_PREFIX) else None
    own = practitioner_id.removeprefix(PERSON_PREFIX) if practitioner_id.startswith(PERSON_PREFIX) else None
    numbers = (Identifier(system=None, value=own),) if own else ()
    return Practitioner(
        practitioner_id=practitioner_id, name=Name(), npi=npi, other_identifiers=numbers, last_updated=FIXED_INSTANT
    )


def providers_of(
    connection: Connection,
    fetcher: Fetcher,
    own: Organization,
    ids: Sequence[str],
    *,
    last: bool = False,
    meanwhile: Meanwhile | None = None,
) -> Providers:
    """The providers of these ids: of a provider table, or of what their id says; ``own`` is the payer.

    Args:
        connection: to the database.
        fetcher: reads the tables.
        own: the payer.
        ids: of organizations and practitioners.
        last: the transaction ends with it.
        meanwhile: done while the database answers.
    """
    found = _of_tables(connection, fetcher, ids, last=last, meanwhile=meanwhile)
    known = {own.organization_id: own, **{one.organization_id: one for one in found.organizations}}
    clinicians = {one.practitioner_id: one for one in found.practitioners}
    for one in (one for one in ids if one not in known and one not in clinicians):
        if one.startswith(CLINICIANS):
            clinicians[one] = plain_practitioner(one)
        else:
            known[one] = plain_organization(one)
    return Providers(
        organizations=tuple(known[one] for one in ids if one in known),
        practitioners=tuple(clinicians[one] for one in ids if one in clinicians),
    )


def _of_tables(
    connection: Connection, fetcher: Fetcher, ids: Sequence[str], *, last: bool, meanwhile: Meanwhile | None
) -> Providers:
    people, directory = fetcher.mapping.people, fetcher.directory
    asked: dict[str, Asked] = {}
    for name in ("organization", "practitioner"):
        if name in people:
            spec = people[name].fields[f"{name}_id"]
            keys = fetcher.keys_of(connection, people[name], spec, ids)
            asked[name] = people[name], spec.columns[0], keys
    found = fetcher.gather(connection, list(asked.values()), last=last, meanwhile=meanwhile)
    rows = dict(zip(asked, found, strict=True))
    made = {name: tuple(good(directory.record(people[name], row) for row in some)) for name, some in rows.items()}
    return Providers(organizations=made.get("organization", ()), practitioners=made.get("practitioner", ()))
