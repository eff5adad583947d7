"""Outcomes are counted by provider and kind, without anything about the person."""

from __future__ import annotations

import pytest
from prometheus_client import REGISTRY

from fhir_facade.login.ports import LoginEvent
from fhir_facade.web.login_metrics import counting

EVENT = LoginEvent(outcome="none", provider="metrics-test", visit="visit-1", detail="secret detail", patient="m-1")


def count() -> float:
    labels = {"provider": "metrics-test", "outcome": "none"}
    return REGISTRY.get_sample_value("fhir_facade_logins_total", labels) or 0.0


def test_an_outcome_is_counted_once_it_is_written() -> None:
    before, written = count(), []
    counting(written.append)(EVENT)
    assert (count() - before, written) == (1.0, [EVENT])


def test_what_cannot_be_written_is_not_counted() -> None:
    def broken(event: LoginEvent) -> None:
        raise OSError("disk full")

    before = count()
    with pytest.raises(OSError, match="disk full"):
        counting(broken)(EVENT)
    assert count() == before
