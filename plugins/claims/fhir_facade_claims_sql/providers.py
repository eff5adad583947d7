"""Providers that claims name: of a provider table, or known by what their id says alone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from fhir_facade.contracts.people import Identifier, Name, Organization, Practitioner
from fhir_facade.contracts.records import Claim
from fhir_facade_claims_sql.claims import CLINICIAN_PREFIX, NPI_PREFIX, PERSON_PREFIX, UNKNOWN_PROVIDER
from fhir_facade_claims_sql.people import PAYER

FIXED_INSTANT = datetime(2000, 1, 1, tzinfo=UTC)
"""Last update of what the settings or an NPI alone say: it changes with neither clock nor data."""

CLINICIANS = (CLINICIAN_PREFIX, PERSON_PREFIX)


def named_in(claims: Iterable[Claim]) -> list[str]:
    """Ids of every provider that the claims name, and the payer's."""
    ids = {PAYER: None}
    for claim in claims:
        ids[claim.billing_provider.party_id] = None
        if claim.facility_id:
            ids[claim.facility_id] = None
        ids.update({one.provider.party_id: None for one in claim.care_team})
    return list(ids)


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
