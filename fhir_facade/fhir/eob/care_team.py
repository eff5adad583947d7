"""Providers of a claim: who billed, and the care team.

The published careTeam rules of guide 2.0.0 can never fail; they are kept here as their authors meant them, which is how
2.1.0 and 2.2.0 repaired them.
"""

from __future__ import annotations

import re
from functools import lru_cache

from fhir_facade.contracts.codes import NUCC_TAXONOMY
from fhir_facade.contracts.records import CareTeamMember, CareTeamRole, Party, PartyKind
from fhir_facade.fhir.eob.draft import Draft
from fhir_facade.fhir.guide import CARIN, THO, Guide
from fhir_facade.fhir.identifiers import NPI, of_organization, of_practitioner
from fhir_facade.fhir.practitioner import as_organization
from fhir_facade.fhir.unfit import Unfit
from fhir_facade.fhir.values import Json, concept

_HL7_ROLES = frozenset({CareTeamRole.PRIMARY, CareTeamRole.SUPERVISOR})
_TAXONOMY = re.compile(r"[0-9A-Z]{9}X")

PROVIDERS = frozenset({PartyKind.ORGANIZATION, PartyKind.PRACTITIONER})
PRACTITIONER = frozenset({PartyKind.PRACTITIONER})

Roles = dict[CareTeamRole, frozenset[PartyKind]]
"""Role → what its provider may be; a role that is not named has no code in the profile."""


def billing_provider(draft: Draft, allowed: frozenset[PartyKind]) -> Json:
    """``provider`` [94, 167].

    Where the guide's version wants another kind of provider, the reference is a logical one, by NPI and name.
    """
    party = draft.claim.billing_provider
    if party.kind not in PROVIDERS:
        raise Unfit("the billing provider is neither an organization nor a practitioner")
    if party.kind in allowed:
        return draft.refer(party, "the billing provider")
    draft.note(f"the guide wants another kind of billing provider than {party.kind}; it is named by identifier")
    return _logical(draft, party)


def _logical(draft: Draft, party: Party) -> Json:
    if party.kind is PartyKind.ORGANIZATION:
        organization = draft.known.organizations.get(party.party_id)
        numbers = of_organization(draft.guide, organization) if organization else []
    else:
        practitioner = draft.known.practitioners.get(party.party_id)
        numbers = of_practitioner(draft.guide, practitioner) if practitioner else []
    npi = next((found for found in numbers if found.get("system") == NPI), None)
    return {"identifier": npi or {"value": draft.local(party.party_id, "the billing provider")}}


def care_team(draft: Draft, roles: Roles, qualified: frozenset[CareTeamRole]) -> list[Json]:
    """``careTeam`` [93–96, 98, 99, 122, 165–174, 182]: every provider whose role the profile has a code for.

    Args:
        draft: the claim.
        roles: what each role's provider may be.
        qualified: roles that the profile allows with a taxonomy code only (EOB-careteam-qualification).
    """
    result: list[Json] = []
    for member in dict.fromkeys(draft.claim.care_team):
        qualification = _qualification(draft, member)
        if qualification is None and member.role in qualified:
            draft.note(f"the guide wants a provider taxonomy for the {member.role} provider; it is left out")
            continue
        found = _member(draft, member, roles, qualification)
        if found is not None:
            result.append({"sequence": len(result) + 1} | found)
    return result


def _member(draft: Draft, member: CareTeamMember, roles: Roles, qualification: Json | None) -> Json | None:
    role = CareTeamRole(member.role)
    allowed = roles.get(role)
    if allowed is None:
        draft.note(f"the profile has no code for the care team role {role}; it is left out")
        return None
    provider = _provider(draft, member.provider, allowed)
    if provider is None:
        draft.note(f"the guide wants another kind of {role} provider than {member.provider.kind}; it is left out")
        return None
    result: Json = {"provider": provider, "role": _concept(draft.guide, role)}
    if member.responsible is not None:
        result["responsible"] = bool(member.responsible)
    if qualification is not None:
        result["qualification"] = qualification
    return result


@lru_cache(maxsize=64)
def _concept(guide: Guide, role: CareTeamRole) -> Json:
    system = f"{THO}/claimcareteamrole" if role in _HL7_ROLES else f"{CARIN}/CodeSystem/C4BBClaimCareTeamRole"
    return guide.concept(system, role.value)


def _provider(draft: Draft, party: Party, allowed: frozenset[PartyKind]) -> Json | None:
    if party.kind not in PROVIDERS:
        raise Unfit("a care team provider is neither an organization nor a practitioner")
    if party.kind in allowed:
        return draft.refer(party, "a care team provider")
    record = draft.known.practitioners.get(party.party_id)
    if party.kind is not PartyKind.PRACTITIONER or record is None:
        return None
    if party.party_id not in draft.contained:
        local_id = f"provider-{len(draft.contained) + 1}"
        draft.contained[party.party_id] = as_organization(draft.guide, local_id, record)
    return {"reference": f"#{draft.contained[party.party_id]['id']}"}


def _qualification(draft: Draft, member: CareTeamMember) -> Json | None:
    if member.taxonomy is not None and _TAXONOMY.fullmatch(member.taxonomy):
        return concept(NUCC_TAXONOMY, member.taxonomy)
    if member.taxonomy is not None:
        draft.note("a provider taxonomy is not a NUCC code; it is left out")
    return None
