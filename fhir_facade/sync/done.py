"""What a run has handled already: a member that comes in pieces, a clinic on every claim."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

from fhir_facade.resources.schema import TYPES
from fhir_facade.sync.prepare import Prepared

_REMEMBERED = 100_000
_CLAIM = TYPES["ExplanationOfBenefit"]


class Done:
    """The versions of the latest resources other than claims, by owner, type and id."""

    def __init__(self) -> None:
        self._versions: OrderedDict[tuple[int, int, str], str] = OrderedDict()

    def left(self, key: int, prepared: Iterable[Prepared]) -> list[Prepared]:
        """What of ``prepared`` was not handled yet in this very version, for the member or source ``key``."""
        found: list[Prepared] = []
        for item in prepared:
            place = (key, item.type, item.id)
            if item.type != _CLAIM:
                if self._versions.get(place) == item.version:
                    continue
                self._versions[place] = item.version
                if len(self._versions) > _REMEMBERED:
                    self._versions.popitem(last=False)
            found.append(item)
        return found
