"""The status page and its JSON twin: which parts answer now, how fresh each source is, and how it was before."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from threading import Event
from typing import Any

from flask import Blueprint, Response, jsonify

from fhir_facade.contracts.errors import ClaimsInvalid, FacadeError
from fhir_facade.fhir.ids import facade_id
from fhir_facade.resources.page import Freshness, Resources, Viewer
from fhir_facade.web.pages import Pages
from fhir_facade.web.status_history import SOURCE, History, strips

KEEP_S = 10
"""Seconds an answer is kept, so that visitors cost the databases nothing."""

LOOK_S = 20.0
"""Seconds after which the parts are looked at again although nobody asked."""

NOBODYS = "0"
"""An id to ask a source for; whether anybody has it does not matter."""

Checks = Mapping[str, Callable[[], bool]]

Late = Callable[[Freshness], bool | None]
"""Whether a source's data are later than they may be; None for a source that is asked live."""


class Status:
    """Asks the parts, at most every few seconds.

    Args:
        checks: component → whether it can be used now.
        resources: knows how fresh its sources are.
        history: keeps how it was.
        late: judges a source's freshness.
    """

    def __init__(self, checks: Checks, resources: Resources, history: History, late: Late) -> None:
        self._checks = checks
        self._resources = resources
        self.history = history
        self._late = late
        self._lock = threading.Lock()
        self._asked_at = float("-inf")
        self._answer: Mapping[str, Any] = {}

    def now(self) -> Mapping[str, Any]:
        """The answer of the JSON twin: ``status``, ``at``, ``components``, ``sources``."""
        with self._lock:
            if time.monotonic() - self._asked_at > KEEP_S:
                self._answer, self._asked_at = self._ask(), time.monotonic()
                self.history.note(self._answer)
            return self._answer

    def watch(self, stopping: Event) -> None:
        """Look at the parts until told to stop, so that the history has no gap where nobody visits."""
        while not stopping.wait(LOOK_S):
            self.now()

    def _ask(self) -> Mapping[str, Any]:
        components = {name: _answers(check) for name, check in self._checks.items()}
        try:
            sources = [self._source(one) for one in self._resources.freshness()]
            components["resources"] = all(one["answers"] for one in sources)
        except FacadeError:
            sources, components["resources"] = [], False
        return {
            "status": "ok" if all(components.values()) else "degraded",
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "components": components,
            "sources": sources,
        }

    def _source(self, fresh: Freshness) -> dict[str, Any]:
        moments = {"data_through": fresh.data_through, "received": fresh.received, "published": fresh.published}
        told = {name: one.isoformat() if one else None for name, one in moments.items()}
        answers = _answers(lambda: self._knows_nobody(fresh.source))
        return {"source": fresh.source, **told, "late": self._late(fresh), "answers": answers}

    def _knows_nobody(self, source: str) -> bool:
        """Ask a source for what need not be there; a live one is not asked anything else for its freshness."""
        nothing = facade_id(source, NOBODYS)
        with suppress(ClaimsInvalid):  # whoever breaks a promise has answered
            self._resources.read(Viewer(patient=nothing), "Coverage", nothing)
        return True


def _answers(check: Callable[[], bool]) -> bool:
    try:
        return check()
    except FacadeError:
        return False


def status_blueprint(pages: Pages, status: Status) -> Blueprint:
    """``/status`` and ``/status.json``."""
    blueprint = Blueprint("status", __name__)

    @blueprint.get("/status")
    def page() -> Response:
        now = status.now()
        rows = strips(status.history.days(), status.history.today())
        parts = {name: row for name, row in rows.items() if not name.startswith(SOURCE)}
        sources = {name.removeprefix(SOURCE): row for name, row in rows.items() if name.startswith(SOURCE)}
        return pages.render("status.html", now=now, parts=parts, sources=sources)

    @blueprint.get("/status.json")
    def document() -> Response:
        response = jsonify({**status.now(), "history": status.history.document()})
        response.headers["Cache-Control"] = f"public, max-age={KEEP_S}"
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    return blueprint
