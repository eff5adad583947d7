"""What a search may be refused for. The web room turns each into a status and an OperationOutcome."""

from __future__ import annotations

from dataclasses import dataclass

from fhir_facade.contracts.errors import FacadeError


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a search.

    Args:
        code: a code of R4's IssueType (``value``, ``not-supported``, ``too-costly``).
        text: a sentence for the app's developer; never repeats the value that was sent.
        parameter: the parameter it is about, as declared here (never as sent); ``""`` for the whole search.
    """

    code: str
    text: str
    parameter: str = ""


class BadSearch(FacadeError):
    """A search that cannot be run.

    Args:
        faults: every fault found, at least one.
    """

    def __init__(self, *faults: Fault) -> None:
        self.faults = faults
        super().__init__("; ".join(f"{fault.parameter}: {fault.text}" for fault in faults))


class BadCursor(FacadeError):
    """A page link that was changed or cut: the client made it up."""


class ForeignCursor(FacadeError):
    """A page link that was given to another member, app or search."""


class ExpiredCursor(FacadeError):
    """A page link that is too old: the search has to be started again."""
