"""What stands around transactions: whether as many came as the sender counted, and whether the end is there.

Source: ASC X12.5 Interchange Control Structures, version 00501: GE01 counts the transactions of a group, IEA01 the
groups of an interchange.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fhir_facade_claims_x12.reader import Segment

NO_END = "the interchange has no end (IEA); what would follow may be missing"
NO_TRANSACTION = "the interchange holds no transaction; look whether its separators are those of its ISA segment"


@dataclass(slots=True)
class Envelope:
    """Counts what one interchange after the other holds."""

    last: int = 1
    """Number of the segment read last."""
    _inside: bool = False
    _groups: int = 0
    _transactions: int = 0
    _all: int = 0

    def take(self, segment: Segment) -> Iterator[str]:
        """What this segment shows to be missing."""
        self.last = segment.number
        if segment.name == "ISA":
            yield from self.end()
            self._inside, self._groups, self._all = True, 0, 0
        elif segment.name == "GS":
            self._groups, self._transactions = self._groups + 1, 0
        elif segment.name == "ST":
            self._transactions, self._all = self._transactions + 1, self._all + 1
        elif segment.name == "GE":
            yield from _counted("group", segment, self._transactions, "transactions")
        elif segment.name == "IEA":
            yield from _counted("interchange", segment, self._groups, "groups")
            yield from self._empty()
            self._inside = False

    def end(self) -> Iterator[str]:
        """What is missing where no more follows."""
        if self._inside:
            yield from self._empty() if not self._all else (NO_END,)
        self._inside = False

    def _empty(self) -> Iterator[str]:
        if not self._all:
            yield NO_TRANSACTION


def _counted(what: str, segment: Segment, found: int, things: str) -> Iterator[str]:
    said = segment.get(1) or "nothing"
    if said.lstrip("0") != str(found) and found:
        yield f"the {what} says it has {said[:10]} {things} and has {found}; some may be missing"
