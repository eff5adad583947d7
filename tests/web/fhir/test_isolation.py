"""One member's token over every path and parameter: nothing of another member in any answer."""

from __future__ import annotations

import random
from urllib.parse import quote

import pytest

from fhir_facade.resources.page import Viewer
from fhir_facade.web import fhir_guard
from tests.web.fhir.grammar import SEED, Grammar
from tests.web.fhir.memory import MemoryResources, member
from tests.web.fhir.world import World

OWN, FOREIGN = "CANARYALICE", "CANARYBOB"


def two_members(kind=MemoryResources):
    resources = kind()
    member(resources, "alice", claims=6, canary=OWN)
    member(resources, "bob", claims=6, canary=FOREIGN)
    return resources


def kinds_and_ids(name):
    claims = [("ExplanationOfBenefit", f"{name}-{number}") for number in range(6)]
    more = [("Patient", name), ("Coverage", f"cover-{name}"), ("RelatedPerson", f"aunt-{name}")]
    return [*claims, *more, ("Practitioner", f"doctor-{name}")]


class Attempts:
    """Requests of alice that reach for bob: half are honest, half name him in one place or another."""

    def __init__(self, seed):
        self.dice = random.Random(seed)
        self.grammar = Grammar(seed, [one for _, one in kinds_and_ids("bob")])

    def next(self):
        dice = self.dice
        kind, one = dice.choice(kinds_and_ids("alice"))
        other_kind, other = dice.choice(kinds_and_ids("bob"))
        honest = dice.choice(
            (
                f"{kind}?_count=100",
                f"{kind}/{one}",
                "ExplanationOfBenefit?_include=ExplanationOfBenefit:*&_count=100",
                "Patient?_revinclude=ExplanationOfBenefit:patient&_revinclude=Coverage:beneficiary",
                "Patient/alice/$everything?_count=100",
                f"{kind}?_id={one},{other}",
                "ExplanationOfBenefit?patient=alice,bob&_total=accurate&_include:iterate=Coverage:payor",
                f"ExplanationOfBenefit?patient:not=alice&patient={one}",
                "Patient/alice/ExplanationOfBenefit?_count=100",
            )
        )
        reaching = dice.choice(
            (
                f"{other_kind}/{other}",
                f"{other_kind}?_id={other}",
                "ExplanationOfBenefit?patient=bob",
                "ExplanationOfBenefit?patient=Patient/bob&patient=Patient/alice",
                f"ExplanationOfBenefit?patient={quote('https://claims.example.gov/fhir/Patient/bob')}",
                f"Patient/bob/{dice.choice(('ExplanationOfBenefit', 'Coverage', 'RelatedPerson', '$everything'))}",
                "ExplanationOfBenefit?coverage=cover-bob&provider=doctor-bob",
                "Coverage?beneficiary=bob&_revinclude=ExplanationOfBenefit:coverage",
                f"{other_kind}/{other}/_history/1",
                "Patient?_id=bob&_revinclude=ExplanationOfBenefit:patient",
                "Practitioner/doctor-bob?_elements=name",
            )
        )
        if dice.random() < 0.15:
            method, url, form, headers = self.grammar.request()
            return method, url, form, headers
        return "GET", honest if dice.random() < 0.75 else reaching, None, {}


def leaks(world, count, seed):
    """How many answers hold something of bob, and how many are 200 with something of alice."""
    attempts = Attempts(seed)
    found = own = 0
    for _ in range(count):
        method, url, form, headers = attempts.next()
        sent = {name.replace("-", "_"): value for name, value in headers.items()}
        response = world.send(method, url, "alice", data=form, **sent)
        found += FOREIGN.encode() in response.data
        own += response.status_code == 200 and OWN.encode() in response.data
    return found, own


def test_no_answer_to_one_member_holds_anything_of_another(full_counts):
    count = 100_000 if full_counts else 1_000
    found, own = leaks(World(two_members()), count, seed=SEED)
    assert found == 0
    assert own >= count / 2


class WithoutMember(MemoryResources):
    """A source whose member filter was taken out."""

    def _as(self, viewer, name):
        return Viewer(patient=name, withheld=viewer.withheld)

    def read(self, viewer, resource_type, resource_id):
        found = [
            super(WithoutMember, self).read(self._as(viewer, name), resource_type, resource_id)
            for name in ("alice", "bob")
        ]
        return next((each for each in found if each is not None), None)

    def search(self, viewer, query, after=None, before=None):
        pages = [
            super(WithoutMember, self).search(self._as(viewer, name), query, after, before) for name in ("alice", "bob")
        ]
        return pages[0]._replace(matches=pages[0].matches + pages[1].matches)


def test_the_check_fails_where_the_member_filter_is_taken_out(monkeypatch):
    monkeypatch.setattr(fhir_guard, "belongs", lambda resource, patient: True)
    found, _ = leaks(World(two_members(WithoutMember)), 300, seed=SEED)
    assert found > 50


def test_a_source_without_a_member_filter_leaks_nothing_of_a_members_own(caplog):
    world = World(two_members(WithoutMember))
    for kind, one in kinds_and_ids("bob")[:-1]:
        for path in (f"{kind}/{one}", f"{kind}?_id={one}", f"{kind}?_count=100"):
            assert FOREIGN not in world.get(path).get_data(as_text=True)


PATHS = ("{kind}/{id}", "{kind}/{id}/_history/abcdefabcdef", "{kind}?_id={id}", "Patient/{id}/ExplanationOfBenefit")
PATHS += ("Patient/{id}/$everything", "ExplanationOfBenefit?patient={id}", "ExplanationOfBenefit?coverage={id}")


def neutral(response, one):
    """Status, body and headers without the id that was asked for."""
    headers = {name: value for name, value in response.headers.items() if name != "Content-Length"}
    return response.status_code, response.get_data(as_text=True).replace(one, "ID"), headers


def foreign_ids(served):
    for kind in ("ExplanationOfBenefit", "Coverage", "Patient", "RelatedPerson", "Practitioner", "Organization"):
        own = {each["id"] for each in served.matches(f"{kind}?_count=100")}
        for each in served.matches(f"{kind}?_count=100", served.other):
            if each["id"] not in own:
                yield kind, each["id"]


def test_foreign_and_unknown_ids_are_answered_alike(served, full_counts):
    pairs = [(kind, one, path) for kind, one in foreign_ids(served) for path in PATHS]
    random.Random(SEED).shuffle(pairs)
    wanted = 10_000 if full_counts else 150
    for number in range(wanted):
        kind, foreign, path = pairs[number % len(pairs)]
        unknown = foreign[:-4] + f"z{number:03}"[-4:]
        answers = [
            neutral(served.get(path.format(kind=kind, id=one), X_Request_Id="same"), one) for one in (foreign, unknown)
        ]
        assert answers[0] == answers[1], (kind, path)
        assert answers[0][0] in (200, 404)


@pytest.mark.parametrize("cursor", ["ExplanationOfBenefit?_count=1", "Patient/{id}/ExplanationOfBenefit?_count=1"])
def test_a_page_link_gives_another_member_nothing(served, cursor):
    url = served.bundle(cursor.format(id=served.rich))["link"][-1]["url"]
    assert "_cursor" in url
    assert served.get(url, served.other).status_code == 403
