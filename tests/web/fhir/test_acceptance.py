"""The acceptance list of the FHIR endpoints, item by item, over every place resources can come from."""

from __future__ import annotations

import json
import re
from urllib.parse import quote

import pytest

from fhir_facade.contracts.errors import ClaimsUnavailable
from tests.web.fhir.memory import parsed
from tests.web.fhir.served import Served, entries
from tests.web.fhir.test_http import issue
from tests.web.fhir.test_search import link
from tests.web.fhir.world import BASE, World


def first_claim(served: Served):
    return served.matches("ExplanationOfBenefit?_count=1")[0]


def claim_ids(served: Served, query: str):
    return [each["id"] for each in served.matches(f"ExplanationOfBenefit?_count=100&{query}")]


def test_01_everything_declared_is_called_and_nothing_else_answers(served):
    """The walker does the whole of it; here its sum."""
    statement = parsed(served.world.get("metadata", token=""))
    for resource in statement["rest"][0]["resource"]:
        assert served.get(resource["type"]).status_code == 200
    assert served.get("Observation").status_code == 404


def test_02_the_statement_needs_no_token_and_keeps_its_tag(served):
    first, again = (World(served.world.resources).get("metadata", token="") for _ in range(2))
    assert first.status_code == 200
    assert first.headers["ETag"] == again.headers["ETag"]
    assert parsed(first)["instantiates"] == ["http://hl7.org/fhir/us/carin-bb/CapabilityStatement/c4bb"]


def test_03_every_error_has_its_code_and_request_id(served):
    for path, status, code in (
        ("ExplanationOfBenefit?service-date=x", 400, "value"),
        ("ExplanationOfBenefit?type:text=x", 400, "not-supported"),
        ("ExplanationOfBenefit/unknown", 404, "not-found"),
        ("Observation", 404, "not-supported"),
    ):
        assert issue(served.get(path), status)["code"] == code


def test_04_tokens_are_asked_for_and_foreign_answers_as_unknown(served):
    response = served.world.get("ExplanationOfBenefit", token="")
    assert issue(response, 401)["code"] == "login"
    assert response.headers["WWW-Authenticate"].startswith("Bearer realm=")
    foreign = served.matches("ExplanationOfBenefit?_count=1", served.other)[0]["id"]
    one, two = (served.get(f"ExplanationOfBenefit/{each}", X_Request_Id="r") for each in (foreign, "nobody-9"))
    assert issue(one, 404)["code"] == "not-found"
    assert one.data == two.data


def test_05_formats_are_negotiated_alike_everywhere(served):
    for path in (f"Patient/{served.rich}", "Patient", "metadata", "Patient/unknown"):
        assert issue(served.get(path, Accept="text/turtle"), 406)
        assert issue(served.get(path, Accept="application/fhir+json; fhirVersion=5.0"), 406)
        assert (
            served.get(path, Accept="application/fhir+xml").headers["Content-Type"].startswith("application/fhir+xml")
        )
    response = served.world.send("POST", "Patient/_search", served.rich, data="{}", Content_Type="application/json")
    assert issue(response, 415)


def test_06_get_and_post_are_one(served):
    query = "type=pharmacy,professional&_sort=service-date&_count=4&x=1"
    got, posted = (
        parsed(served.get(f"ExplanationOfBenefit?{query}")),
        parsed(served.post("ExplanationOfBenefit/_search", query)),
    )
    assert entries(got) == entries(posted)
    assert got["link"][0] == posted["link"][0]


def test_07_the_self_link_gives_the_same_again(served):
    response = served.get("ExplanationOfBenefit?favourite=1&type=pharmacy&_count=2")
    again = served.get(link(response, "self"))
    assert entries(parsed(again)) == entries(parsed(response))
    assert "favourite" not in link(response, "self")
    assert "favourite" in json.dumps(entries(parsed(response), "outcome"))


def test_08_wrong_values_never_widen_an_answer(served):
    for prefer in ("handling=lenient", "handling=strict"):
        for query in ("service-date=2024-13", "type=|", "patient=a b", "_count=-1", "status:in=active"):
            assert served.get(f"ExplanationOfBenefit?{query}", Prefer=prefer).status_code == 400
    assert served.get("ExplanationOfBenefit?favourite=1", Prefer="handling=strict").status_code == 400
    assert served.get("ExplanationOfBenefit?favourite=1", Prefer="handling=lenient").status_code == 200


def within(day: str, claim) -> bool:
    spans = [claim["billablePeriod"]] if "billablePeriod" in claim else []
    spans += [each["servicedPeriod"] for each in claim["item"] if "servicedPeriod" in each]
    spans += [
        {"start": each["servicedDate"], "end": each["servicedDate"]} for each in claim["item"] if "servicedDate" in each
    ]
    return any(span.get("start", "") == day == span.get("end", "") for span in spans)


def test_09_dates_and_tokens_find_what_r4_says(served):
    """The vectors stand in tests/search/test_match.py; here what is found over HTTP is judged one by one."""
    claims = served.matches("ExplanationOfBenefit?_count=100")
    day = claims[len(claims) // 2]["billablePeriod"]["start"]
    assert set(claim_ids(served, f"service-date={day}")) >= {each["id"] for each in claims if within(day, each)}
    before, after = (
        claim_ids(served, f"billable-period-start=lt{day}"),
        claim_ids(served, f"billable-period-start=ge{day}"),
    )
    starts = {each["id"]: each["billablePeriod"]["start"] for each in claims}
    assert all(starts.get(each, "") < day for each in before if each in starts)
    assert all(starts[each] >= day for each in after if each in starts)
    kinds = {each["id"]: each["type"]["coding"][0] for each in claims}
    for coding in {(each["system"], each["code"]) for each in kinds.values()}:
        found = claim_ids(served, f"type={quote('|'.join(coding))}")
        assert set(found) & set(kinds) == {each for each, c in kinds.items() if (c["system"], c["code"]) == coding}
        assert claim_ids(served, f"type={coding[1].upper()}") == found
        assert claim_ids(served, f"type=|{coding[1]}") == []


def test_10_pages_are_whole_and_stable(served):
    whole = served.bundle("ExplanationOfBenefit?_count=0", served.longest)["total"]
    assert whole > 1_000
    seen, url = [], "ExplanationOfBenefit?_count=97"
    while url:
        response = World(served.world.resources).get(url, served.longest)
        seen += [each["id"] for each in entries(parsed(response))]
        url = link(response, "next")
    assert len(seen) == len(set(seen)) == whole


@pytest.mark.parametrize("sort", ["", "&_sort=service-date", "&_sort=-_lastUpdated,_id", "&_sort=-created"])
def test_10_pages_lead_back_as_they_led_forth(served, sort):
    forth, url = [], f"ExplanationOfBenefit?_count=2&status:not=draft{sort}"
    while url:
        response = served.get(url)
        forth.append([each["id"] for each in entries(parsed(response))])
        url = link(response, "next")
    back = [forth[-1]]
    while url := link(response, "previous"):
        response = served.get(url)
        back.append([each["id"] for each in entries(parsed(response))])
    assert len(forth) > 1
    assert [one for page in reversed(back) for one in page] == [one for page in forth for one in page]


def test_11_page_links_are_sealed(served):
    url = link(served.get("ExplanationOfBenefit?_count=1"), "next")
    assert served.get(url[:-4] + "AAAA").status_code == 400
    assert served.get(url, served.other).status_code == 403
    assert served.rich not in url


def test_12_a_member_sees_nothing_of_another(served):
    others = {each["id"] for each in served.matches("ExplanationOfBenefit?_count=100", served.other)}
    assert not others & set(claim_ids(served, ""))
    bundle = served.bundle(f"ExplanationOfBenefit?patient={served.other}&_total=accurate")
    assert bundle["total"] == 0
    everything = served.bundle("ExplanationOfBenefit?_include=ExplanationOfBenefit:*&_count=100")
    assert {each["id"] for each in entries(everything, "include") if each["resourceType"] == "Patient"} == {served.rich}


def test_13_every_spelling_of_a_reference_is_one(served):
    spellings = (served.rich, f"Patient/{served.rich}", f"{BASE}/Patient/{served.rich}")
    found = [claim_ids(served, f"patient={quote(each, safe='')}") for each in spellings]
    found.append(claim_ids(served, f"patient:Patient={served.rich}"))
    assert found[0]
    assert all(each == found[0] for each in found)


def test_14_every_link_starts_with_the_public_base(served):
    spoof = {"Host": "evil.example", "X_Forwarded_Host": "evil.example"}
    for path in ("ExplanationOfBenefit?_count=2&_include=ExplanationOfBenefit:*", "metadata"):
        text = served.get(path, **spoof).get_data(as_text=True)
        assert "evil" not in text
        urls = re.findall(r'"(?:fullUrl|url)":"(https://claims[^"]*)"', text)
        assert urls
        assert all(url.startswith(BASE) for url in urls)


def test_15_digits_leave_as_the_source_gave_them(served):
    text = served.get("ExplanationOfBenefit?_count=100").get_data(as_text=True)
    amounts = re.findall(r'"value":(-?\d[\d.]*),"currency"', text)
    assert amounts
    assert all(re.fullmatch(r"-?\d+\.\d\d", amount) for amount in amounts)
    shaped = served.get("ExplanationOfBenefit?_count=100&_elements=total,item,adjudication,payment").get_data(
        as_text=True
    )
    assert re.findall(r'"value":(-?\d[\d.]*),"currency"', shaped) == amounts


def test_16_what_the_client_has_is_not_sent_again(served):
    one = first_claim(served)
    version = one["meta"]["versionId"]
    for tags in (f'W/"{version}"', f'"{version}"', f'"x", W/"{version}"', "*"):
        assert served.get(f"ExplanationOfBenefit/{one['id']}", If_None_Match=tags).status_code == 304
    assert served.get(f"ExplanationOfBenefit/{one['id']}", If_None_Match='W/"x"').status_code == 200


def test_17_counts_are_clamped_and_totals_given(served):
    whole = served.bundle("ExplanationOfBenefit?_count=0")["total"]
    assert len(served.matches("ExplanationOfBenefit?_count=100000")) == min(whole, 100)
    assert served.get("ExplanationOfBenefit?_count=x").status_code == 400
    bundle = served.bundle("ExplanationOfBenefit?_count=2&_include=ExplanationOfBenefit:*&_total=accurate")
    assert len(entries(bundle)) == 2
    assert bundle["total"] == whole


@pytest.mark.parametrize(("error", "status"), [(ClaimsUnavailable("x", retry_after_s=3), 503), (TimeoutError(), 504)])
def test_18_a_source_that_fails_is_told_from_one_that_finds_nothing(served, error, status, caplog):
    class Down:
        def __getattr__(self, _):
            def fail(*_args, **_options):
                raise error

            return fail

    response = World(Down()).get("ExplanationOfBenefit", served.rich)
    assert issue(response, status)
    assert int(response.headers["Retry-After"]) > 0


def test_20_what_public_test_kits_ask_is_answered(served):
    """The searches of the CARIN test kit, with the values it takes from the first claim it sees."""
    one = served.matches(f"ExplanationOfBenefit?patient={served.rich}")[0]
    period = one["billablePeriod"]
    searches = {
        "_id": one["id"],
        "_lastUpdated": one["meta"]["lastUpdated"],
        "type": one["type"]["coding"][0]["code"],
        "identifier": one["identifier"][0]["value"],
        "service-date": f"gt{period['start']}T00:00:00+00:00".replace(period["start"], "2000-01-01"),
        "service-start-date": period["start"],
        "billable-period-start": period["start"],
    }
    for name, value in searches.items():
        assert one["id"] in claim_ids(served, f"{name}={quote(value, safe='')}"), name
    for name in ("patient", "provider", "care-team", "coverage", "insurer", "payee", "*"):
        bundle = served.bundle(f"ExplanationOfBenefit?_id={one['id']}&_include=ExplanationOfBenefit:{name}")
        assert [each["id"] for each in entries(bundle)] == [one["id"]]
    cover = one["insurance"][0]["coverage"]["reference"].partition("/")[2]
    bundle = served.bundle(f"Coverage?_id={cover}&_include=Coverage:payor")
    assert [each["resourceType"] for each in entries(bundle, "include")] == ["Organization"]
