"""Generated claims: inside the contract, where none may be rejected, and hostile ones, where any may be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from fhir_facade.conformance.hostile import broken
from fhir_facade.conformance.strategies import around, claims
from fhir_facade.contracts.records import Claim
from fhir_facade.fhir.encode import finish
from fhir_facade.fhir.mapper import Mapped, Mapper
from tests.conformance.guides import Guide
from tests.conformance.sources import Emitted, Records


def _drawn(strategy: st.SearchStrategy[Claim], count: int) -> tuple[Claim, ...]:
    """So many claims of the strategy, the same on every run."""
    found: list[Claim] = []

    @seed(20261122)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(claim=strategy)
    def collect(claim: Claim) -> None:
        found.append(claim)

    collect()
    return tuple(found)


def generated(count: int) -> Records:
    """Claims inside the contract."""
    drawn = (replace(claim, claim_id=f"generated-{n}") for n, claim in enumerate(_drawn(claims(), count)))
    return Records("generated", (around(*drawn),))


@dataclass(frozen=True)
class Hostile:
    """Claims with something broken in each; what is not rejected must be conformant."""

    claims: tuple[Claim, ...]
    name: str = "hostile"
    rejected: tuple[str, ...] = ()

    def emit(self, guide: Guide) -> Iterator[Emitted]:
        """What the records around the claims become, and those claims that are not rejected."""
        yield from Records(self.name, (around(),)).emit(guide)
        mapper = Mapper("src", guide.carin, guide.pins)
        for number, claim in enumerate(self.claims):
            for mapped in mapper.resources(around(claim)):
                if isinstance(mapped, Mapped) and mapped.type == "ExplanationOfBenefit":
                    resource = mapped.resource | {"id": f"hostile-{number}"}
                    yield Emitted(f"{self.name}:{number}", finish(resource)[0])


def hostile(count: int) -> Hostile:
    """Claims outside the contract."""
    return Hostile(_drawn(broken(claims()), count))
