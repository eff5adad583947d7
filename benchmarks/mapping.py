"""Mapping a claim to JSON, against building the same ExplanationOfBenefit through fhir.resources.

``python -m benchmarks.mapping`` prints µs per claim by kind, claims per second of one core, and the ratio; it ends
non-zero where the mapping is less than ten times as fast.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable

from fhir.resources.R4B.explanationofbenefit import ExplanationOfBenefit

from fhir_facade.contracts.records import Claim
from fhir_facade.fhir.encode import finish
from fhir_facade.fhir.eob.draft import Known
from fhir_facade.fhir.mapper import Mapped, Mapper
from fhir_facade.fhir.mapping_table.sample_claims import EVERYTHING

LEAST_RATIO = 10
ROUNDS = 7
SECONDS = 0.1
"""Least time of one round."""


def microseconds(work: Callable[[], object]) -> float:
    """Median time of one call over several rounds."""
    work()
    started = time.perf_counter()
    work()
    calls = max(1, int(SECONDS / (time.perf_counter() - started)))
    return statistics.median(_round(work, calls) for _ in range(ROUNDS))


def _round(work: Callable[[], object], calls: int) -> float:
    started = time.perf_counter()
    for _ in range(calls):
        work()
    return (time.perf_counter() - started) / calls * 1e6


def compare(mapper: Mapper, known: Known, claim: Claim) -> tuple[float, float, int]:
    """µs of record → bytes here, µs of dict → model → JSON there, and the size of ours in bytes."""

    def ours() -> bytes:
        mapped = mapper.claim(claim, known=known)
        assert isinstance(mapped, Mapped), mapped
        return finish(mapped.resource)[0]

    body = ours()
    plain = json.loads(body)

    def theirs() -> str:
        return ExplanationOfBenefit.model_validate(plain).model_dump_json()

    return microseconds(ours), microseconds(theirs), len(body)


def main() -> int:
    """Print the figures; 0 where the bar is met."""
    mapper, known = Mapper("bench"), Known.of(EVERYTHING)
    print(f"{'claim':<18}{'lines':>6}{'bytes':>8}{'µs':>9}{'per s':>9}{'fhir.resources µs':>20}{'ratio':>8}")
    ratios = []
    for claim in EVERYTHING.claims:
        ours, theirs, size = compare(mapper, known, claim)
        ratios.append(theirs / ours)
        name = claim.claim_id.removeprefix("claim-")
        print(
            f"{name:<18}{len(claim.lines):>6}{size:>8}{ours:>9.0f}{1e6 / ours:>9.0f}{theirs:>20.0f}{ratios[-1]:>8.1f}"
        )
    worst = min(ratios)
    print(f"mapping is {worst:.1f} times as fast as fhir.resources or more (bar: {LEAST_RATIO})")
    return 0 if worst >= LEAST_RATIO else 1


if __name__ == "__main__":
    sys.exit(main())
