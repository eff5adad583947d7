"""What every source of resources gives: rendered resources, page by page, of one member."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

import msgspec

from fhir_facade.search.query import SearchQuery


class Rendered(msgspec.Struct, frozen=True, gc=False):
    """One resource, ready to send.

    ``version`` equals ``meta.versionId`` (twelve hex digits of a hash of the content: the same in every process and
    after every rebuild); ``updated`` is ``meta.lastUpdated`` in microseconds since 1970; ``labels`` are the codes of
    its security labels (``42CFRPart2`` …); ``body`` is the complete JSON, digits as in the source.
    """

    type: str
    id: str
    version: str
    updated: int
    labels: frozenset[str]
    body: bytes


class Gone(NamedTuple):
    """A tombstone: this member had the resource, the source deleted it."""

    type: str
    id: str


class Position(NamedTuple):
    """Where a page ends: the sort values of its last match and its id; plain values, signed by the web room."""

    keys: tuple[int | str | None, ...]
    id: str


class Page(NamedTuple):
    """One page of matches.

    ``next`` is absent on the last page, ``previous`` on the first; ``missing`` names sources that could not answer
    (only where config allows a partial answer).
    """

    matches: tuple[Rendered, ...]
    next: Position | None = None
    previous: Position | None = None
    total: int | None = None
    missing: tuple[str, ...] = ()


NOBODY = ""
"""In place of a ``Patient.id``: no id is empty, so that nothing of any member is ever found by it."""


class Viewer(msgspec.Struct, frozen=True, kw_only=True):
    """Whose resources are looked at, and what stays hidden; taken from the grant, never from the request.

    ``patient`` is the member's ``Patient.id``, or ``NOBODY`` for a backend service, which sees the directory of
    organizations and practitioners and nothing of any member; ``withheld`` are the security labels whose resources
    this app must not see; a resource with one of them is as if it did not exist, in reads, pages, totals and includes.
    """

    patient: str
    withheld: frozenset[str] = frozenset()


class Resources(Protocol):
    """Where resources come from: the replica, a live source, an upstream server, or a federation of them.

    Every method takes the viewer. Organizations and practitioners are visible where one of the viewer's resources
    names them; a viewer without a member sees all of a copy's. Foreign and unknown ids give the same answer: None, or
    nothing.

    Raises (all methods):
        ClaimsUnavailable: a source is down or slow.
        ClaimsInvalid: a source broke a promise of its contract.
    """

    def read(self, viewer: Viewer, resource_type: str, resource_id: str) -> Rendered | Gone | None:
        """One resource."""
        ...

    def read_many(self, viewer: Viewer, references: Sequence[str]) -> Sequence[Rendered]:
        """The resources of these relative references, in their order, unknown ones left out, each once."""
        ...

    def search(
        self, viewer: Viewer, query: SearchQuery, after: Position | None = None, before: Position | None = None
    ) -> Page:
        """One page; ``after`` continues forwards, ``before`` backwards (matches still come in the query's order)."""
        ...

    def match(self, evidence: Mapping[str, str]) -> Sequence[str]:
        """References (``Patient/id`` or ``RelatedPerson/id``) of the people whom a verified identity may be.

        Their match keys equal every unique identifier in ``evidence`` of a kind that is known here.
        """
        ...

    def represented(self, representative: str) -> Sequence[str]:
        """Patient ids for whom the RelatedPerson of this id may act today."""
        ...

    def freshness(self) -> Sequence[Freshness]:
        """How fresh each source is."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """How fresh one source is: newest service date's data, when it was received, and when it was published."""

    source: str
    data_through: datetime | None
    received: datetime | None
    published: datetime | None
