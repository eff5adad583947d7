from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from fhir_facade.contracts.errors import ClaimsInvalid
from fhir_facade.contracts.people import MatchKey
from fhir_facade.contracts.records import Claim
from fhir_facade.resources import statements
from fhir_facade.resources.page import Position, Rendered
from fhir_facade.search.query import Criterion, ReferenceValue, SearchQuery, SortKey, TokenValue
from tests.resources.filled import Filler, viewer
from tests.resources.world import claim, member, records, representative, whole

EOB = "ExplanationOfBenefit"


def sensitive(one: Claim) -> frozenset[str]:
    return frozenset({"42CFRPart2"}) if one.claim_id.endswith(("1", "4")) else frozenset()


def fill(filler: Filler) -> None:
    filler.labels = sensitive
    people = (representative(1), representative(1, "old", ends_on=date(2020, 1, 1)))
    filler.sync(
        whole(
            records(1, [claim(1, s, doctor="house" if s % 2 else "wilson") for s in range(10)], representatives=people),
            records(2, [claim(2, s, doctor="cuddy") for s in range(3)], representatives=(representative(2),)),
            records(3),
        )
    )


def ids(found: object) -> list[str]:
    return [match.id for match in found.matches]  # type: ignore[attr-defined]


def joined(pages: list[list[str]]) -> list[str]:
    return [found for page in pages for found in page]


def walk(filler: Filler, query: SearchQuery, *withheld: str) -> list[list[str]]:
    resources, pages, after = filler.resources(), [], None
    while True:
        page = resources.search(viewer(1, *withheld), query, after)
        pages.append(ids(page))
        if page.next is None:
            return pages
        after = page.next


def test_pages_come_newest_service_first_and_end(filler: Filler) -> None:
    fill(filler)
    pages = walk(filler, SearchQuery(resource_type=EOB, count=4))
    assert [len(page) for page in pages] == [4, 4, 2]
    assert joined(pages) == [f"med-c1-{s}" for s in range(10)]


def test_pages_walk_backwards_as_they_walked_forwards(filler: Filler) -> None:
    fill(filler)
    resources, query = filler.resources(), SearchQuery(resource_type=EOB, count=4)
    first = resources.search(viewer(1), query)
    second = resources.search(viewer(1), query, first.next)
    third = resources.search(viewer(1), query, second.next)
    assert first.previous is None
    assert third.next is None
    back = resources.search(viewer(1), query, before=third.previous)
    assert ids(back) == ids(second)
    assert back.next == second.next
    home = resources.search(viewer(1), query, before=back.previous)
    assert (ids(home), home.previous, home.next) == (ids(first), None, first.next)


@pytest.mark.parametrize("sort", ["_lastUpdated", "-_lastUpdated", "_id", "-_id", "service-date", "-created"])
def test_every_sort_key_pages_without_loss(filler: Filler, sort: str) -> None:
    fill(filler)
    key = SortKey(sort.lstrip("-"), sort.startswith("-"))
    pages = walk(filler, SearchQuery(resource_type=EOB, count=3, sort=(key,)))
    newest = [f"med-c1-{s}" for s in range(10)]
    backwards = sort in ("-_lastUpdated", "-_id", "service-date")
    assert joined(pages) == (newest[::-1] if backwards else newest)


def test_the_total_is_counted_only_when_asked_or_free(filler: Filler) -> None:
    fill(filler)
    resources = filler.resources()
    search = lambda **more: resources.search(viewer(1), SearchQuery(resource_type=EOB, **more)).total  # noqa: E731
    assert search(count=4) is None
    assert search(count=4, total="accurate") == 10
    assert search(count=4, total="none") is None
    assert search(count=0) == 10
    assert search(count=50) == 10


def test_a_withheld_label_hides_a_resource_everywhere(filler: Filler) -> None:
    fill(filler)
    resources, query = filler.resources(), SearchQuery(resource_type=EOB, count=3, total="accurate")
    shown = [f"med-c1-{s}" for s in (0, 2, 3, 5, 6, 7, 8, 9)]
    assert joined(walk(filler, query, "42CFRPart2")) == shown
    hiding = viewer(1, "42CFRPart2")
    assert resources.search(hiding, query).total == 8
    assert resources.read(hiding, EOB, "med-c1-1") is None
    assert resources.read_many(hiding, [f"{EOB}/med-c1-1", f"{EOB}/med-c1-2"])[0].id == "med-c1-2"
    found = resources.read(viewer(1), EOB, "med-c1-1")
    assert isinstance(found, Rendered)
    assert found.labels == {"42CFRPart2"}


def test_a_provider_that_only_hidden_claims_name_is_hidden_too(filler: Filler) -> None:
    filler.labels = sensitive
    claims = [claim(1, s, doctor="clinic-doctor" if s in (1, 4) else "house") for s in range(6)]
    filler.sync(whole(records(1, claims)))
    resources, everybody = filler.resources(), SearchQuery(resource_type="Practitioner", total="accurate")
    assert ids(resources.search(viewer(1), everybody)) == ["med-clinic-doctor", "med-house"]
    hiding = viewer(1, "42CFRPart2")
    page = resources.search(hiding, everybody)
    assert (ids(page), page.total) == (["med-house"], 1)
    assert resources.read(hiding, "Practitioner", "med-clinic-doctor") is None
    assert resources.read_many(hiding, ["Practitioner/med-clinic-doctor"]) == []


def test_foreign_and_unknown_ids_answer_alike(filler: Filler) -> None:
    fill(filler)
    resources = filler.resources()
    for kind, foreign in (
        (EOB, "med-c1-0"),
        ("Patient", "med-m1"),
        ("Coverage", "med-v1"),
        ("RelatedPerson", "med-old"),
    ):
        assert resources.read(viewer(1), kind, foreign) is not None
        assert resources.read(viewer(2), kind, foreign) is None
        assert resources.read(viewer(2), kind, "unknown") is None
        assert resources.read_many(viewer(2), [f"{kind}/{foreign}"]) == []
        wanted = Criterion("_id", (TokenValue(None, foreign),))
        assert ids(resources.search(viewer(2), SearchQuery(resource_type=kind, criteria=(wanted,)))) == []


def test_providers_are_seen_where_a_claim_names_them(filler: Filler) -> None:
    fill(filler)
    resources = filler.resources()
    everybody = SearchQuery(resource_type="Practitioner", count=10)
    assert ids(resources.search(viewer(1), everybody)) == ["med-house", "med-wilson"]
    assert ids(resources.search(viewer(2), everybody)) == ["med-cuddy"]
    assert ids(resources.search(viewer(3), everybody)) == []
    assert resources.read(viewer(1), "Practitioner", "med-cuddy") is None
    found = resources.read_many(
        viewer(2), ["Practitioner/med-house", "Organization/med-payer", "Practitioner/med-cuddy"]
    )
    assert [one.id for one in found] == ["med-payer", "med-cuddy"]


def test_the_patient_criterion_never_widens(filler: Filler) -> None:
    fill(filler)
    resources = filler.resources()
    for value, count in (("med-m1", 10), ("med-m2", 0), ("nobody", 0)):
        wanted = Criterion("patient", (ReferenceValue("Patient", value),))
        page = resources.search(viewer(1), SearchQuery(resource_type=EOB, criteria=(wanted,), count=20))
        assert len(page.matches) == count
        assert all(b'"reference":"Patient/med-m1"' in match.body for match in page.matches)


def test_the_check_on_every_row_fails_when_the_member_filter_is_taken_out(
    filler: Filler, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(filler)
    filtered = statements.search_text(filler.url.get_backend_name(), statements.Shape(statements.Columns.WHOLE, False))
    start = filtered.index("resource.member = (SELECT")
    unfiltered = filtered[:start] + filtered[filtered.index(") AND", start) + len(") AND") :]
    assert unfiltered != filtered
    monkeypatch.setattr(statements, "search_text", lambda *_: unfiltered)
    with pytest.raises(ClaimsInvalid, match="foreign-row"):
        filler.resources().search(viewer(1), SearchQuery(resource_type=EOB, count=50))


def test_a_representative_acts_for_those_and_in_those_days_only(filler: Filler) -> None:
    fill(filler)
    resources = filler.resources()
    assert resources.represented("med-mom") == ["med-m1", "med-m2"]
    assert resources.represented("med-old") == []
    assert resources.represented("med-nobody") == []
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    later = (representative(1, starts_on=tomorrow), representative(2, active=False))
    filler.sync(whole(records(1, representatives=later[:1]), records(2, representatives=later[1:])), rendering="new")
    assert resources.represented("med-mom") == []


def test_match_needs_every_identifier_that_is_known_here(filler: Filler) -> None:
    two = member(1, match_keys=(MatchKey(kind="medicaid-id", value="MCD 1-a"), MatchKey(kind="mbi", value="1EG4")))
    filler.sync(whole(records(1, member=two), records(2), records(3, representatives=(representative(3),))))
    resources = filler.resources()
    assert resources.match({"medicaid-id": "mcd1A"}) == ["Patient/med-m1"]
    assert resources.match({"medicaid-id": "mcd1A", "mbi": "1EG4", "badge": "7"}) == ["Patient/med-m1"]
    assert resources.match({"medicaid-id": "mcd1A", "mbi": "other"}) == []
    assert resources.match({"medicaid-id": "MCD000002", "mbi": "1EG4"}) == []
    assert resources.match({"badge": "7"}) == []
    assert resources.match({}) == []
    assert resources.match({"medicaid-id": "REP-mom"}) == ["RelatedPerson/med-mom"]


def test_a_changed_identifier_no_longer_matches(filler: Filler) -> None:
    filler.sync(whole(records(1)))
    filler.sync(
        whole(records(1, member=member(1, match_keys=(MatchKey(kind="medicaid-id", value="NEW"),)))), rendering="again"
    )
    resources = filler.resources()
    assert resources.match({"medicaid-id": "MCD000001"}) == []
    assert resources.match({"medicaid-id": "new"}) == ["Patient/med-m1"]


def test_a_merged_members_identifiers_lead_to_the_survivor(filler: Filler) -> None:
    filler.sync(whole(records(1), records(2, member=member(2, merged_into="m1"))))
    assert filler.resources().match({"medicaid-id": "MCD000002"}) == ["Patient/med-m1"]


def test_a_row_arriving_between_pages_moves_nothing(filler: Filler) -> None:
    fill(filler)
    resources, query = filler.resources(), SearchQuery(resource_type=EOB, count=5)
    first = resources.search(viewer(1), query)
    newer = claim(1, 99, service_start=date(2026, 7, 1), service_end=date(2026, 7, 1), lines=claim(1, 0).lines)
    filler.sync(whole(records(1, [newer])), rendering="again")
    second = resources.search(viewer(1), query, first.next)
    assert ids(first) + ids(second) == [f"med-c1-{s}" for s in range(10)]


def test_a_position_of_a_row_that_is_gone_still_works(filler: Filler) -> None:
    fill(filler)
    day = date(2026, 6, 1) - timedelta(days=4)
    page = filler.resources().search(
        viewer(1), SearchQuery(resource_type=EOB, count=2), Position((-day.toordinal(),), "med-c1-4")
    )
    assert ids(page) == ["med-c1-5", "med-c1-6"]


def test_versions_and_bodies_agree(filler: Filler) -> None:
    fill(filler)
    for match in filler.resources().search(viewer(1), SearchQuery(resource_type=EOB)).matches:
        assert f'"versionId":"{match.version}"'.encode() in match.body
        assert b'"value":100.10' in match.body
