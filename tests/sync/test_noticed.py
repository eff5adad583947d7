"""A run says what it noticed of claims that were published all the same."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from fhir_facade.contracts.records import Amount
from fhir_facade.fhir.mapper import Mapper
from fhir_facade.fhir.mapping_table.sample_claims import EVERYTHING, OUTPATIENT
from fhir_facade.fhir.mapping_table.sample_parts import MONEY
from fhir_facade.sync.batch import Batch
from fhir_facade.sync.noticed import Noticed


def noticed_of(*findings: str) -> Noticed:
    found = Noticed()
    for number, finding in enumerate(findings, 1):
        mapped = Mapper("s").claim(OUTPATIENT)
        found.add(replace(mapped, findings=(finding,), id=f"claim-{number}", position=None))  # type: ignore[arg-type]
    return found


def test_amounts_that_do_not_add_up_are_counted_with_the_place_of_the_first() -> None:
    odd = replace(OUTPATIENT, totals=MONEY | {Amount.BENEFIT: Decimal("1.00")})
    batch = Batch("s", Mapper("s"), lambda claim: frozenset())

    batch.add(replace(EVERYTHING, claims=(odd, replace(odd, claim_id="again"))))

    assert {"finding": "the lines add up to another benefit total", "claims": 2, "first": "claims.csv:7"} in (
        batch.noticed.as_list()
    )
    assert batch.rejects == []


def test_lines_are_not_told_apart_and_the_most_frequent_comes_first() -> None:
    found = noticed_of("rare", "line 4 has no code", "line 7 has no code")

    assert found.as_list() == [
        {"finding": "a line has no code", "claims": 2, "first": "claim-2"},
        {"finding": "rare", "claims": 1, "first": "claim-1"},
    ]


def test_what_two_batches_noticed_adds_up() -> None:
    found = noticed_of("rare")

    found.merge(noticed_of("rare", "other"))

    assert found.counts == {"rare": 2, "other": 1}
