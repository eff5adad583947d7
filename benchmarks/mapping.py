"""Mapping a claim to JSON, against building the same ExplanationOfBenefit through fhir.resources.

``python -m benchmarks.mapping`` prints CPU µs per claim by kind, claims per second of one core, and the ratio.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from fhir.resources.R4B.explanationofbenefit import ExplanationOfBenefit

from benchmarks.measure import Bar, cpu_microseconds, in_turn
from fhir_facade.contracts.records import Claim
from fhir_facade.fhir.encode import finish
from fhir_facade.fhir.eob.draft import Known
from fhir_facade.fhir.mapper import Mapped, Mapper
from fhir_facade.fhir.mapping_table.sample_claims import EVERYTHING

LEAST_RATIO = 10
ROUNDS = 5
CALLS = {"ours": 400, "theirs": 15}
"""Calls in one round."""


def compare(mapper: Mapper, known: Known, claim: Claim) -> tuple[dict[str, float], int]:
    """CPU µs of record → bytes (ours) and of dict → model → JSON (theirs), and the size of ours in bytes."""

    def ours() -> bytes:
        mapped = mapper.claim(claim, known=known)
        assert isinstance(mapped, Mapped), mapped
        return finish(mapped.resource)[0]

    body = ours()
    plain = json.loads(body)

    def theirs() -> str:
        return ExplanationOfBenefit.model_validate(plain).model_dump_json()

    def timed(work: Callable[[], object], calls: int) -> Callable[[], float]:
        return lambda: cpu_microseconds(work, calls)

    theirs()
    variants = {"ours": timed(ours, CALLS["ours"]), "theirs": timed(theirs, CALLS["theirs"])}
    return in_turn(variants, ROUNDS), len(body)


def run() -> list[Bar]:
    """One bar per sample claim; the table goes before."""
    mapper, known = Mapper("bench"), Known.of(EVERYTHING)
    print(f"{'claim':<18}{'lines':>6}{'bytes':>8}{'µs':>9}{'per s':>9}{'fhir.resources µs':>20}")
    bars = []
    for claim in EVERYTHING.claims:
        taken, size = compare(mapper, known, claim)
        ours, theirs = taken["ours"], taken["theirs"]
        name = claim.claim_id.removeprefix("claim-")
        print(f"{name:<18}{len(claim.lines):>6}{size:>8}{ours:>9.0f}{1e6 / ours:>9.0f}{theirs:>20.0f}")
        bars.append(Bar(f"mapping {name} against fhir.resources", theirs / ours, LEAST_RATIO, at_least=True))
    return bars


if __name__ == "__main__":
    print(*run(), sep="\n")
