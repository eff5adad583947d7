"""Whether the data of a source are later than they may be."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from fhir_facade.contracts.sections import Settings
from fhir_facade.resources.page import Freshness
from fhir_facade.sync.schedule import is_late
from fhir_facade.web.status import Late


def lateness(settings: Settings, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Late:
    """The judge of each source: the one-business-day rule for a copy; a live source is as fresh as it is."""
    copies = {source.name for source in settings.claims if source.mode == "replica"}

    def late(fresh: Freshness) -> bool | None:
        return is_late(None, fresh.published, now()) if fresh.source in copies else None

    return late
