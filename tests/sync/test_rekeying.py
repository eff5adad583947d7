"""A member whose identifier in the crosswalk changed gets the new Patient id with all that is stored of them."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import pytest
from sqlalchemy.engine import URL

from fhir_facade.contracts.claims import Checkpoint, MemberRecords
from fhir_facade.contracts.errors import ClaimsUnavailable
from fhir_facade.contracts.people import MatchKey
from fhir_facade.resources.crosswalk import Crosswalk
from fhir_facade.resources.database import migrate, replica_url
from fhir_facade.resources.page import Rendered, Viewer
from fhir_facade.resources.replica import ReplicaResources
from fhir_facade.resources.schema import NAMES
from fhir_facade.search.query import SearchQuery
from tests.resources.filled import Filler
from tests.resources.world import SOURCE, Scripted, claim, member, records, representative, whole

CROSSWALK = Crosswalk("medicaid-id", b"c" * 32)


def person(number: int, identifier: str, claims: int = 4) -> MemberRecords:
    """A member with that identifier."""
    known = member(number, match_keys=(MatchKey(kind="medicaid-id", value=identifier),))
    people = (representative(number, f"rep{number}"),)
    return records(number, [claim(number, s) for s in range(claims)], member=known, representatives=people)


def patient(identifier: str) -> Viewer:
    known = member(1, match_keys=(MatchKey(kind="medicaid-id", value=identifier),))
    return Viewer(patient=CROSSWALK(SOURCE, known))


def later(*pieces: MemberRecords) -> Scripted:
    """What a source hands over that only tells what changed since the run before."""
    return Scripted({"end": [*pieces, Checkpoint(watermark="two", finished=True)]})


def everything(resources: ReplicaResources, viewer: Viewer) -> list[Rendered]:
    """All that a member sees, and what they are found by."""
    found: list[Rendered] = []
    for kind in NAMES.values():
        found += resources.search(viewer, SearchQuery(resource_type=kind, count=100)).matches
    return found


@pytest.fixture
def crossed(filler: Filler) -> Filler:
    filler.options["patient_of"] = CROSSWALK
    return filler


def afresh(tmp_path: Path, *pieces: MemberRecords) -> ReplicaResources:
    """What a new replica would hold."""
    url: URL = replica_url(None, tmp_path / "afresh")
    migrate(url)
    filler = Filler(url, tmp_path / "afresh", options={"patient_of": CROSSWALK})
    filler.sync(whole(*pieces))
    return filler.resources()


def test_what_is_not_handed_over_again_moves_too_to_the_very_bytes_of_a_new_replica(
    crossed: Filler, tmp_path: Path
) -> None:
    crossed.sync(whole(person(1, "A"), person(2, "B")))
    report = crossed.sync(later(person(1, "C", claims=1)))
    resources, new = crossed.resources(), afresh(tmp_path, person(1, "C"), person(2, "B"))

    assert report.rejected == 0
    assert everything(resources, patient("A")) == []
    assert len(everything(resources, patient("C"))) == 10
    for identifier in ("B", "C"):
        assert everything(resources, patient(identifier)) == everything(new, patient(identifier))
        assert resources.match({"medicaid-id": identifier}) == new.match({"medicaid-id": identifier}) != []
        code = SearchQuery(resource_type="ExplanationOfBenefit", count=2)
        assert resources.search(patient(identifier), code) == new.search(patient(identifier), code)
    assert resources.match({"medicaid-id": "A"}) == []
    assert resources.represented("med-rep1") == [patient("C").patient]
    new.close()


def test_a_moved_member_is_found_unchanged_by_the_next_run(crossed: Filler) -> None:
    crossed.sync(whole(person(1, "A")))
    crossed.sync(later(person(1, "C")))
    report = crossed.sync(Scripted({"two": [person(1, "C"), Checkpoint(watermark="3", finished=True)]}))

    assert report.written == {}


def test_two_members_may_exchange_their_identifiers(crossed: Filler, tmp_path: Path) -> None:
    crossed.sync(whole(person(1, "A"), person(2, "B")))
    crossed.sync(later(person(1, "B"), person(2, "A")))
    resources, new = crossed.resources(), afresh(tmp_path, person(1, "B"), person(2, "A"))

    for identifier in ("A", "B"):
        assert everything(resources, patient(identifier)) == everything(new, patient(identifier))
    assert b"c2-0" in everything(resources, patient("A"))[2].body
    new.close()


def test_an_identifier_that_somebody_keeps_is_not_given_twice_and_nothing_is_lost(crossed: Filler) -> None:
    crossed.sync(whole(person(1, "A"), person(2, "B")))
    before = everything(crossed.resources(), patient("A")), everything(crossed.resources(), patient("B"))
    both = [person(1, "B"), person(2, "B"), Checkpoint(watermark="end", finished=True)]
    report = crossed.sync(Scripted({"end": both, None: both}, snapshot=True), rendering="another")

    assert report.rejected >= 1
    assert "identifier of the crosswalk is shared" in (report.rejects or Path()).read_text()
    assert (everything(crossed.resources(), patient("A")), everything(crossed.resources(), patient("B"))) == before


def test_whoever_was_let_in_is_let_go_before_an_id_becomes_anothers(crossed: Filler) -> None:
    given_up: list[str] = []
    crossed.sync(whole(person(1, "A"), person(2, "B")), moved=given_up.extend)
    assert given_up == []

    crossed.sync(later(person(1, "C"), person(2, "B")), moved=given_up.extend)

    assert given_up == [patient("A").patient]


def test_nothing_moves_while_nobody_can_be_let_go(crossed: Filler) -> None:
    def down(_: Collection[str]) -> None:
        raise ClaimsUnavailable("the store is down")

    crossed.sync(whole(person(1, "A")))
    before = everything(crossed.resources(), patient("A"))

    with pytest.raises(ClaimsUnavailable, match="the store is down"):
        crossed.sync(later(person(1, "C")), moved=down)

    assert everything(crossed.resources(), patient("A")) == before
    assert everything(crossed.resources(), patient("C")) == []
