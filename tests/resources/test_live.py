"""Live answers are the replica's answers; and a source that lies neither leaks nor crashes anything."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from fhir_facade.contracts.claims import Capabilities, ClaimPage, ClaimQuery, Face, Providers
from fhir_facade.contracts.errors import ClaimsInvalid, ClaimsUnavailable
from fhir_facade.contracts.people import Coverage, Member, Representative
from fhir_facade.contracts.records import Claim
from fhir_facade.fhir.mapper import Mapper, no_labels
from fhir_facade.resources.database import migrate, replica_url
from fhir_facade.resources.live import LiveResources
from fhir_facade.resources.page import Resources, Viewer
from fhir_facade.resources.schema import NAMES
from fhir_facade.search.query import SearchQuery, SortKey
from tests.resources.filled import Filler, viewer
from tests.resources.test_search_agrees import Random, chosen, population
from tests.resources.world import SOURCE, UPDATED, claim, coverage, member, organization, practitioner, representative

EOB = "ExplanationOfBenefit"


def sensitive(one: Claim) -> frozenset[str]:
    return frozenset({"42CFRPart2"}) if one.claim_id.endswith(("1", "4")) else frozenset()


def pages(resources: Resources, viewer: Viewer, query: SearchQuery) -> list[tuple[Any, ...]]:
    """Every page forwards, then every page backwards."""
    found, after = [], None
    while True:
        page = resources.search(viewer, query, after)
        found.append(tuple(page))
        if page.next is None:
            break
        after = page.next
    while page.previous is not None:
        page = resources.search(viewer, query, before=page.previous)
        found.append(tuple(page))
    return found


def test_live_and_replica_answer_alike_to_the_byte(tmp_path: Path, full_counts: bool) -> None:
    source = population(tmp_path)
    pieces = chosen(source)[2:]
    url = replica_url(None, tmp_path / "state")
    migrate(url)
    filler = Filler(url, tmp_path / "state", labels=sensitive)
    filler.sync(source)  # type: ignore[arg-type]
    stored, dice = filler.resources(), random.Random(11)
    live = LiveResources(source, Mapper(SOURCE), sensitive, seconds=60)
    for piece in pieces:
        patient = f"{SOURCE}-{piece.member.member_id}"  # type: ignore[attr-defined]
        for withheld in ((), ("42CFRPart2",)):
            looking = Viewer(patient=patient, withheld=frozenset(withheld))
            for kind in NAMES.values():
                queries = [SearchQuery(resource_type=kind, count=7), SearchQuery(resource_type=kind, count=0)]
                queries += [Random(dice, []).query(kind) for _ in range(50 if full_counts else 1)]
                queries.append(SearchQuery(resource_type=kind, count=50, sort=(SortKey("_lastUpdated", True),)))
                for query in queries:
                    assert pages(live, looking, query) == pages(stored, looking, query), query
            everything = stored.search(looking, SearchQuery(resource_type=EOB, count=20)).matches
            references = [f"{EOB}/{match.id}" for match in everything] + [f"Patient/{patient}", "Coverage/unknown"]
            assert live.read_many(looking, references) == stored.read_many(looking, references)
    filler.close()


class Liar:
    """A live source with two members; ``lies`` replaces any of its answers."""

    def __init__(self, **lies: Callable[..., Any]) -> None:
        self.lies = lies
        self.asked: list[ClaimQuery] = []

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(faces=frozenset({Face.LIVE}))

    def _say(self, question: str, truth: Any, *about: Any) -> Any:
        lie = self.lies.get(question)
        return lie(*about) if lie else truth

    def match(self, evidence: Any) -> Sequence[str]:
        return self._say("match", ["m1", "representative:mom"], evidence)  # type: ignore[no-any-return]

    def member(self, member_id: str) -> Member | None:
        number = int(member_id[1:]) if member_id in ("m1", "m2") else 0
        return self._say("member", member(number) if number else None, member_id)  # type: ignore[no-any-return]

    def coverages(self, member_id: str) -> Sequence[Coverage]:
        return self._say("coverages", [coverage(int(member_id[1:]))], member_id)  # type: ignore[no-any-return]

    def representatives(self, member_id: str) -> Sequence[Representative]:
        return self._say("representatives", [representative(int(member_id[1:]))], member_id)  # type: ignore[no-any-return]

    def represented(self, representative_id: str) -> Sequence[str]:
        return self._say("represented", ["m1", "m2"], representative_id)  # type: ignore[no-any-return]

    def claim(self, member_id: str, claim_id: str) -> Claim | None:
        truth = next((c for c in self.claims(member_id) if c.claim_id == claim_id), None)
        return self._say("claim", truth, member_id, claim_id)  # type: ignore[no-any-return]

    def claims(self, member_id: str) -> list[Claim]:
        return [claim(int(member_id[1:]), s) for s in range(5)]

    def search(self, query: ClaimQuery) -> ClaimPage:
        self.asked.append(query)
        after = query.after or (UPDATED.date().replace(year=9999), "")
        later = [c for c in self.claims(query.member_id) if (-c.service_start.toordinal(), c.claim_id) > _place(after)]
        truth = ClaimPage(claims=tuple(later[: query.count]), more=len(later) > query.count)
        return self._say("search", truth, query)  # type: ignore[no-any-return]

    def providers(self, ids: Sequence[str]) -> Providers:
        known = [organization(), organization("clinic"), organization("elsewhere")]
        truth = Providers(
            organizations=tuple(one for one in known if one.organization_id in ids),
            practitioners=tuple(practitioner(one) for one in ids if one in ("house", "wilson")),
        )
        return self._say("providers", truth, ids)  # type: ignore[no-any-return]

    def check(self) -> Sequence[str]:
        return ()

    def close(self) -> None:
        return None


def _place(after: tuple[Any, str]) -> tuple[int, str]:
    return -after[0].toordinal(), after[1]


def live(seconds: float = 5, **lies: Callable[..., Any]) -> LiveResources:
    return LiveResources(Liar(**lies), Mapper(SOURCE), no_labels, seconds)


def search(resources: LiveResources, number: int = 1) -> list[str]:
    found = resources.search(viewer(number), SearchQuery(resource_type=EOB, count=50))
    return [match.id for match in found.matches]


def test_an_honest_source_is_believed() -> None:
    resources = live()
    assert search(resources) == [f"med-c1-{s}" for s in range(5)]
    assert resources.read(viewer(1), EOB, "med-c1-3") is not None
    assert resources.read(viewer(1), "Organization", "med-clinic") is not None
    assert resources.match({"medicaid-id": "1"}) == ["Patient/med-m1", "RelatedPerson/med-mom"]
    assert resources.represented("med-mom") == ["med-m1", "med-m2"]


def test_foreign_and_unknown_ids_answer_alike() -> None:
    resources = live()
    for kind, foreign in ((EOB, "med-c2-0"), ("Patient", "med-m2"), ("Coverage", "med-v2"), (EOB, "x"), (EOB, "med-")):
        assert resources.read(viewer(1), kind, foreign) is None
    assert resources.read(viewer(1), "Organization", "med-elsewhere") is None
    assert search(resources, 3) == []
    assert resources.read(Viewer(patient="dental-m1"), "Patient", "dental-m1") is None


def test_records_of_other_members_go_nowhere() -> None:
    foreign = [claim(2, 0), claim(1, 1)]
    resources = live(
        search=lambda _: ClaimPage(claims=tuple(foreign), more=False),
        claim=lambda *_: claim(2, 0),
        coverages=lambda _: [coverage(2), coverage(1)],
        representatives=lambda _: [representative(2)],
    )
    assert search(resources) == ["med-c1-1"]
    assert resources.read(viewer(1), EOB, "med-c2-0") is None
    assert resources.read(viewer(1), EOB, "med-c1-0") is None
    covers = resources.search(viewer(1), SearchQuery(resource_type="Coverage")).matches
    assert [cover.id for cover in covers] == ["med-v1"]
    assert resources.search(viewer(1), SearchQuery(resource_type="RelatedPerson")).matches == ()
    assert live(member=lambda _: member(2)).read(viewer(1), "Patient", "med-m1") is None
    assert live(representatives=lambda _: []).represented("med-mom") == []


@pytest.mark.parametrize(
    "page",
    [
        lambda q: ClaimPage(claims=(claim(1, 3), claim(1, 1)), more=False),
        lambda q: ClaimPage(claims=(claim(1, 3), claim(1, 3)), more=False),
        lambda q: ClaimPage(claims=(), more=True),
        lambda q: ClaimPage(claims=(claim(1, 0),), more=True),
        lambda q: ClaimPage(claims=tuple(claim(1, s) for s in range(101)), more=False),
        lambda q: ClaimPage(claims=tuple[claim(1, 0)] * 100_000, more=False),
        lambda q: ClaimPage(claims=("no claim",), more=False),  # type: ignore[arg-type]
        lambda q: ClaimPage(claims=None, more=False),  # type: ignore[arg-type]
        lambda q: "no page",
    ],
)
def test_a_page_that_breaks_the_contract_is_an_error_not_an_answer(page: Callable[[ClaimQuery], Any]) -> None:
    with pytest.raises(ClaimsInvalid):
        search(live(search=page))


@pytest.mark.parametrize("error", [ZeroDivisionError("patient 123"), SystemExit(3), KeyboardInterrupt(), StopIteration])
def test_whatever_a_source_raises_ends_as_a_typed_error_without_its_text(error: BaseException) -> None:
    def fail(*_: object) -> object:
        raise error

    for question in ("member", "search", "coverages", "providers"):
        with pytest.raises(ClaimsInvalid) as caught:
            search(live(**{question: fail}))
        assert "123" not in str(caught.value)


def test_a_source_that_is_down_says_so_through_us() -> None:
    reason = OSError("no route to host")

    def down(*_: object) -> object:
        raise ClaimsUnavailable("maintenance", retry_after_s=77) from reason

    for question in ("search", "member", "coverages"):
        with pytest.raises(ClaimsUnavailable) as caught:
            search(live(**{question: down}))
        told = caught.value
        assert (told.retry_after_s, told.source, told.__cause__) == (77, "med", reason)


def test_a_source_that_hangs_is_unavailable_in_time_and_hanging_questions_are_bounded() -> None:
    resources = live(seconds=0.1, member=lambda _: time.sleep(20))
    begun = time.monotonic()
    for _ in range(20):
        with pytest.raises(ClaimsUnavailable):
            search(resources)
    assert time.monotonic() - begun < 10


def test_endless_answers_are_cut_off() -> None:
    def endless(_: str) -> Any:
        while True:
            yield coverage(1)

    with pytest.raises(ClaimsInvalid, match="more than"):
        search(live(coverages=endless))


def test_the_narrowing_reaches_the_source() -> None:
    source = Liar()
    resources = LiveResources(source, Mapper(SOURCE), no_labels, 5)
    page = resources.search(viewer(1), SearchQuery(resource_type=EOB, count=2))
    assert page.next is not None
    resources.search(viewer(1), SearchQuery(resource_type=EOB, count=2), page.next)
    assert source.asked[-1].after == (claim(1, 1).service_start, "c1-1")
    assert [asked.count for asked in source.asked] == [3, 3]
