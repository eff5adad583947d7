"""What a declaration of a resource type, a search parameter and an operation says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from fhir_facade.search.query import Modifier, Prefix


class Kind(StrEnum):
    """R4 search parameter types that are offered here."""

    TOKEN = "token"  # noqa: S105 - the name of a parameter type
    DATE = "date"
    REFERENCE = "reference"
    STRING = "string"
    URI = "uri"


_MODIFIERS: Mapping[Kind, tuple[Modifier, ...]] = MappingProxyType(
    {
        Kind.TOKEN: (Modifier.MISSING, Modifier.NOT),
        Kind.DATE: (Modifier.MISSING,),
        Kind.REFERENCE: (Modifier.MISSING, Modifier.IDENTIFIER),
        Kind.STRING: (Modifier.MISSING, Modifier.EXACT, Modifier.CONTAINS),
        Kind.URI: (Modifier.MISSING,),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One search parameter of one resource type.

    Args:
        name: its code, as in the query string.
        kind: its R4 type.
        paths: where it looks, as dotted paths into the JSON; lists are walked on the way.
        doc: one sentence for developers.
        definition: canonical URL of its SearchParameter; None for one that this server adds.
        targets: resource types a reference may point to, among those served here.
        system: the code system that a plain ``code`` element implies; ``""`` where there is none.
        folded: token codes are compared without regard to case.
    """

    name: str
    kind: Kind
    paths: tuple[str, ...]
    doc: str
    definition: str | None = None
    targets: tuple[str, ...] = ()
    system: str = ""
    folded: bool = False

    @property
    def modifiers(self) -> tuple[Modifier, ...]:
        """The modifiers it takes; references take ``:Type`` for each of ``targets`` besides."""
        return _MODIFIERS[self.kind]

    @property
    def prefixes(self) -> tuple[Prefix, ...]:
        """The prefixes its values take."""
        return tuple(Prefix) if self.kind is Kind.DATE else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One ``$operation`` on an instance of a type."""

    name: str
    definition: str
    doc: str
    parameters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceType:
    """One resource type with everything that can be asked of it.

    Args:
        name: the R4 type.
        doc: one sentence for developers.
        parameters: its search parameters by name.
        includes: parameters that ``_include`` follows; all of them together are ``*``.
        revincludes: ``(source type, parameter)`` pairs that ``_revinclude`` follows backwards.
        sorts: parameters that ``_sort`` takes.
        order: the server's own order, ``-`` for newest first; every order ends with the id.
        member_path: the element that names the member; ``""`` for types that belong to nobody.
        profiles: names of the CARIN profiles its instances may claim.
        operations: operations on an instance.
    """

    name: str
    doc: str
    parameters: Mapping[str, Parameter]
    includes: tuple[str, ...] = ()
    revincludes: tuple[tuple[str, str], ...] = ()
    sorts: tuple[str, ...] = ("_id", "_lastUpdated")
    order: tuple[str, ...] = ()
    member_path: str = ""
    profiles: tuple[str, ...] = ()
    operations: tuple[Operation, ...] = ()
