"""What a plugin is whose payer already speaks FHIR: it answers with R4 resources instead of records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from fhir_facade.contracts.claims import Capabilities


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceQuery:
    """One page of one member's resources from a source that already speaks FHIR.

    ``parameters`` are FHIR search parameters as name/value pairs that every wanted resource meets; a source leaves out
    those that its server does not take: it may return more than asked for (the facade decides), never less.
    """

    resource_type: str
    member_id: str
    parameters: tuple[tuple[str, str], ...]
    count: int
    cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourcePage:
    """R4 resources as parsed JSON with ``Decimal`` numbers; ``next_cursor`` is opaque and stateless.

    References to resources of the same source are relative (``Type/id``): the facade puts the source's name into them.
    """

    resources: tuple[dict[str, Any], ...]
    next_cursor: str | None


@runtime_checkable
class ResourceSource(Protocol):
    """For a payer that already speaks FHIR: R4 resources instead of records."""

    @property
    def capabilities(self) -> Capabilities:
        """What the source can do."""
        ...

    def match(self, evidence: Mapping[str, str]) -> Sequence[str]:
        """As in ``LiveSource``."""
        ...

    def read(self, resource_type: str, resource_id: str, member_id: str) -> dict[str, Any] | None:
        """One resource of the member; None for another member's, an unknown one and a type it does not serve."""
        ...

    def read_many(self, references: Sequence[str], member_id: str) -> Sequence[dict[str, Any]]:
        """The resources of these relative references that the member's resources name; unknown ones are left out."""
        ...

    def search(self, query: ResourceQuery) -> ResourcePage:
        """One page of resources of ``query.member_id``."""
        ...

    def check(self) -> Sequence[str]:
        """Everything wrong with the set-up, each fault a sentence that says what to do; empty when all is well."""
        ...

    def close(self) -> None:
        """Give back what ``open`` took."""
        ...
