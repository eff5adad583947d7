"""The promises of the live face that can be seen by asking: each broken one is a sentence for the quality report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from fhir_facade.conformance.typed import mistyped
from fhir_facade.contracts.claims import ClaimPage, ClaimQuery, LiveSource, MemberRecords
from fhir_facade.contracts.records import Claim

NOBODY = "nobody-0"
"""A member id that no source should know."""

PAGE = 3
MOST_PAGES = 5
"""How far a member's history is walked: enough to see that pages go on from one another."""


def place(claim: Claim) -> tuple[int, str]:
    """Where a claim stands in the order of the contract."""
    return -claim.service_start.toordinal(), claim.claim_id


def unkept(source: LiveSource, member_ids: Sequence[str]) -> Iterator[str]:
    """Every promise that the answers about these members break.

    Args:
        source: a live source.
        member_ids: of members that it knows.

    Returns:
        Sentences without ids or values.
    """
    if source.member(NOBODY) or source.coverages(NOBODY) or _page(source, NOBODY, None).claims:
        yield "live: a member whom nobody knows has records"
    others: dict[str, str] = {}
    for member in member_ids:
        claims = list(_walk(source, member))
        yield from _order(claims, member)
        yield from _single(source, member, claims[-1:], others)
        others.update({claim.claim_id: member for claim in claims if claim.member_id == member})


def told_of(source: LiveSource, member_id: str) -> MemberRecords | None:
    """What a live source tells of one member: the newest claims, and the providers they name; None for nobody."""
    member = source.member(member_id)
    if member is None:
        return None
    coverages, claims = tuple(source.coverages(member_id)), tuple(_walk(source, member_id))
    providers = source.providers(
        sorted({one for claim in claims for one in claim.named()} | {cover.payor_id for cover in coverages})
    )
    return MemberRecords(
        member=member,
        coverages=coverages,
        claims=claims,
        organizations=tuple(providers.organizations),
        practitioners=tuple(providers.practitioners),
        representatives=tuple(source.representatives(member_id)),
    )


def _page(source: LiveSource, member: str, after: tuple[date, str] | None) -> ClaimPage:
    return source.search(ClaimQuery(member_id=member, count=PAGE, after=after))


def _walk(source: LiveSource, member: str) -> Iterator[Claim]:
    after = None
    for _ in range(MOST_PAGES):
        page = _page(source, member, after)
        yield from page.claims
        if not (page.more and page.claims):
            return
        after = page.claims[-1].service_start, page.claims[-1].claim_id


def _order(claims: Sequence[Claim], member: str) -> Iterator[str]:
    if wrong := sorted({fault for claim in claims for fault in mistyped(claim, "live: claim")}):
        yield from wrong
        return
    if any(claim.member_id != member for claim in claims):
        yield "live: a page about one member holds a claim of another"
    places = [place(claim) for claim in claims]
    if places != sorted(set(places)):
        yield "live: pages are not in order, newest service first and then by id as text, or hold a claim twice"


def _single(source: LiveSource, member: str, claims: Sequence[Claim], others: dict[str, str]) -> Iterator[str]:
    if any(source.claim(member, claim.claim_id) != claim for claim in claims):
        yield "live: a claim of a page is not the one that is found by its id"
    theirs = next((claim_id for claim_id, owner in others.items() if owner != member), None)
    if theirs is not None and source.claim(member, theirs) is not None:
        yield "live: a claim of one member is found for another"
