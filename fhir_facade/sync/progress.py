"""How far a run is, in the unit of its source."""

from __future__ import annotations

from collections.abc import Callable

from fhir_facade.contracts.claims import ExtractSource, MemberRecords
from fhir_facade.contracts.guarding import guarded

Told = tuple[str, int, int]
"""A member's id, and how many of their claims and lines were read."""

OnProgress = Callable[[int, int | None, str], None]
"""Called with how many are done, how many there are (None: unknown), and what they are."""


class Counter:
    """Counts what the source's progress is told in."""

    def __init__(self, source: ExtractSource, on_progress: OnProgress | None) -> None:
        with guarded():
            progress = source.progress()
        self._unit, self._total = progress.unit, progress.total
        self._tell = on_progress
        self._count = 0
        self._last_member: str | None = None

    def count(self, read: Told) -> None:
        """One more piece of the source was read."""
        if self._tell is None:
            return
        self._count += self._size(*read)
        self._tell(self._count, self._total, self._unit)

    def _size(self, member: str, claims: int, lines: int) -> int:
        if self._unit in ("claims", "lines"):
            return claims if self._unit == "claims" else lines
        again = member == self._last_member
        self._last_member = member
        return 0 if again else 1


def told(records: MemberRecords) -> Told:
    """What is counted of one member's records."""
    member = getattr(records.member, "member_id", "")  # records that break the contract are counted, too
    claims = records.claims if isinstance(records.claims, (tuple, list)) else ()
    found = (getattr(claim, "lines", ()) for claim in claims)
    return str(member), len(claims), sum(len(lines) for lines in found if isinstance(lines, (tuple, list)))
