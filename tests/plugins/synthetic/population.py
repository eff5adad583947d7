"""The sandbox population as tests look at it, made once."""

from __future__ import annotations

from functools import lru_cache

from fhir_facade.contracts.claims import MemberRecords
from fhir_facade.contracts.records import Amount, Amounts, Claim
from fhir_facade_claims_synthetic import SyntheticSettings, SyntheticSource
from fhir_facade_claims_synthetic.chart import Chart, make_chart
from fhir_facade_claims_synthetic.settings import world
from fhir_facade_claims_synthetic.stories import STORIES

SETTINGS = SyntheticSettings()


@lru_cache
def source() -> SyntheticSource:
    """The default population."""
    return SyntheticSource(world(SETTINGS))


@lru_cache
def everybody() -> tuple[MemberRecords, ...]:
    """What a first extract run hands over, without claims that it removes again."""
    first: dict[str, MemberRecords] = {}
    for each in source().changes(None):
        if isinstance(each, MemberRecords):
            first.setdefault(each.member.member_id, each)
    return tuple(first.values())


def named(username: str) -> Chart:
    """The chart of a member with a story."""
    return make_chart(world(SETTINGS), next(i for i, story in enumerate(STORIES) if story.username == username))


def priced(claim: Claim) -> list[Amounts]:
    """Every set of amounts of a claim, header and lines."""
    return [each for each in (claim.amounts, *(line.amounts for line in claim.lines)) if each]


def total(claim: Claim, kind: Amount) -> object:
    """The sum of one kind of amount over header and lines."""
    return sum(each.get(kind, 0) for each in priced(claim))
