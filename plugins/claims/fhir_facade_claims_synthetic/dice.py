"""Chance that can be repeated: the same seed and member give the same throws on every machine."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import TypeVar

T = TypeVar("T")


class Dice:
    """Throws of one member.

    Args:
        seed: the population's seed.
        index: the member's index.
    """

    def __init__(self, seed: int, index: int) -> None:
        self._random = random.Random(f"{seed}/{index}").random  # noqa: S311 - invented data, nothing to guess

    def below(self, limit: int) -> int:
        """A whole number from 0 to ``limit`` - 1."""
        return int(self._random() * limit)

    def between(self, low: int, high: int) -> int:
        """A whole number from ``low`` to ``high``, both possible."""
        return low + int(self._random() * (high - low + 1))

    def chance(self, share: float) -> bool:
        """True in ``share`` (0–1) of all throws."""
        return self._random() < share

    def one(self, choices: Sequence[T]) -> T:
        """One of ``choices``, each as likely."""
        return choices[int(self._random() * len(choices))]

    def weighted(self, choices: Sequence[tuple[int, T]]) -> T:
        """One of ``choices``, each as likely as its weight."""
        throw = self._random() * sum(weight for weight, _ in choices)
        for weight, choice in choices:
            throw -= weight
            if throw < 0:
                return choice
        return choices[-1][1]

    def dollars(self, low: int, high: int) -> Decimal:
        """An amount of ``low`` to ``high`` US dollars, to the cent."""
        return Decimal(self.between(low * 100, high * 100)).scaleb(-2)

    def share_of(self, amount: Decimal, low: int, high: int) -> Decimal:
        """``low`` to ``high`` per cent of an amount, to the cent."""
        cents = int(amount.scaleb(2))
        return Decimal(cents * self.between(low, high) // 100).scaleb(-2)

    def day(self, first: date, last: date) -> date:
        """A day from ``first`` to ``last``; ``first`` where the span is empty."""
        return first + timedelta(days=self.below(max((last - first).days, 0) + 1))
