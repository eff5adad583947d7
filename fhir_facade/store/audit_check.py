"""Verifies the audit trail: every line follows the one before, every anchor seals a line that is there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hmac import compare_digest

from sqlalchemy import Connection, select

from fhir_facade.store.audit import CONTENT, AuditKeys, anchors, lines, open_audit

_AT_ONCE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditReport:
    """What a verification found.

    ``last_anchor`` is the number and seal (hex) of the newest anchor: kept somewhere else, it shows later whether the
    end of the trail was cut off. ``faults`` is empty when all is well.
    """

    lines: int
    chains: int
    anchors: int
    last_anchor: tuple[int, str] | None
    faults: tuple[str, ...]


def verify(url: str, secret: bytes) -> AuditReport:
    """Read the whole trail, in bounded memory but for one entry per chain and anchor."""
    keys, engine = AuditKeys(secret), open_audit(url, patient=True)
    try:
        with engine.connect() as connection:
            sealed, anchor_faults, last, count = _anchors(connection, keys)
            read = _Reading(keys, sealed)
            for fault in read.lines(connection):
                anchor_faults.append(fault)
            anchor_faults += [f"anchor of chain {chain} at line {place}: the line is gone" for chain, place in sealed]
    finally:
        engine.dispose()
    return AuditReport(
        lines=read.count, chains=len(read.ends), anchors=count, last_anchor=last, faults=tuple(anchor_faults)
    )


def _anchors(
    connection: Connection, keys: AuditKeys
) -> tuple[dict[tuple[str, int], bytes], list[str], tuple[int, str] | None, int]:
    sealed, faults, before, count = {}, [], b"", 0
    last: tuple[int, str] | None = None
    for row in connection.execute(select(anchors).order_by(anchors.c.number)):
        count += 1
        content = (row.number, row.chain, row.place, bytes(row.mark), row.at)
        if row.number != count or not compare_digest(keys.mark(before, content), bytes(row.seal)):
            faults.append(f"anchor {row.number}: it does not follow the one before")
            count = row.number
        before = bytes(row.seal)
        sealed[row.chain, row.place] = bytes(row.mark)
        last = (row.number, before.hex())
    return sealed, faults, last, count


class _Reading:
    """The lines in the order they were written, each held against the end of its chain so far."""

    def __init__(self, keys: AuditKeys, sealed: dict[tuple[str, int], bytes]) -> None:
        self._keys = keys
        self._sealed = sealed
        self.ends: dict[str, tuple[int, bytes]] = {}
        self.count = 0

    def lines(self, connection: Connection) -> Iterator[str]:
        """Every fault, as a sentence."""
        result = connection.execution_options(yield_per=_AT_ONCE).execute(select(lines).order_by(lines.c.number))
        for row in result:
            self.count += 1
            place, before = self.ends.get(row.chain, (0, b""))
            content = tuple(bytes(v) if isinstance(v, memoryview) else v for v in (row._mapping[n] for n in CONTENT))
            mark = bytes(row.mark)
            if row.place != place + 1 or not compare_digest(self._keys.mark(before, content), mark):
                yield f"line {row.number}: it was changed, or a line before it is missing"
            if self._sealed.pop((row.chain, row.place), mark) != mark:
                yield f"line {row.number}: it is not the line that was anchored"
            self.ends[row.chain] = row.place, mark
