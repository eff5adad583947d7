"""A replica under test: sync a source into it, look at it as a member."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from sqlalchemy.engine import URL

from fhir_facade.contracts.claims import ExtractSource
from fhir_facade.fhir.mapper import Mapper, no_labels
from fhir_facade.resources.matching import MatchHash
from fhir_facade.resources.page import Viewer
from fhir_facade.resources.replica import ReplicaResources
from fhir_facade.sync.batch import Labels
from fhir_facade.sync.report import SyncReport
from fhir_facade.sync.run import SyncPlan, sync
from tests.resources.world import SOURCE

HASHED = MatchHash({"1": b"k" * 32}, "1")


@dataclass
class Filler:
    url: URL
    state: Path
    labels: Labels = no_labels
    rendering: str = "test"
    options: dict[str, object] = field(default_factory=dict)
    opened: list[ReplicaResources] = field(default_factory=list)

    def plan(self, **more: object) -> SyncPlan:
        plan = SyncPlan(
            name=SOURCE,
            replica=self.url,
            mapper=Mapper(SOURCE),
            rendering=self.rendering,
            labels=self.labels,
            hashed=HASHED,
            state=self.state,
        )
        return replace(plan, **(self.options | more))  # type: ignore[arg-type]

    def sync(self, source: ExtractSource, **more: object) -> SyncReport:
        return sync(source, self.plan(**more))

    def resources(self) -> ReplicaResources:
        found = ReplicaResources(self.url, SOURCE, HASHED)
        self.opened.append(found)
        return found

    def close(self) -> None:
        for found in self.opened:
            found.close()


def viewer(number: int, *withheld: str) -> Viewer:
    return Viewer(patient=f"{SOURCE}-m{number}", withheld=frozenset(withheld))
