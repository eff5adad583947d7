"""Writes resources into the replica: only rows that differ, links and tombstones with them."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from fhir_facade.resources.frames import Dictionary, Opener, Packer
from fhir_facade.resources.schema import (
    NAMES,
    TYPES,
    dictionary,
    link,
    match_key,
    representation,
    resource,
    seen,
    tombstone,
)
from fhir_facade.sync.prepare import Link, Prepared, links, row
from fhir_facade.sync.report import SyncReport
from fhir_facade.sync.state import insert_new

Place = tuple[int, str]
"""Type and id of a resource."""

_IN_LIST = 500


class RowWriter:
    """Writes the rows of one source in one transaction.

    Args:
        connection: the transaction.
        packer: compresses new rows.
        stamp: says which rendering wrote a row.
        report: counts what happens.
    """

    def __init__(self, connection: Connection, packer: Packer, stamp: int, report: SyncReport) -> None:
        self._connection = connection
        self._packer = packer
        self._stamp = stamp
        self._report = report
        self._new: list[dict[str, Any]] = []
        self._old: list[dict[str, Any]] = []
        self._back: list[dict[str, Any]] = []  # tombstones of what came back
        self._links: list[dict[str, Any]] = []
        self._relink: set[int] = set()

    def put(self, member: int, prepared: Sequence[Prepared], fresh: bool) -> set[Place]:
        """Write what differs of a member's (or the shared) resources.

        Args:
            member: key of the member, or the negative of the source's key for shared rows.
            prepared: the resources.
            fresh: the member has no row yet.

        Returns:
            The places whose content is new.
        """
        known = {} if fresh else self._known(member, prepared)
        changed: set[Place] = set()
        for item in prepared:
            place = (item.type, item.id)
            if known.get(place) == (item.version, self._stamp):
                self._report.unchanged[item.mapped.type] += 1
                continue
            if place in known:
                self._old.append({"b_member": member, "b_type": item.type, "b_id": item.id})
                self._relink.add(member)
            self._new.append(row(item, member, self._stamp, self._packer))
            if not item.shared:
                self._link(member, links(item.body))
            self._report.written[item.mapped.type] += 1
            if not fresh and place not in known and not item.shared:
                self._back.append({"b_member": member, "b_type": item.type, "b_id": item.id})
            if place not in known or known[place][0] != item.version:
                changed.add(place)
        return changed

    def flush(self) -> None:
        """Send everything to the database."""
        self._delete(resource, self._old)
        if self._new:
            self._new.sort(key=lambda values: (values["member"], values["type"], values["rank"], values["id"]))
            self._connection.execute(sa.insert(resource), self._new)
        self._delete(tombstone, self._back)
        if self._links:
            self._connection.execute(insert_new(self._connection, link), self._links)
        for member in self._relink:
            if member > 0:
                self._relink_member(member)
        self._new, self._old, self._back, self._links, self._relink = [], [], [], [], set()

    def mark_seen(self, source: int, places: Iterable[tuple[int, int, str]]) -> None:
        """Remember that the snapshot named these (member, type, id)."""
        rows = [{"source": source, "member": m, "type": t, "id": i} for m, t, i in places]
        if rows:
            self._connection.execute(insert_new(self._connection, seen), rows)

    def bury(self, member: int, places: Sequence[Place]) -> None:
        """Replace a member's resources by tombstones; what is not there is left out."""
        found = set(self._existing(member, places))
        if not found:
            return
        now = int(time.time() * 1_000_000)
        rows = [{"member": member, "type": number, "id": identifier} for number, identifier in sorted(found)]
        self._connection.execute(
            insert_new(self._connection, tombstone), [values | {"removed": now} for values in rows]
        )
        self._delete(resource, [{f"b_{name}": value for name, value in values.items()} for values in rows])
        for number, identifier in found:
            self._report.deleted[NAMES[number]] += 1
            if number == TYPES["RelatedPerson"]:
                self._forget_person(f"RelatedPerson/{identifier}", identifier, member)
            if number == TYPES["Patient"]:
                self._forget_member(member)
        self._relink_member(member)

    def places(self, member: int) -> list[Place]:
        """Everything a member has."""
        found = self._connection.execute(sa.select(resource.c.type, resource.c.id).where(resource.c.member == member))
        return [(number, identifier) for number, identifier in found]

    def _forget_person(self, reference: str, identifier: str, member: int) -> None:
        execute = self._connection.execute
        execute(sa.delete(match_key).where(match_key.c.member == member, match_key.c.reference == reference))
        mine = (representation.c.member == member, representation.c.representative == identifier)
        execute(sa.delete(representation).where(*mine))

    def _forget_member(self, member: int) -> None:
        self._connection.execute(sa.delete(match_key).where(match_key.c.member == member))
        self._connection.execute(sa.delete(representation).where(representation.c.member == member))

    def _known(self, member: int, prepared: Sequence[Prepared]) -> dict[Place, tuple[str, int]]:
        found: dict[Place, tuple[str, int]] = {}
        for number, identifiers in _by_type((item.type, item.id) for item in prepared).items():
            for start in range(0, len(identifiers), _IN_LIST):
                wanted = _KNOWN.params(member=member, type=number, ids=identifiers[start : start + _IN_LIST])
                for identifier, version, stamp in self._connection.execute(wanted):
                    found[number, identifier] = (version, stamp)
        return found

    def _existing(self, member: int, places: Sequence[Place]) -> list[Place]:
        found: list[Place] = []
        for number, identifiers in _by_type(places).items():
            for start in range(0, len(identifiers), _IN_LIST):
                wanted = _KNOWN.params(member=member, type=number, ids=identifiers[start : start + _IN_LIST])
                found += [(number, found_row[0]) for found_row in self._connection.execute(wanted)]
        return found

    def _link(self, member: int, named: Iterable[Link]) -> None:
        self._links += [{"member": member, "type": number, "id": identifier} for number, identifier in named]

    def _delete(self, table: sa.Table, rows: list[dict[str, Any]]) -> None:
        if rows:
            self._connection.execute(_DELETE[table.name], rows)

    def _relink_member(self, member: int) -> None:
        """Drop the links that no resource of the member names any more."""
        openers: dict[int, Opener] = {}
        named: set[Link] = set()
        rows = self._connection.execute(
            sa.select(resource.c.dictionary, resource.c.body)
            .where(resource.c.member == member)
            .execution_options(yield_per=500)
        )
        for key, body in rows:
            if key not in openers:
                openers[key] = Opener(load_dictionary(self._connection, key))
            named |= links(openers[key].body(body))
        known = self._connection.execute(sa.select(link.c.type, link.c.id).where(link.c.member == member))
        stale = [(number, identifier) for number, identifier in known if (number, identifier) not in named]
        self._delete(link, [{"b_member": member, "b_type": t, "b_id": i} for t, i in stale])


_KNOWN = sa.select(resource.c.id, resource.c.version, resource.c.stamp).where(
    resource.c.member == sa.bindparam("member"),
    resource.c.type == sa.bindparam("type"),
    resource.c.id.in_(sa.bindparam("ids", expanding=True)),
)

_DELETE = {
    table.name: sa.delete(table).where(
        table.c.member == sa.bindparam("b_member"),
        table.c.type == sa.bindparam("b_type"),
        table.c.id == sa.bindparam("b_id"),
    )
    for table in (resource, link, tombstone)
}


def _by_type(places: Iterable[Place]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for number, identifier in places:
        found.setdefault(number, []).append(identifier)
    return found


def load_dictionary(connection: Connection, key: int) -> Dictionary:
    """A dictionary by its number."""
    row = dictionary.c
    found = connection.execute(
        sa.select(row.key, row.samples, row.body, row.facets).where(row.key == key)
    ).one_or_none()
    return Dictionary(*found) if found is not None else Dictionary(key, 0, b"", b"")
