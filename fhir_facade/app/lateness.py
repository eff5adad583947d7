"""Whether the data of a source are later than they may be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from fhir_facade.app.databases import standby_urls
from fhir_facade.app.syncing import freshness_of
from fhir_facade.contracts.sections import Settings
from fhir_facade.resources.page import Freshness
from fhir_facade.sync.schedule import is_late
from fhir_facade.web.status import Late

Figure = tuple[str, str, str, float]
"""Name, meaning, source and number of a metric."""


def lateness(settings: Settings, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Late:
    """The judge of each source: the one-business-day rule for a copy; a live source is as fresh as it is."""
    copies = {source.name for source in settings.claims if source.mode == "replica"}

    def late(fresh: Freshness) -> bool | None:
        return is_late(None, fresh.published, now()) if fresh.source in copies else None

    return late


def source_figures(settings: Settings) -> Callable[[], Iterator[Figure]]:
    """How fresh each copy is, for ``/metrics``: instants in seconds since 1970, and 1 where data are late."""
    copies = [source for source in settings.claims if source.mode == "replica"]
    late = lateness(settings)

    def figures() -> Iterator[Figure]:
        for source in copies:
            for fresh in freshness_of(settings, source, standby_urls(settings)):
                yield from _figures(fresh, bool(late(fresh)))

    return figures


def _figures(fresh: Freshness, late: bool) -> Iterator[Figure]:
    moments = {
        "data_through": ("Newest day that the data tell of", fresh.data_through),
        "received": ("When the data were received", fresh.received),
        "published": ("When the data were published", fresh.published),
    }
    for name, (meaning, moment) in moments.items():
        if moment is not None:
            yield f"fhir_facade_source_{name}_timestamp_seconds", meaning, fresh.source, moment.timestamp()
    yield "fhir_facade_source_late", "1 where data are later than one business day", fresh.source, float(late)
