"""Three sources, one of them slow or dead: an app is told, whatever it asks, and never waits for long."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fhir_facade.contracts.errors import ClaimsUnavailable
from fhir_facade.contracts.plugin import SourceContext
from fhir_facade.fhir.mapper import Mapper, no_labels
from fhir_facade.resources.federation import Federation
from fhir_facade.resources.live import LiveResources
from fhir_facade_claims_synthetic import SyntheticSettings
from fhir_facade_claims_synthetic import plugin as synthetic
from tests.web.fhir.memory import parsed
from tests.web.fhir.test_failures import issue
from tests.web.fhir.world import World

ME = "med-m0000000"
SECONDS = {"dead": 30.0, "slow": 2.0}
SOON_S = 10
EOB = "ExplanationOfBenefit"


class Slow:
    """Hangs; its neighbours do not."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def hang(*_: object, **__: object) -> None:
            time.sleep(self._seconds)
            raise ClaimsUnavailable("dental is down", retry_after_s=5)

        return hang


@pytest.fixture(params=["dead", "slow"])
def worlds(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, World]:
    """The endpoints over three sources, refusing and lenient; the second source is the bad one."""
    opened = synthetic.open(SyntheticSettings(members=21), SourceContext(name="med", scratch=tmp_path))
    live = {name: LiveResources(opened, Mapper(name), no_labels, 30) for name in ("med", "rx")}
    bad: Any = Slow(0 if request.param == "dead" else 20)
    sources = {"med": live["med"], "dental": bad, "rx": live["rx"]}
    return {
        name: World(Federation(sources, SECONDS[request.param], partial=name == "warn")) for name in ("refuse", "warn")
    }


@pytest.mark.parametrize("path", [EOB, f"{EOB}?_summary=count", f"Patient/{ME}"])
def test_where_parts_are_refused_every_question_is_answered_later_and_soon(worlds: dict[str, World], path: str) -> None:
    begun = time.monotonic()
    response = worlds["refuse"].get(path, ME)

    assert issue(response, 503)["code"] == "transient"
    assert int(response.headers["Retry-After"]) > 0
    assert time.monotonic() - begun < SOON_S


@pytest.mark.parametrize(
    "asked", ["_count=3", "_count=3&_total=accurate", "_summary=count", "type=oral", "_sort=_lastUpdated"]
)
def test_where_parts_are_allowed_each_answer_names_the_source_and_claims_no_total(
    worlds: dict[str, World], asked: str
) -> None:
    begun = time.monotonic()
    bundle = parsed(worlds["warn"].get(f"{EOB}?{asked}", ME))

    outcomes = [entry["resource"] for entry in bundle["entry"] if entry["search"]["mode"] == "outcome"]
    assert ["dental" in one["issue"][0]["diagnostics"] for one in outcomes] == [True]
    assert "total" not in bundle
    assert time.monotonic() - begun < SOON_S


def test_every_page_of_a_partial_answer_says_so(worlds: dict[str, World]) -> None:
    path, pages = f"{EOB}?_count=1", 0
    while path and pages < 3:
        bundle = parsed(worlds["warn"].get(path, ME))
        assert bundle["entry"][-1]["search"]["mode"] == "outcome"
        following = next((link["url"] for link in bundle["link"] if link["relation"] == "next"), "")
        path, pages = following.partition("/fhir/")[2], pages + 1

    assert pages > 1


def test_what_another_source_owns_is_read_as_ever(worlds: dict[str, World]) -> None:
    identifier = parsed(worlds["warn"].get(f"{EOB}?_count=1", ME))["entry"][0]["resource"]["id"]

    for world in worlds.values():
        assert world.get(f"{EOB}/{identifier}", ME).status_code == 200
        assert issue(world.get(f"{EOB}/dental-c1", ME), 503)["code"] == "transient"
        assert issue(world.get(f"Patient/{ME}", ME), 503)["code"] == "transient"
