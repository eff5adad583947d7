"""Results of pure functions, remembered by the very object that was asked about.

Sources hand the same object over again and again (a code, an amount, a fact of their own). Equality would be the wrong
key: ``Decimal("1.0")`` and ``Decimal("1.00")`` are equal and are written differently.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class ByIdentity(Generic[T, R]):
    """``function``, asked once per object as long as the object is remembered.

    Args:
        function: pure; what it raises is not remembered.
        most: how many objects are remembered before all are forgotten.
    """

    def __init__(self, function: Callable[[T], R], most: int = 8_192) -> None:
        self._function = function
        self._most = most
        self.known: dict[int, tuple[T, R]] = {}
        """Object and result by the object's id; a loop that is run very often looks here before it calls."""

    def __call__(self, thing: T) -> R:
        """What the function says of ``thing``."""
        known = self.known.get(id(thing))
        if known is not None:  # the object is kept, so that nothing else can have its id
            return known[1]
        result = self._function(thing)
        if len(self.known) >= self._most:
            self.known.clear()
        self.known[id(thing)] = (thing, result)
        return result
