"""How members' log-ins ended, by log-in system and kind: counts over all workers, never a person."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import Blueprint
from werkzeug.wrappers import Response as AnyResponse

from fhir_facade.login.flow import Stop
from fhir_facade.login.linking import LinkOutcome
from fhir_facade.registry.people import Signed
from fhir_facade.store.engine import Store
from fhir_facade.store.tallies import DAY_S, LOG_IN, Count, counts
from fhir_facade.web.staff import StaffDesk

SPANS = (1, 7, 30)
"""Days that are added up, today among them."""

MATCHING = tuple(one.value for one in LinkOutcome)
"""How looking for the member ended; shown even where it never happened."""

BEFORE = tuple(one.value for one in Stop if one.value not in MATCHING)
"""Ends before anybody was looked for."""


class LogInPages:
    """The page."""

    def __init__(self, staff: StaffDesk, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._desk = staff.desk
        self._store = store
        self._clock = clock

    def all(self, signed: Signed) -> AnyResponse:
        """Outcomes by log-in system."""
        del signed
        today = int(self._clock()) // DAY_S
        found = counts(self._store, LOG_IN, since=today - max(SPANS) + 1)
        providers = sorted({one.subject for one in found} - {"none"})
        tables = [(name, outcomes([one for one in found if one.subject == name], today)) for name in providers]
        lost = outcomes([one for one in found if one.subject == "none"], today)
        return self._desk.render("staff_log_ins.html", tables=tables, lost=lost, spans=SPANS)


def outcomes(found: Sequence[Count], today: int) -> Mapping[str, Sequence[Any]]:
    """Group of outcomes → rows of an outcome and its numbers in each span."""
    numbers: dict[int, Counter[str]] = {span: Counter() for span in SPANS}
    for one in found:
        for span in SPANS:
            if one.day > today - span:
                numbers[span][one.what] += one.number
    happened = numbers[max(SPANS)]
    groups = {
        "matching": MATCHING,
        "before": [name for name in BEFORE if happened[name]],
        "after": sorted(happened.keys() - {*MATCHING, *BEFORE}),
    }
    return {
        group: [(name, [numbers[span][name] for span in SPANS]) for name in names]
        for group, names in groups.items()
        if names
    }


def log_ins_blueprint(staff: StaffDesk, store: Store) -> Blueprint:
    """``/staff/log-ins``."""
    blueprint, pages = Blueprint("staff_log_ins", __name__, url_prefix="/staff/log-ins"), LogInPages(staff, store)
    staff.guard(blueprint)
    blueprint.add_url_rule("", "all", staff.view("log-ins", pages.all))
    return blueprint
