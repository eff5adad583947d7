"""Runs of syncs, kept in the facade's own database for the operators' pages."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from sqlalchemy.exc import SQLAlchemyError

from fhir_facade.app.databases import store_url
from fhir_facade.contracts.databases import told
from fhir_facade.contracts.errors import FacadeError
from fhir_facade.contracts.sections import Settings
from fhir_facade.store import Store, StoreUnavailable
from fhir_facade.store.standing import Standing, SyncRun
from fhir_facade.sync.lock import AlreadySyncing
from fhir_facade.sync.report import SyncReport

log = logging.getLogger("fhir_facade.sync")


def remembered(settings: Settings, source: str, run: Callable[[], SyncReport]) -> SyncReport:
    """What ``run`` reports; that it ran is kept, whether it finished or failed.

    Raises:
        FacadeError: as ``run`` does.
    """
    started = int(time.time())
    try:
        report = run()
    except AlreadySyncing:
        raise  # nothing ran: the run that goes on will be kept
    except FacadeError:
        _keep(settings, source, started, None)
        raise
    _keep(settings, source, started, report)
    return report


def _keep(settings: Settings, source: str, started: int, report: SyncReport | None) -> None:
    """Write the run down; a store that is down or not migrated must not make a good sync a failed one."""
    counts = {
        name: sum(getattr(report, name).values()) if report else 0 for name in ("written", "unchanged", "deleted")
    }
    run = SyncRun(
        source=source,
        started_at=started,
        finished_at=int(time.time()),
        outcome="finished" if report else "failed",
        rejected=report.rejected if report else 0,
        **counts,
    )
    store = Store(store_url(settings))
    try:
        Standing(store).ran(run)
    except (StoreUnavailable, SQLAlchemyError) as error:
        why = error if isinstance(error, StoreUnavailable) else told(error)
        log.warning("%s: the run is not in the history (%s)", source, why)
    finally:
        store.close()
