"""What was deleted at the source: named deletions, and what a finished snapshot no longer names."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVarTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from fhir_facade.contracts.claims import Removed, RemovedKind
from fhir_facade.contracts.errors import FacadeError
from fhir_facade.fhir.ids import facade_id
from fhir_facade.resources.schema import TYPES, member, resource, seen
from fhir_facade.sync.people import PeopleWriter
from fhir_facade.sync.rows import Place, RowWriter
from fhir_facade.sync.state import SourceState

_REMOVED_TYPES = {RemovedKind.CLAIM: TYPES["ExplanationOfBenefit"], RemovedKind.COVERAGE: TYPES["Coverage"]}


Ts = TypeVarTuple("Ts")


class TooManyRemovals(FacadeError):
    """A snapshot names so few members or claims that it looks incomplete; nothing was removed."""


def apply_removed(rows: RowWriter, people: PeopleWriter, source: str, removed: Iterable[Removed]) -> None:
    """Bury what the source says it deleted; members that were never here are left out."""
    items = list(removed)
    keys = people.known(sorted({item.member_id for item in items}))
    for item in items:
        key = keys.get(item.member_id)
        if key is None:
            continue
        if item.kind is RemovedKind.MEMBER:
            rows.bury(key, rows.places(key))
        else:
            rows.bury(key, [removed_place(item, source)])


def removed_place(item: Removed, source: str) -> Place:
    """Type and id of a removed claim or cover."""
    return _REMOVED_TYPES[item.kind], facade_id(source, item.record_id)


def sweep(connection: Connection, rows: RowWriter, state: SourceState, allow_removals: bool) -> int:
    """Bury what the snapshot did not name; gives how many resources stay although it did not.

    Where a record could not be read, nobody knows what it was about, and everything stays, unless it is allowed to go.
    What the snapshot names as another member's goes all the same: two would see it.

    Raises:
        TooManyRemovals: more than half of the members or of the claims would go and nobody allowed it.
    """
    if state.unread and not allow_removals:
        _bury(connection, rows, _moved(state))
        return connection.execute(_unseen(state, _count())).scalar_one()
    if not allow_removals:
        _guard(connection, state, "Patient", "members")
        _guard(connection, state, "ExplanationOfBenefit", "claims")
    _bury(connection, rows, _unseen(state, sa.select(resource.c.member, resource.c.type, resource.c.id)))
    return 0


def _bury(connection: Connection, rows: RowWriter, chosen: sa.Select[int, int, str]) -> None:
    """Bury what is chosen, member by member."""
    keys = connection.execute(chosen.with_only_columns(resource.c.member).distinct()).scalars().all()
    for key in keys:
        own = connection.execute(chosen.where(resource.c.member == key))
        rows.bury(key, [(found.type, found.id) for found in own])


def _moved(state: SourceState) -> sa.Select[int, int, str]:
    """Claims and cover that the snapshot names as another member's."""
    other = seen.alias("other")
    return _unseen(state, sa.select(resource.c.member, resource.c.type, resource.c.id)).where(
        resource.c.type.in_(_REMOVED_TYPES.values()),
        other.c.source == state.key,
        other.c.type == resource.c.type,
        other.c.id == resource.c.id,
    )


def _unseen(state: SourceState, columns: sa.Select[*Ts]) -> sa.Select[*Ts]:
    """Narrow a selection of resources to those of the source's members that the snapshot did not name."""
    named = sa.exists().where(
        seen.c.source == state.key,
        seen.c.member == resource.c.member,
        seen.c.type == resource.c.type,
        seen.c.id == resource.c.id,
    )
    mine = (member.c.key == resource.c.member, member.c.source == state.key)
    return columns.where(sa.exists().where(*mine), ~named)


def _guard(connection: Connection, state: SourceState, name: str, called: str) -> None:
    of_type = resource.c.type == TYPES[name]
    mine = sa.exists().where(member.c.key == resource.c.member, member.c.source == state.key)
    there = connection.execute(_count().where(of_type, mine)).scalar_one()
    gone = connection.execute(_unseen(state, _count()).where(of_type)).scalar_one()
    if gone * 2 > there:
        raise TooManyRemovals(
            f"source {state.name} no longer names {gone} of {there} {called}; this looks like an incomplete extract, "
            "so nothing was removed. Check the source, or run sync again with --allow-removals"
        )


def _count() -> sa.Select[int]:
    return sa.select(sa.func.count()).select_from(resource)
