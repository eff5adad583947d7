"""An optional face of a live source: everything on a page of claims by one question."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from fhir_facade.contracts.claims import ClaimQuery, MemberRecords


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberPage:
    """A member with all cover, one page of claims, and the providers that these name; ``more`` claims follow.

    Where it names more than 500 providers, some may be left out: the facade asks for those it misses.
    """

    records: MemberRecords
    more: bool


@runtime_checkable
class FindsMemberPage(Protocol):
    """Optional face of a live source that answers at once what every page of claims needs."""

    def member_page(self, query: ClaimQuery) -> MemberPage | None:
        """What ``member``, ``coverages``, ``search`` and ``providers`` give; None for an unknown member."""
        ...
