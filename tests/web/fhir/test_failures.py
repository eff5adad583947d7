"""What goes wrong behind the endpoints, and how it is answered."""

from __future__ import annotations

import pytest
from werkzeug.exceptions import TooManyRequests

from fhir_facade.contracts.errors import ClaimsInvalid, ClaimsUnavailable
from fhir_facade.resources.page import Page
from fhir_facade.store.engine import StoreUnavailable
from tests.web.fhir.memory import MemoryResources, member, parsed
from tests.web.fhir.test_http import issue
from tests.web.fhir.world import World


class Failing(MemoryResources):
    def __init__(self, error):
        super().__init__()
        self.error = error

    def fail(self, *_, **__):
        raise self.error

    read = read_many = search = freshness = fail


CAUSES = [
    (ClaimsUnavailable("host db-7 is down", retry_after_s=17), 503, "transient", "17"),
    (ClaimsInvalid("foreign-member", "claim 4711 of member 0815"), 500, "exception", None),
    (TimeoutError("8 s at db-7"), 504, "timeout", "30"),
    (StoreUnavailable("db-7"), 503, "transient", "30"),
    (TooManyRequests(retry_after=9), 429, "throttled", "9"),
    (RuntimeError("secret at /srv/x.py"), 500, "exception", None),
    (ZeroDivisionError(), 500, "exception", None),
]


@pytest.mark.parametrize(("error", "status", "code", "retry"), CAUSES, ids=lambda value: type(value).__name__)
@pytest.mark.parametrize("path", ["ExplanationOfBenefit", "ExplanationOfBenefit/1", "Patient/alice/$everything"])
def test_every_failure_has_its_status_and_tells_nothing_of_the_inside(error, status, code, retry, path, caplog):
    response = World(Failing(error)).get(path)
    assert issue(response, status)["code"] == code
    assert response.headers.get("Retry-After") == retry
    text = response.get_data(as_text=True)
    assert all(secret not in text for secret in ("db-7", "4711", "0815", "srv", "Traceback", "Error"))
    assert (status >= 500) is any(record.exc_info for record in caplog.records)


def test_a_stable_code_of_the_cause_is_told(caplog):
    response = World(Failing(ClaimsInvalid("bad-cursor", "x"))).get("ExplanationOfBenefit")
    assert "bad-cursor" in issue(response, 500)["diagnostics"]


def test_the_statement_is_served_while_sources_are_down():
    response = World(Failing(ClaimsUnavailable("down"))).get("metadata", token="")
    assert response.status_code == 200
    assert "cannot be told now" in parsed(response)["rest"][0]["documentation"]


def test_nothing_leaves_that_cannot_be_accounted_for(caplog):
    resources = MemoryResources()
    member(resources, "alice", claims=1)
    world = World(resources, audit=Failing(StoreUnavailable("down")).fail)
    response = world.get("ExplanationOfBenefit")
    assert issue(response, 503)["code"] == "transient"
    assert "alice" not in response.get_data(as_text=True)


class Leaking(MemoryResources):
    """A source that forgets the member."""

    def search(self, viewer, query, after=None, before=None):
        found = tuple(row[0] for (_, kind, _), row in self.rows.items() if kind == query.resource_type)
        return Page(found[: query.count])

    def read(self, viewer, resource_type, resource_id):
        found = (row[0] for (_, kind, key), row in self.rows.items() if (kind, key) == (resource_type, resource_id))
        return next(found, None)


@pytest.mark.parametrize(
    "path",
    ["ExplanationOfBenefit", "Coverage", "Patient", "RelatedPerson", "ExplanationOfBenefit/bob-1", "Patient/bob"],
)
def test_what_a_careless_source_gives_of_others_does_not_leave(path, caplog):
    resources = Leaking()
    member(resources, "bob", claims=2)
    response = World(resources).get(path)
    assert issue(response, 500)["code"] == "exception"
    assert "bob" not in response.get_data(as_text=True)


def test_a_withheld_resource_of_a_careless_source_does_not_leave(caplog):
    from tests.web.fhir.memory import claim
    from tests.web.fhir.world import grant_for

    resources = Leaking()
    resources.add("alice", claim("alice-secret", "alice"), labels=["42CFRPart2"])
    world = World(resources)
    world.grants["hidden"] = grant_for("alice", withheld=["42CFRPart2"])
    assert issue(world.get("ExplanationOfBenefit", "hidden"), 500)["code"] == "exception"


class Partial(MemoryResources):
    def search(self, viewer, query, after=None, before=None):
        return super().search(viewer, query, after, before)._replace(missing=("dental",))


def test_a_partial_answer_names_what_is_missing():
    resources = Partial()
    member(resources, "alice", claims=2)
    bundle = parsed(World(resources).get("ExplanationOfBenefit"))
    outcome = bundle["entry"][-1]
    assert outcome["search"]["mode"] == "outcome"
    assert "dental" in outcome["resource"]["issue"][0]["diagnostics"]
    assert "total" not in bundle


class Down:
    """A source that does not answer; its neighbours do."""

    def fail(self, *_, **__):
        raise ClaimsUnavailable("dental is down", retry_after_s=5)

    read = read_many = ranked = total = search = freshness = match = represented = fail


def federation(tmp_path, partial):
    from fhir_facade.contracts.plugin import SourceContext
    from fhir_facade.fhir.mapper import Mapper, no_labels
    from fhir_facade.resources.federation import Federation
    from fhir_facade.resources.live import LiveResources
    from fhir_facade_claims_synthetic import SyntheticSettings
    from fhir_facade_claims_synthetic import plugin as synthetic

    source = synthetic.open(SyntheticSettings(members=21), SourceContext(name="med", scratch=tmp_path))
    live = LiveResources(source, Mapper("med"), no_labels, 30)
    return World(Federation({"med": live, "dental": Down()}, 30, partial=partial))


def test_a_source_that_is_down_makes_the_answer_wait(tmp_path, caplog):
    response = federation(tmp_path, partial=False).get("ExplanationOfBenefit", "med-m0000000")
    assert issue(response, 503)["code"] == "transient"
    assert int(response.headers["Retry-After"]) > 0


def test_where_config_allows_it_the_rest_is_given_and_what_is_missing_named(tmp_path, caplog):
    bundle = parsed(federation(tmp_path, partial=True).get("ExplanationOfBenefit?_count=1", "med-m0000000"))
    assert bundle["entry"][0]["search"]["mode"] == "match"
    assert bundle["entry"][-1]["search"]["mode"] == "outcome"
    assert "dental" in bundle["entry"][-1]["resource"]["issue"][0]["diagnostics"]
    assert "total" not in bundle
