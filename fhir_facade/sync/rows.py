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
from fhir_facade.sync.prepare import Link, Prepared, links
from fhir_facade.sync.report import SyncReport
from fhir_facade.sync.state import insert_new

Place = tuple[int, str]
"""Type and id of a resource."""

Stored = tuple[str, int, str]
"""Version, stamp and labels of a row."""

_IN_LIST = 500
_LINK = ("member", "type", "id", "labels")


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
        self._links: dict[tuple[int, int, str, str], None] = {}  # the claims of a member name the same doctors
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
        known = {} if fresh else self._stored(member, ((item.type, item.id) for item in prepared))
        changed: set[Place] = set()
        for item in prepared:
            place = (item.type, item.id)
            before = known.get(place)
            if before is not None and before[:2] == (item.version, self._stamp):
                self._report.unchanged[item.name] += 1
                continue
            if before is not None:
                self._old.append({"b_member": member, "b_type": item.type, "b_id": item.id})
                self._relink.add(member)
            elif not fresh and not item.shared:
                self._back.append({"b_member": member, "b_type": item.type, "b_id": item.id})
            values = item.row(member, self._stamp, self._packer)
            self._new.append(values)
            if not item.shared:
                self._link(member, item.links(), values["labels"])
            self._report.written[item.name] += 1
            if before is None or before[0] != item.version:
                changed.add(place)
        return changed

    def flush(self) -> None:
        """Send everything to the database."""
        self._delete(resource, self._old)
        if self._new:
            self._new.sort(key=lambda values: (values["member"], values["type"], values["rank"], values["id"]))
            self._insert()
        self._delete(tombstone, self._back)
        if self._links:
            links = [dict(zip(_LINK, values, strict=True)) for values in self._links]
            self._connection.execute(insert_new(self._connection, link), links)
        for member in self._relink:
            if member > 0:
                self._relink_member(member)
        self._new, self._old, self._back, self._links, self._relink = [], [], [], {}, set()

    def _insert(self) -> None:
        """New rows, in the order of the table; PostgreSQL takes them by COPY, several times as fast as by INSERT."""
        if self._connection.dialect.name != "postgresql":
            self._connection.execute(sa.insert(resource), self._new)
            return
        names = list(self._new[0])
        columns = ", ".join(f'"{name}"' for name in names)
        driver: Any = self._connection.connection.driver_connection
        with driver.cursor() as cursor, cursor.copy(f"COPY resource ({columns}) FROM STDIN") as copy:
            for values in self._new:
                copy.write_row([values[name] for name in names])

    def mark_seen(self, source: int, places: Iterable[tuple[int, int, str]]) -> None:
        """Remember that the snapshot named these (member, type, id)."""
        rows = [{"source": source, "member": m, "type": t, "id": i} for m, t, i in places]
        if rows:
            self._connection.execute(insert_new(self._connection, seen), rows)

    def bury(self, member: int, places: Sequence[Place]) -> None:
        """Replace a member's resources by tombstones; what is not there is left out."""
        found = self._stored(member, places)
        if not found:
            return
        now = int(time.time() * 1_000_000)
        rows = [{"member": member, "type": number, "id": identifier} for number, identifier in found]
        burials = [
            values | {"removed": now, "labels": labels}
            for values, (_, _, labels) in zip(rows, found.values(), strict=True)
        ]
        self._connection.execute(insert_new(self._connection, tombstone), burials)
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

    def _stored(self, member: int, places: Iterable[Place]) -> dict[Place, Stored]:
        found: dict[Place, Stored] = {}
        for number, identifiers in _by_type(places).items():
            for start in range(0, len(identifiers), _IN_LIST):
                wanted = {"member": member, "type": number, "ids": identifiers[start : start + _IN_LIST]}
                for identifier, version, stamp, labels in self._connection.execute(_STORED, wanted):
                    found[number, identifier] = (version, stamp, labels)
        return found

    def _link(self, member: int, named: Iterable[Link], labels: str) -> None:
        self._links.update(((member, number, identifier, labels), None) for number, identifier in named)

    def _delete(self, table: sa.Table, rows: list[dict[str, Any]]) -> None:
        if rows:
            self._connection.execute(_DELETE[table.name], rows)

    def _relink_member(self, member: int) -> None:
        """Drop the links that no resource of the member names any more."""
        openers: dict[int, Opener] = {}
        named: set[tuple[int, str, str]] = set()
        rows = self._connection.execute(
            sa.select(resource.c.dictionary, resource.c.body, resource.c.labels)
            .where(resource.c.member == member)
            .execution_options(yield_per=500)
        )
        for key, body, labels in rows:
            if key not in openers:
                openers[key] = Opener(load_dictionary(self._connection, key))
            named |= {(number, identifier, labels) for number, identifier in links(openers[key].body(body))}
        columns = sa.select(link.c.type, link.c.id, link.c.labels)
        known = self._connection.execute(columns.where(link.c.member == member))
        stale = [found for number, identifier, text in known if (found := (number, identifier, text)) not in named]
        self._delete(link, [{"b_member": member, "b_type": t, "b_id": i, "b_labels": text} for t, i, text in stale])


_STORED = sa.select(resource.c.id, resource.c.version, resource.c.stamp, resource.c.labels).where(
    resource.c.member == sa.bindparam("member"),
    resource.c.type == sa.bindparam("type"),
    resource.c.id.in_(sa.bindparam("ids", expanding=True)),
)

_DELETE = {
    table.name: sa.delete(table).where(
        table.c.member == sa.bindparam("b_member"),
        table.c.type == sa.bindparam("b_type"),
        table.c.id == sa.bindparam("b_id"),
        *([table.c.labels == sa.bindparam("b_labels")] if table is link else []),
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
