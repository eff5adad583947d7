"""Match keys of a person: their unique identifiers, and the combinations that the operator configured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice, product

from fhir_facade.contracts.evidence import combined
from fhir_facade.contracts.people import Address, Contact, MatchKey, Member, Name, Representative

Combinations = Sequence[Sequence[str]]
"""Kinds of evidence that match together."""

_MOST = 64
"""Keys of one person and combination; a record with more names and addresses than that is no person's."""


def keys_of(person: Member | Representative, combinations: Combinations) -> set[tuple[str, str]]:
    """Kind and value of everything that a log-in may find this person by.

    A kind that counts only in a combination is kept in it alone.
    """
    only_together = {kind for kinds in combinations if len(kinds) > 1 for kind in kinds}
    only_together -= {kinds[0] for kinds in combinations if len(kinds) == 1}
    unique = {(key.kind, key.value) for key in person.match_keys if key.kind not in only_together}
    together = (kinds for kinds in combinations if len(kinds) > 1)
    return unique | {key for kinds in together for key in islice(_combined(person, kinds), _MOST)}


def _combined(person: Member | Representative, kinds: Sequence[str]) -> Iterator[tuple[str, str]]:
    known = _evidence(person)
    for values in product(*(known.get(kind, ()) for kind in kinds)):
        if found := combined(kinds, dict(zip(kinds, values, strict=True))):
            yield found


def _evidence(person: Member | Representative) -> dict[str, list[str]]:
    """Every value of every kind that is on record."""
    found: dict[str, list[str]] = {}
    pairs = [*_identifiers(person.match_keys), *_own(person)]
    pairs += [pair for name in _names(person) for pair in _of_name(name)]
    pairs += [pair for address in person.addresses for pair in _of_address(address)]
    pairs += [pair for contact in person.contacts for pair in _of_contact(contact)]
    for kind, value in pairs:
        if value and value not in found.setdefault(kind, []):
            found[kind].append(value)
    return found


def _identifiers(keys: Sequence[MatchKey]) -> list[tuple[str, str]]:
    return [(key.kind, key.value) for key in keys]


def _own(person: Member | Representative) -> list[tuple[str, str]]:
    born = person.birth_date.isoformat() if person.birth_date else ""
    return [("birth-date", born), ("gender", person.gender if isinstance(person, Member) else "")]


def _names(person: Member | Representative) -> Sequence[Name]:
    if isinstance(person, Member):
        return person.names
    return (person.name,) if person.name else ()


def _of_name(name: Name) -> list[tuple[str, str]]:
    whole = " ".join((*name.given, name.family or ""))
    return [
        ("family", name.family or ""),
        ("given", name.given[0] if name.given else ""),
        ("middle", " ".join(name.given[1:])),
        ("name", whole),
    ]


def _of_address(address: Address) -> list[tuple[str, str]]:
    return [
        ("street", " ".join(address.lines)),
        ("city", address.city or ""),
        ("state", address.state or ""),
        ("postal-code", address.postal_code or ""),
    ]


def _of_contact(contact: Contact) -> list[tuple[str, str]]:
    return [(contact.system.value, contact.value)]
