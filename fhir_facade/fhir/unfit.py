"""The one way in which a record says that it cannot become a conformant resource."""

from __future__ import annotations


class Unfit(Exception):
    """The record cannot become a conformant resource.

    Args:
        reason: what is wrong with it, to follow on "claim 123: "; without member identifiers or names.
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)
