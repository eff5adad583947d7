"""Business identifiers of organizations and practitioners: the right type and system, and no fake ones.

An NPI whose check digit is wrong, a NAIC code or laboratory number of the wrong shape is no such number: it is written
as a plain provider number, so that nothing is lost and nothing is claimed.
"""

from __future__ import annotations

import re
from functools import lru_cache

from fhir_facade.contracts.people import Identifier, Organization, Practitioner
from fhir_facade.fhir.guide import CARIN_IDENTIFIER_TYPE, Guide
from fhir_facade.fhir.values import Json, absent, concept, text, uri

NPI = "http://hl7.org/fhir/sid/us-npi"
TAX = "urn:oid:2.16.840.1.113883.4.4"
CLIA = "urn:oid:2.16.840.1.113883.4.7"
NAIC = "urn:oid:2.16.840.1.113883.6.300"

_NPI = re.compile(r"[0-9]{10}")
_CLIA = re.compile(r"[0-9]{2}D[0-9]{7}")
_NAIC = re.compile(r"[0-9]{5}")


@lru_cache(maxsize=65536)
def is_npi(value: str) -> bool:
    """Whether ``value`` is ten digits whose last is right: Luhn over the number behind ``80840``.

    Source: CMS, "Requirements for National Provider Identifier (NPI) and NPI Check Digit".
    """
    if not _NPI.fullmatch(value):
        return False
    digits = [int(c) for c in value]
    doubled = sum(d * 2 - 9 if d > 4 else d * 2 for d in digits[0:9:2])
    return (24 + doubled + sum(digits[1:9:2]) + digits[9]) % 10 == 0


def plain(identifier: Identifier, what: str) -> Json:
    """System and value, without a type."""
    result: Json = {}
    if identifier.system is not None:
        result["system"] = uri(identifier.system, f"the system of {what}")
    result["value"] = text(identifier.value, what)
    return result


def of_organization(guide: Guide, organization: Organization) -> list[Json]:
    """All identifiers of an organization."""
    result = _npi(guide, organization.npi) + _tax(guide, organization.tax_id)
    if organization.clia is not None:
        result.append(_shaped(guide, organization.clia, _CLIA, CLIA))
    if organization.naic is not None:
        result.append(_shaped(guide, organization.naic, _NAIC, NAIC, concept(CARIN_IDENTIFIER_TYPE, "naiccode")))
    if organization.payer_id is not None:
        kind = {"type": concept(CARIN_IDENTIFIER_TYPE, "payerid")}
        result.append(kind | plain(organization.payer_id, "the payer's identifier"))
    return result + [_provider_number(guide, other) for other in organization.other_identifiers]


def of_practitioner(guide: Guide, practitioner: Practitioner) -> list[Json]:
    """All identifiers of a practitioner; the profile's mandatory NPI or tax id is stated as unknown where both miss."""
    result = _npi(guide, practitioner.npi, system_required=True) + _tax(guide, practitioner.tax_id)
    if not any(identifier.get("system") in (NPI, TAX) for identifier in result):
        result.append({"type": guide.identifier_type("TAX"), "system": TAX, "_value": absent()})
    others = [_provider_number(guide, other) for other in practitioner.other_identifiers]
    return result + [other | {"_system": absent()} if "system" not in other else other for other in others]


def _npi(guide: Guide, value: str | None, *, system_required: bool = False) -> list[Json]:
    if value is None:
        return []
    if is_npi(value):
        return [{"type": guide.identifier_type("NPI"), "system": NPI, "value": value}]
    number = _provider_number(guide, Identifier(system=None, value=value))
    return [number | {"_system": absent()} if system_required else number]


def _tax(guide: Guide, value: str | None) -> list[Json]:
    if value is None:
        return []
    return [{"type": guide.identifier_type("TAX"), "system": TAX, "value": text(value, "a tax id")}]


def _shaped(guide: Guide, value: str, shape: re.Pattern[str], system: str, kind: Json | None = None) -> Json:
    if not shape.fullmatch(value):
        return _provider_number(guide, Identifier(system=None, value=value))
    return ({"type": kind} if kind else {}) | {"system": system, "value": value}


def _provider_number(guide: Guide, identifier: Identifier) -> Json:
    return {"type": guide.identifier_type("PRN")} | plain(identifier, "a provider number")
