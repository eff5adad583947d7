"""How log-ins end, counted by provider and outcome, for the operator's metrics; never by person."""

from __future__ import annotations

from functools import cache

from prometheus_client import Counter

from fhir_facade.login.ports import LoginEvent, Record


@cache
def outcomes() -> Counter:
    """The counter; made at the first log-in of a process, once it is known where workers count."""
    return Counter("fhir_facade_logins", "Log-ins and decisions by provider and outcome", ["provider", "outcome"])


def counting(record: Record) -> Record:
    """``record``, and the event is counted once it is written."""

    def counted(event: LoginEvent) -> None:
        record(event)
        outcomes().labels(event.provider or "none", event.outcome).inc()

    return counted
