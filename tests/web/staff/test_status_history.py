"""The history of the service says what was seen, and *unknown* where nobody looked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread

import pytest
from flask import Flask

from fhir_facade.contracts.errors import ClaimsError, ClaimsInvalid, ClaimsUnavailable
from fhir_facade.resources.page import Freshness, Viewer
from fhir_facade.store import Store, migrate
from fhir_facade.store.standing import MINUTES, Seen, Standing
from fhir_facade.web import status as status_module
from fhir_facade.web.agency import Agency
from fhir_facade.web.pages import Pages
from fhir_facade.web.status import Status, status_blueprint
from fhir_facade.web.status_history import DAYS, History

START = 20_000 * 86_400


class Clock:
    """Seconds since 1970, moved by the test."""

    now = float(START)

    def __call__(self) -> float:
        return self.now


class Sources:
    """Resources of which nothing is asked but how fresh they are and whether they answer."""

    down = False
    raised: ClaimsError | None = None

    def freshness(self) -> list[Freshness]:
        if self.down:
            raise ClaimsUnavailable("away")
        return [Freshness(source="medical", data_through=None, received=None, published=None)]

    def read(self, viewer: Viewer, resource_type: str, resource_id: str) -> None:
        del resource_type
        assert viewer.patient == resource_id
        if self.raised:
            raise self.raised


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    migrate(f"sqlite:///{tmp_path}/store.db")
    made = Store(f"sqlite:///{tmp_path}/store.db")
    yield made
    made.close()


def status_of(store: Store, clock: Clock, works: list[bool], sources: Sources | None = None) -> Status:
    resources: object = sources or Sources()
    checks = {"store": lambda: works[0]}
    return Status(checks, resources, History(Standing(store), clock), lambda fresh: False)  # type: ignore[arg-type]


def looked(status: Status, clock: Clock, minutes: int) -> None:
    """The parts are looked at once a minute."""
    for _ in range(minutes):
        status.history.note(status._ask())
        clock.now += 60


def test_minutes_are_counted_and_the_rest_of_a_day_is_unknown(store: Store) -> None:
    clock, works = Clock(), [True]
    status = status_of(store, clock, works)
    looked(status, clock, 5)
    works[0] = False
    looked(status, clock, 3)
    clock.now += 61
    days = {one.part: one for one in status.history.days()}
    assert (days["store"].good, days["store"].bad) == (5, 3)
    assert (days["resources"].good, days["source:medical"].good) == (8, 8)


def test_many_processes_that_look_count_a_minute_once(store: Store) -> None:
    clock, works = Clock(), [True]
    workers = [status_of(store, clock, works) for _ in range(4)]
    for _ in range(6):
        for one in workers:
            one.history.note(one._ask())
            one.history.note(one._ask())
        clock.now += 60
    assert {(one.good, one.bad) for one in workers[0].history.days()} == {(6, 0)}


def test_minutes_in_which_the_store_was_down_are_told_when_it_is_back(tmp_path: Path) -> None:
    clock, works = Clock(), [False]
    url = f"sqlite:///{tmp_path}/away/store.db"
    away = Store(url)
    status = status_of(away, clock, works)
    looked(status, clock, 7)
    assert status.history.days() == ()
    (tmp_path / "away").mkdir()
    migrate(url)
    works[0] = True
    looked(status, clock, 2)
    days = {one.part: one for one in status.history.days()}
    assert (days["store"].good, days["store"].bad) == (2, 7)
    away.close()


def page_of(status: Status) -> Flask:
    app = Flask("status-stage")
    app.register_blueprint(status_blueprint(Pages(Agency("A", "c"), sandbox=False, secure=False), status))
    return app


def test_the_page_and_its_twin_tell_good_bad_and_unknown_days(store: Store) -> None:
    clock = Clock()
    day = START // 86_400
    seen = [Seen("store", (day - 3) * MINUTES, True, {}), Seen("store", (day - 1) * MINUTES, False, {})]
    seen += [Seen("store", (day - 1) * MINUTES + 1, True, {}), Seen("store", (day - DAYS) * MINUTES, False, {})]
    Standing(store).saw(seen)
    status = status_of(store, clock, [True])
    client = page_of(status).test_client()
    page = client.get("/status").text
    assert "2 without trouble, 1 with trouble, 87 not recorded" in page
    assert "no answer in 1 of 2 recorded minutes" in page
    assert "75.00 % of the recorded minutes" in page
    told = client.get("/status.json").json["history"]
    assert (told["days"], told["unlisted_days"]) == (90, "unknown")
    assert [(one["up_minutes"], one["down_minutes"]) for one in told["components"]["store"]][:2] == [(1, 0), (1, 1)]
    assert "Los últimos 90 días" in client.get("/status?lang=es").text


def test_a_source_that_is_away_is_a_bad_minute_and_not_a_failure(store: Store) -> None:
    clock, sources = Clock(), Sources()
    sources.down = True
    status = status_of(store, clock, [True], sources)
    looked(status, clock, 2)
    assert {one.part: one.bad for one in status.history.days()} == {"store": 0, "resources": 2}
    assert page_of(status).test_client().get("/status").status_code == 200


@pytest.mark.parametrize(
    ("raised", "answers"),
    [(ClaimsUnavailable("its database is away"), False), (ClaimsInvalid("too-many", "too many"), True), (None, True)],
)
def test_a_source_answers_unless_it_is_away_whatever_its_freshness(
    store: Store, raised: ClaimsError | None, answers: bool
) -> None:
    sources = Sources()
    sources.raised = raised
    client = page_of(status_of(store, Clock(), [True], sources)).test_client()
    told = client.get("/status.json").json
    assert told["status"] == ("ok" if answers else "degraded")
    assert told["components"] == {"store": True, "resources": answers}
    assert [one["answers"] for one in told["sources"]] == [answers]
    assert ("(does not answer)" in client.get("/status").text) is not answers
    assert ("(no responde)" in client.get("/status?lang=es").text) is not answers


def test_a_late_source_is_a_bad_minute_of_its_own(store: Store) -> None:
    clock, resources = Clock(), Sources()
    history = History(Standing(store), clock)
    late = Status({}, resources, history, lambda fresh: True)  # type: ignore[arg-type]
    live = Status({}, resources, history, lambda fresh: None)  # type: ignore[arg-type]
    looked(late, clock, 1)
    looked(live, clock, 1)
    assert {one.part: (one.good, one.bad) for one in history.days()} == {"resources": (2, 0), "source:medical": (0, 1)}
    assert "data were late in 2 of 2" in page_of(late).test_client().get("/status").text


def test_the_parts_are_looked_at_although_nobody_visits(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status_module, "LOOK_S", 0.01)
    status, stop = status_of(store, Clock(), [True]), Event()
    watcher = Thread(target=status.watch, args=(stop,))
    watcher.start()
    for _ in range(500):
        if Standing(store).days(0):
            break
        stop.wait(0.01)
    stop.set()
    watcher.join()
    assert [one.good for one in Standing(store).days(0)] == [1, 1, 1]
