"""What people and organizations share: names, addresses, telephone numbers."""

from __future__ import annotations

from collections.abc import Sequence

from fhir_facade.contracts.people import Address, Contact, ContactSystem, Name
from fhir_facade.fhir.values import Json, absent, day, text

_USES = frozenset({"home", "work", "mobile"})


def name(record: Name) -> Json:
    """One name; empty where it has no part."""
    result: Json = {}
    if record.family is not None:
        result["family"] = text(record.family, "a family name")
    if record.given:
        result["given"] = [text(given, "a given name") for given in record.given]
    if record.prefix is not None:
        result["prefix"] = [text(record.prefix, "a name's prefix")]
    if record.suffix is not None:
        result["suffix"] = [text(record.suffix, "a name's suffix")]
    return result


def names(records: Sequence[Name]) -> list[Json]:
    """Names with a family or given name, the current first, former ones marked ``old``; or that none is known."""
    found = [n for n in map(name, records) if "family" in n or "given" in n]
    if not found:
        return [absent()]
    return [found[0], *({"use": "old"} | former for former in found[1:])]


def addresses(records: Sequence[Address]) -> list[Json]:
    """Addresses that have a part."""
    return [found for found in map(_address, records) if found.keys() - {"period"}]


def _address(record: Address) -> Json:
    result: Json = {}
    if record.lines:
        result["line"] = [text(line, "a street line") for line in record.lines]
    for key, value in (
        ("city", record.city),
        ("district", record.district),
        ("state", record.state),
        ("postalCode", record.postal_code),
        ("country", record.country),
    ):
        if value is not None:
            result[key] = text(value, f"an address's {key}")
    if bounds := _bounds(record):
        result["period"] = bounds
    return result


def _bounds(record: Address) -> Json:
    """An address that ends before it starts keeps its start alone: no member is lost over it."""
    result = {"start": day(record.start, "an address's start")} if record.start is not None else {}
    if record.end is not None and (record.start is None or record.end >= record.start):
        result["end"] = day(record.end, "an address's end")
    return result


def contacts(records: Sequence[Contact], *, of_organization: bool = False) -> list[Json]:
    """Telephone numbers, mail addresses and sites; an organization has none at home (org-3)."""
    uses = _USES - {"home"} if of_organization else _USES
    return [
        {"system": ContactSystem(contact.system).value, "value": text(contact.value, "a contact")}
        | ({"use": contact.use} if contact.use in uses else {})
        for contact in records
    ]
