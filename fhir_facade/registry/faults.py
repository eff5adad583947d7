"""What is wrong with a form, field by field."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

from fhir_facade.contracts.errors import FacadeError


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: the field, the key of its message, and what to fill in."""

    field: str
    message: str
    values: Mapping[str, str] = dataclasses.field(default_factory=dict)


class NotNow(FacadeError):
    """A step that cannot be taken from where things are; ``reason`` is the last part of its message's key."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason.replace("_", " "))
