"""A mapped resource, rendered: the same bytes and version wherever it is done, at sync or on request."""

from __future__ import annotations

from datetime import datetime

from fhir_facade.fhir.encode import finish
from fhir_facade.fhir.mapper import Mapped
from fhir_facade.resources.page import Rendered
from fhir_facade.search.moments import span


def render(mapped: Mapped) -> Rendered:
    """The bytes of a mapped resource, with what is said about them."""
    body, version = finish(mapped.resource)
    updated = microseconds(mapped.resource["meta"]["lastUpdated"])
    return Rendered(mapped.type, mapped.id, version, updated, mapped.labels, body)


def microseconds(moment: str | datetime) -> int:
    """An instant as microseconds since 1970.

    Raises:
        ValueError: ``moment`` is no FHIR instant.
    """
    low = span(moment.isoformat() if isinstance(moment, datetime) else moment).low
    if low is None:
        raise ValueError("an instant has a beginning")
    return low
