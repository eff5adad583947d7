"""How far a run is, in the unit of its source."""

from __future__ import annotations

from collections.abc import Callable

from fhir_facade.contracts.claims import ExtractSource, MemberRecords
from fhir_facade.contracts.errors import ClaimsInvalid, FacadeError

OnProgress = Callable[[int, int | None, str], None]
"""Called with how many are done, how many there are (None: unknown), and what they are."""


class Counter:
    """Counts what the source's progress is told in."""

    def __init__(self, source: ExtractSource, on_progress: OnProgress | None) -> None:
        try:
            progress = source.progress()
        except FacadeError:
            raise
        except Exception as error:
            raise ClaimsInvalid("source-raised", f"the source raised {type(error).__name__}") from error
        self._unit, self._total = progress.unit, progress.total
        self._tell = on_progress
        self._count = 0
        self._last_member: str | None = None

    def count(self, records: MemberRecords) -> None:
        """One more piece of the source was read."""
        if self._tell is None:
            return
        self._count += self._size(records)
        self._tell(self._count, self._total, self._unit)

    def _size(self, records: MemberRecords) -> int:
        if self._unit == "claims":
            return len(records.claims)
        if self._unit == "lines":
            return sum(len(claim.lines) for claim in records.claims)
        again = records.member.member_id == self._last_member
        self._last_member = records.member.member_id
        return 0 if again else 1
