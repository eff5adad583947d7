"""Searching over HTTP."""

from __future__ import annotations

import json

import pytest

from tests.web.fhir.memory import parsed
from tests.web.fhir.world import BASE, grant_for


def ids(response, mode="match"):
    assert response.status_code == 200, response.text
    return [e["resource"]["id"] for e in parsed(response).get("entry", ()) if e["search"]["mode"] == mode]


def link(response, relation):
    return next((each["url"] for each in parsed(response)["link"] if each["relation"] == relation), None)


def test_a_search_finds_the_members_own_claims_newest_first(world):
    response = world.get("ExplanationOfBenefit")
    bundle = parsed(response)
    assert ids(response) == [f"alice-{n}" for n in (6, 5, 4, 3, 2, 1, 0)]
    assert bundle["type"] == "searchset"
    assert bundle["total"] == 7
    assert bundle["entry"][0]["fullUrl"] == f"{BASE}/ExplanationOfBenefit/alice-6"
    assert link(response, "self") == f"{BASE}/ExplanationOfBenefit"


def test_amounts_leave_digit_by_digit(world):
    assert b'"value":100.10,' in world.get("ExplanationOfBenefit").get_data()
    assert b'"value":100.10,' in world.get("ExplanationOfBenefit?_elements=total").get_data()
    assert b'value="100.10"' in world.get("ExplanationOfBenefit?_format=xml").get_data()


@pytest.mark.parametrize("path", ["ExplanationOfBenefit/", "ExplanationOfBenefit?patient=alice"])
def test_a_trailing_slash_changes_nothing(world, path):
    assert len(ids(world.get(path))) == 7


@pytest.mark.parametrize("patient", ["bob", "Patient/bob", f"{BASE}/Patient/bob", "nobody"])
def test_another_member_answers_as_an_unknown_one(world, patient):
    response = world.get(f"ExplanationOfBenefit?patient={patient}")
    assert ids(response) == []
    assert parsed(response)["total"] == 0


def test_get_and_post_give_the_same_bundle_and_the_same_self_link(world):
    query = "type=pharmacy,oral&service-date=ge2024&_count=2"
    got = world.get(f"ExplanationOfBenefit?{query}")
    form = {"Content_Type": "application/x-www-form-urlencoded; charset=utf-8"}
    posted = world.send("POST", "ExplanationOfBenefit/_search", data=query, **form)
    mixed = world.send("POST", "ExplanationOfBenefit/_search?type=pharmacy,oral", data=query.partition("&")[2], **form)
    assert ids(got) == ids(posted) == ids(mixed)
    assert link(got, "self") == link(posted, "self") == link(mixed, "self")
    assert "type=pharmacy" in link(posted, "self")


def joined(pages):
    return [each for page in pages for each in page]


def walk(world, path):
    pages = []
    url = path
    while url:
        response = world.get(url)
        pages.append(ids(response))
        url = link(response, "next")
    return pages


def test_pages_follow_each_other_without_loss(world):
    pages = walk(world, "ExplanationOfBenefit?_count=3")
    assert [len(page) for page in pages] == [3, 3, 1]
    assert joined(pages) == ids(world.get("ExplanationOfBenefit"))


def test_a_page_links_back(world):
    first = world.get("ExplanationOfBenefit?_count=3")
    second = world.get(link(first, "next"))
    assert link(first, "previous") is None
    assert ids(world.get(link(second, "previous"))) == ids(first)
    assert link(second, "first") == link(first, "self")
    assert ids(world.get(link(second, "self"))) == ids(second)


def test_pages_stay_right_while_newer_claims_arrive(world):
    from tests.web.fhir.memory import claim

    first = world.get("ExplanationOfBenefit?_count=3")
    world.resources.add("alice", claim("alice-new", "alice", start="2025-01-01"))
    second = world.get(link(first, "next"))
    assert ids(first) + ids(second) == [f"alice-{n}" for n in (6, 5, 4, 3, 2, 1)]


def test_includes_come_with_every_page_and_only_once(world):
    response = world.get("ExplanationOfBenefit?_count=3&_include=ExplanationOfBenefit:*")
    assert sorted(ids(response, "include")) == ["alice", "aunt-alice", "cover-alice", "doctor-alice", "payer"]
    assert len(ids(response)) == 3
    assert link(response, "next")


def test_an_include_goes_on_where_iterate_says_so(world):
    query = "ExplanationOfBenefit?_id=alice-1&_include=ExplanationOfBenefit:coverage"
    assert ids(world.get(query), "include") == ["cover-alice"]
    assert ids(world.get(query + "&_include:iterate=Coverage:payor"), "include") == ["cover-alice", "payer"]


def test_what_points_to_the_matches_can_be_added(world):
    response = world.get("Patient?_revinclude=ExplanationOfBenefit:patient&_revinclude=Coverage:beneficiary")
    assert ids(response) == ["alice"]
    assert sorted(ids(response, "include")) == ["alice-0", *(f"alice-{n}" for n in range(1, 7)), "cover-alice"]


def test_includes_without_a_scope_are_left_out_and_said_so(world):
    world.grants["narrow"] = grant_for("alice", "patient/ExplanationOfBenefit.rs patient/Patient.r")
    response = world.get("ExplanationOfBenefit?_id=alice-1&_include=ExplanationOfBenefit:*", "narrow")
    assert ids(response, "include") == ["alice"]
    outcome = parsed(response)["entry"][-1]
    assert outcome["search"]["mode"] == "outcome"
    assert "Organization is left out" in json.dumps(outcome)


def test_unknown_parameters_are_left_out_of_the_search_and_the_self_link(world):
    response = world.get("ExplanationOfBenefit?favourite=x&type=oral")
    assert len(ids(response)) == 2
    assert link(response, "self") == f"{BASE}/ExplanationOfBenefit?type=oral"
    assert "favourite" in parsed(response)["entry"][-1]["resource"]["issue"][0]["diagnostics"]
    assert parsed(response)["entry"][-1]["resource"]["issue"][0]["severity"] == "warning"


def test_prefer_strict_refuses_unknown_parameters(world):
    response = world.get("ExplanationOfBenefit?favourite=x", Prefer="handling=strict")
    assert response.status_code == 400
    assert parsed(response)["issue"][0]["code"] == "not-supported"
    assert (
        world.get("ExplanationOfBenefit", Prefer="handling=strict").headers["Preference-Applied"] == "handling=strict"
    )
    assert world.get("ExplanationOfBenefit", Prefer="handling=sloppy").status_code == 400


def test_self_links_give_the_same_answer_again(world):
    for query in ("type=oral&x=1", "_sort=-service-date&_count=2", "_elements=type&_total=accurate", "_summary=true"):
        first = world.get(f"ExplanationOfBenefit?{query}")
        again = world.get(link(first, "self"))
        assert ids(again) == ids(first)
        assert link(again, "self") == link(first, "self")


@pytest.mark.parametrize("query", ["_count=0", "_summary=count"])
def test_a_count_alone_has_a_total_and_no_entries(world, query):
    bundle = parsed(world.get(f"ExplanationOfBenefit?{query}"))
    assert bundle["total"] == 7
    assert "entry" not in bundle
    assert [each["relation"] for each in bundle["link"]] == ["self"]


def test_totals_are_given_where_asked_for_or_free(world):
    assert parsed(world.get("ExplanationOfBenefit?_count=2&_total=accurate"))["total"] == 7
    assert "total" not in parsed(world.get("ExplanationOfBenefit?_count=2"))
    assert "total" not in parsed(world.get("ExplanationOfBenefit?_total=none"))


def test_a_total_counts_matches_and_not_includes(world):
    response = world.get("ExplanationOfBenefit?_count=3&_total=accurate&_include=ExplanationOfBenefit:*")
    assert parsed(response)["total"] == 7


def test_elements_keep_what_is_mandatory_and_say_subsetted(world):
    resource = parsed(world.get("ExplanationOfBenefit?_elements=billablePeriod&_count=1"))["entry"][0]["resource"]
    assert "billablePeriod" in resource
    assert "careTeam" not in resource
    assert {"status", "type", "use", "patient", "created", "insurer", "provider", "outcome", "insurance"} <= set(
        resource
    )
    assert resource["meta"]["tag"][0]["code"] == "SUBSETTED"


@pytest.mark.parametrize("summary", ["true", "text", "data"])
def test_summaries_are_subsets(world, summary):
    resource = parsed(world.get(f"ExplanationOfBenefit?_summary={summary}&_count=1"))["entry"][0]["resource"]
    assert ("careTeam" in resource) is (summary == "data")
    assert resource["meta"]["tag"][0]["code"] == "SUBSETTED"


@pytest.mark.parametrize(
    ("sort", "first"),
    [("service-date", "alice-0"), ("-service-date", "alice-6"), ("-_id", "alice-6"), ("_id", "alice-0")],
)
def test_sorting(world, sort, first):
    response = world.get(f"ExplanationOfBenefit?_sort={sort}&_count=2")
    assert ids(response)[0] == first
    assert f"_sort={sort}" in link(response, "self")


def test_a_compartment_path_equals_the_typed_query(world):
    assert ids(world.get("Patient/alice/ExplanationOfBenefit")) == ids(world.get("ExplanationOfBenefit?patient=alice"))
    assert ids(world.get("Patient/bob/ExplanationOfBenefit")) == []
    assert ids(world.get("Patient/alice/Coverage")) == ["cover-alice"]
    pages = walk(world, "Patient/alice/ExplanationOfBenefit?_count=4")
    assert [len(page) for page in pages] == [4, 3]


def test_a_narrowed_scope_narrows_every_search_and_read(world):
    scope = "http://terminology.hl7.org/CodeSystem/claim-type|pharmacy"
    world.grants["drugs"] = grant_for("alice", f"patient/ExplanationOfBenefit.rs?type={scope} patient/Patient.rs")
    assert ids(world.get("ExplanationOfBenefit", "drugs")) == ["alice-4", "alice-1"]
    assert ids(world.get("ExplanationOfBenefit?type=oral", "drugs")) == []
    assert ids(world.get("ExplanationOfBenefit?_id=alice-0,alice-1", "drugs")) == ["alice-1"]
    assert world.get("ExplanationOfBenefit/alice-1", "drugs").status_code == 200
    assert world.get("ExplanationOfBenefit/alice-0", "drugs").status_code == 404
    response = world.get("Patient?_revinclude=ExplanationOfBenefit:patient", "drugs")
    assert ids(response, "include") == ["alice-4", "alice-1"]


def test_several_narrowed_scopes_add_up(world):
    world.grants["two"] = grant_for(
        "alice", "patient/ExplanationOfBenefit.s?type=pharmacy patient/ExplanationOfBenefit.s?type=oral"
    )
    assert ids(world.get("ExplanationOfBenefit", "two")) == ["alice-5", "alice-4", "alice-2", "alice-1"]


def test_withheld_claims_are_as_if_they_did_not_exist(world):
    from tests.web.fhir.memory import claim

    world.resources.add("alice", claim("alice-secret", "alice"), labels=["42CFRPart2"])
    world.grants["hidden"] = grant_for("alice", withheld=["42CFRPart2"])
    assert "alice-secret" in ids(world.get("ExplanationOfBenefit"))
    assert "alice-secret" not in ids(world.get("ExplanationOfBenefit", "hidden"))
    assert parsed(world.get("ExplanationOfBenefit?_total=accurate", "hidden"))["total"] == 7
    unknown = world.get("ExplanationOfBenefit/alice-unknown", "hidden", X_Request_Id="r")
    assert world.get("ExplanationOfBenefit/alice-secret", "hidden", X_Request_Id="r").data == unknown.data


def test_everything_is_walked_page_by_page(world):
    pages = walk(world, "Patient/alice/$everything?_count=4")
    assert joined(pages)[:3] == ["alice", "aunt-alice", "cover-alice"]
    assert len(joined(pages)) == 10
    assert [len(page) for page in pages] == [4, 4, 2]
    one = world.get("Patient/alice/$everything?_count=100")
    assert sorted(ids(one, "include")) == ["doctor-alice", "payer"]


def test_everything_takes_its_parameters(world):
    def found(query):
        return ids(world.get(f"Patient/alice/$everything?_count=100&{query}"))

    assert found("_type=Coverage") == ["cover-alice"]
    assert len(found("_type=ExplanationOfBenefit&start=2024-01-03")) == 5
    assert len(found("_type=ExplanationOfBenefit&start=2024-01-03&end=2024-01-04")) == 2
    assert found("_since=2030-01-01") == []
    assert world.get("Patient/alice/$everything?_type=Observation").status_code == 400
    assert world.get("Patient/alice/$everything?_count=0").status_code == 400
    assert world.get("Patient/alice/$everything?start=soon").status_code == 400
    assert world.get("Patient/bob/$everything").status_code == 404


def test_the_audit_trail_knows_who_asked_what_but_no_values(world):
    world.get("ExplanationOfBenefit?identifier=secret-value", X_Request_Id="r-1")
    access = world.audited[-1]
    assert (access.request_id, access.interaction, access.resource_type, access.status) == (
        "r-1",
        "search",
        "ExplanationOfBenefit",
        200,
    )
    assert access.parameters == ("identifier",)
    assert "secret-value" not in repr(access)
