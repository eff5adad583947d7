"""Every run of a sync is kept for the operators' pages, and a history that cannot be written stops no run."""

from __future__ import annotations

from pathlib import Path

import pytest

from fhir_facade.app.databases import store_url
from fhir_facade.app.runs import remembered
from fhir_facade.app.syncing import sync_source
from fhir_facade.contracts.errors import ClaimsUnavailable
from fhir_facade.contracts.sections import Settings
from fhir_facade.settings import load
from fhir_facade.store import Store
from fhir_facade.store.standing import Standing, SyncRun
from fhir_facade.sync.report import SyncReport


@pytest.fixture
def settings(small_config: Path) -> Settings:
    return load(small_config)


def runs(settings: Settings) -> list[SyncRun]:
    store = Store(store_url(settings))
    found = list(Standing(store).runs("medical", 10))
    store.close()
    return found


def test_a_run_is_kept_with_its_counts(settings: Settings) -> None:
    first = sync_source(settings, "medical")
    sync_source(settings, "medical")
    second, kept = runs(settings)
    assert (kept.outcome, kept.written, kept.rejected) == ("finished", sum(first.written.values()), 0)
    assert (second.written, kept.started_at <= second.started_at) == (0, True)


def test_a_run_that_failed_is_kept_as_failed(settings: Settings) -> None:

    def fails() -> SyncReport:
        raise ClaimsUnavailable("away")

    with pytest.raises(ClaimsUnavailable):
        remembered(settings, "medical", fails)
    assert [one.outcome for one in runs(settings)] == ["failed"]


def test_a_history_that_cannot_be_written_stops_no_run(small_config: Path) -> None:
    without_tables = load(small_config, {"FHIR_FACADE_STATE": str(small_config.with_name("empty"))})
    report = SyncReport("medical")
    assert remembered(without_tables, "medical", lambda: report) is report
