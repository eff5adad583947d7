"""The invented members behind the endpoints, from every place resources can come from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from fhir_facade.contracts.plugin import SourceContext
from fhir_facade.fhir.mapper import Mapper, no_labels
from fhir_facade.resources.database import migrate, replica_url
from fhir_facade.resources.live import LiveResources
from fhir_facade_claims_synthetic import SyntheticSettings, SyntheticSource
from fhir_facade_claims_synthetic import plugin as synthetic
from tests.resources.filled import Filler
from tests.resources.world import SOURCE
from tests.web.fhir.memory import parsed
from tests.web.fhir.world import World

__all__ = ["PLACES", "Served", "served"]

PLACES = [
    pytest.param("sqlite"),
    pytest.param("postgresql", marks=pytest.mark.peer("postgresql")),
    pytest.param("live"),
]
MEMBERS = 21


@dataclass
class Served:
    """The endpoints over a full set of members.

    ``rich`` is the Patient id of a member with all kinds of claims, ``other`` that of another
    member, ``longest`` that of the one with most claims.
    """

    world: World
    rich: str
    other: str
    longest: str

    def get(self, path: str, token: str | None = None, **headers: str) -> Any:
        return self.world.get(path, token or self.rich, **headers)

    def post(self, path: str, form: str, token: str | None = None) -> Any:
        content_type = {"Content_Type": "application/x-www-form-urlencoded"}
        return self.world.send("POST", path, token or self.rich, data=form, **content_type)

    def bundle(self, path: str, token: str | None = None) -> dict[str, Any]:
        response = self.get(path, token)
        assert response.status_code == 200, f"{path}: {response.get_data(as_text=True)[:300]}"
        return parsed(response)

    def matches(self, path: str, token: str | None = None) -> list[dict[str, Any]]:
        return entries(self.bundle(path, token))

    @cached_property
    def claim(self) -> dict[str, Any]:
        """A claim with most of what can be searched for."""
        claims = self.matches("ExplanationOfBenefit?_count=100")
        return max(claims, key=lambda claim: len(claim))


def entries(bundle: dict[str, Any], mode: str = "match") -> list[dict[str, Any]]:
    return [each["resource"] for each in bundle.get("entry", ()) if each["search"]["mode"] == mode]


@pytest.fixture(scope="session", params=PLACES)
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp(request.param)
    source = synthetic.open(SyntheticSettings(members=MEMBERS), SourceContext(name=SOURCE, scratch=folder))
    people = [f"{SOURCE}-{item.member.member_id}" for item in source.changes(None) if hasattr(item, "member")]
    with _resources(request, folder, source) as resources:
        world = World(resources)
        yield Served(world, *_chosen(world, list(dict.fromkeys(people))))


@contextmanager
def _resources(request: pytest.FixtureRequest, folder: Path, source: SyntheticSource) -> Iterator[Any]:
    if request.param == "live":
        yield LiveResources(source, Mapper(SOURCE), no_labels, 60)
        return
    place = request.getfixturevalue("postgresql").database() if request.param == "postgresql" else None
    url = replica_url(place, folder)
    migrate(url)
    filler = Filler(url, folder)
    filler.sync(source)
    yield filler.resources()
    filler.close()


def _chosen(world: World, people: list[str]) -> tuple[str, str, str]:
    def claims(person: str) -> int:
        return int(parsed(world.get("ExplanationOfBenefit?_count=0", person))["total"])

    def kinds(person: str) -> int:
        types = ("institutional", "oral", "pharmacy", "professional", "vision")
        return sum(
            parsed(world.get(f"ExplanationOfBenefit?_count=0&type={kind}", person))["total"] > 0 for kind in types
        )

    counted = {person: claims(person) for person in people}
    modest = [person for person in people if 5 <= counted[person] <= 300]

    def related(person: str) -> int:
        return int(parsed(world.get("RelatedPerson?_count=0", person))["total"])

    rich = max(modest, key=lambda person: (related(person) > 0, kinds(person), counted[person]))
    other = next(person for person in modest if person != rich)
    return rich, other, max(counted, key=lambda person: counted[person])
