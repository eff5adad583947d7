"""One member's token over every path and parameter: nothing of another member in any answer."""

from __future__ import annotations

import random

import pytest

from fhir_facade.resources.page import Viewer
from fhir_facade.web import fhir_guard
from tests.web.fhir.canaries import in_memory, in_replica, leaks
from tests.web.fhir.grammar import SEED
from tests.web.fhir.world import World


def test_no_answer_to_one_member_holds_anything_of_another(full_counts):
    count = 50_000 if full_counts else 1_000
    resources, alice, bob = in_memory()
    found, held = leaks(World(resources), count, SEED, alice, bob)
    assert found == 0
    assert held >= count / 2


def test_no_answer_from_the_replica_holds_anything_of_another(full_counts, tmp_path):
    count = 50_000 if full_counts else 1_000
    with in_replica(tmp_path) as (resources, alice, bob):
        found, held = leaks(World(resources), count, SEED, alice, bob)
    assert found == 0
    assert held >= count / 2


class Both:
    """Any resources with the member filter taken out: whoever asks is answered about both members."""

    def __init__(self, inner, people):
        self.inner, self.patients = inner, [person.patient for person in people]

    def _each(self, viewer):
        return [Viewer(patient=patient, withheld=viewer.withheld) for patient in self.patients]

    def read(self, viewer, resource_type, resource_id):
        found = (self.inner.read(each, resource_type, resource_id) for each in self._each(viewer))
        return next((one for one in found if one is not None), None)

    def read_many(self, viewer, references):
        return [one for each in self._each(viewer) for one in self.inner.read_many(each, references)]

    def search(self, viewer, query, after=None, before=None):
        first, second = (self.inner.search(each, query, after, before) for each in self._each(viewer))
        return first._replace(matches=first.matches + second.matches)

    def freshness(self):
        return self.inner.freshness()


def test_the_check_fails_where_the_member_filter_is_taken_out(monkeypatch, tmp_path):
    monkeypatch.setattr(fhir_guard, "belongs", lambda resource, patient: True)
    resources, *people = in_memory()
    assert leaks(World(Both(resources, people)), 300, SEED, *people)[0] > 50
    with in_replica(tmp_path) as (resources, *people):
        assert leaks(World(Both(resources, people)), 300, SEED, *people)[0] > 50


def test_a_source_without_a_member_filter_leaks_nothing_of_a_members_own(caplog):
    resources, alice, bob = in_memory()
    world = World(Both(resources, (alice, bob)))
    for kind, one in bob.resources[:-1]:
        for path in (f"{kind}/{one}", f"{kind}?_id={one}", f"{kind}?_count=100"):
            assert bob.word not in world.get(path).get_data(as_text=True)


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
