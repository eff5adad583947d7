"""A payer's own FHIR server behind the facade: the same answers as from any source, in the facade's own form."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fhir_facade.contracts.claims import ExtractSource, LiveSource
from fhir_facade.contracts.upstream import ResourceSource
from fhir_facade.resources.page import Viewer
from fhir_facade.search.parse import parse
from fhir_facade.search.query import SearchQuery
from tests.plugins.fhir.payer import EOB, TOKEN, VIEWER, claim, found, ids, payer, resources, source
from tests.plugins.fhir.server import Upstream, always, serving

PART_2 = "42CFRPart2"


def query_of(asked: list[tuple[str, str]]) -> SearchQuery:
    return parse(EOB, asked, base="https://facade.example.org/fhir").query


def test_the_source_has_the_resource_face_alone() -> None:
    with serving(payer()) as upstream:
        opened = source(upstream)

    assert isinstance(opened, ResourceSource)
    assert not isinstance(opened, (LiveSource, ExtractSource))


def test_a_member_is_found_by_the_identifier_alone() -> None:
    with serving(payer()) as upstream:
        over = resources(upstream)

        assert over.match({"medicaid-id": "number-anna"}) == ["Patient/mco-anna"]
        assert over.match({"medicaid-id": "number-nobody"}) == []
        assert over.match({"mbi": "number-anna"}) == []


def test_a_match_that_the_patient_does_not_bear_out_is_none() -> None:
    with serving(payer()) as upstream:
        wrong = {"resourceType": "Bundle", "entry": [{"resource": upstream.resources[0]}]}
        upstream.instead["/Patient"] = always(wrong)

        assert resources(upstream).match({"medicaid-id": "number-ben"}) == []


def test_claims_come_newest_first_whatever_the_upstreams_order() -> None:
    with serving(payer(7)) as upstream:
        assert ids(found(resources(upstream), EOB)) == [f"mco-claim-{n:03}" for n in range(6, -1, -1)]
        assert set(upstream.tokens) == {f"Bearer {TOKEN}"}


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_pages_hold_everything_once_forwards_and_backwards(count: int) -> None:
    with serving(payer(7)) as upstream:
        over, query = resources(upstream), SearchQuery(resource_type=EOB, count=count)
        page = over.search(VIEWER, query)
        forwards = [page]
        while page.next:
            page = over.search(VIEWER, query, after=page.next)
            forwards.append(page)
        backwards = [page]
        while page.previous:
            page = over.search(VIEWER, query, before=page.previous)
            backwards.insert(0, page)

    assert [one.id for page in forwards for one in page.matches] == [f"mco-claim-{n:03}" for n in range(6, -1, -1)]
    assert [page.matches for page in backwards] == [page.matches for page in forwards]


def test_ids_and_references_get_the_name_of_the_source() -> None:
    with serving(payer(0)) as upstream:
        mine = {
            "contained": [{"resourceType": "Organization", "id": "inside"}],
            "insurer": {"reference": f"{upstream.base}/Organization/mco"},
            "facility": {"reference": "#inside"},
            "enterer": {"reference": "https://elsewhere.example.org/fhir/Practitioner/house"},
            "careTeam": [{"sequence": 1, "provider": {"reference": "Practitioner/house/_history/3"}}],
            "payee": {"party": {"identifier": {"value": "1"}}},
        }
        upstream.resources.append(claim(1, **mine))
        (one,) = found(resources(upstream), EOB)

    body = json.loads(one.body)
    assert body["patient"] == {"reference": "Patient/mco-anna"}
    assert body["insurance"][0]["coverage"] == {"reference": "Coverage/mco-cover-anna"}
    assert body["insurer"] == {"reference": "Organization/mco-mco"}
    assert body["careTeam"][0]["provider"] == {"reference": "Practitioner/mco-house"}
    assert body["facility"] == mine["facility"]
    assert body["enterer"] == mine["enterer"]
    assert body["payee"] == mine["payee"]
    assert body["contained"] == mine["contained"]
    assert body["meta"]["versionId"] == one.version


@pytest.mark.parametrize("digits", ["0.00", "100.10", "12345678901234567890.123456789", "0.1", "-7.500"])
def test_money_keeps_every_digit(digits: str) -> None:
    with serving(payer(0)) as upstream:
        upstream.resources.append(claim(1, total=[{"amount": {"value": Decimal(digits), "currency": "USD"}}]))
        (one,) = found(resources(upstream), EOB)

    assert f'"value":{digits},'.encode() in one.body


def test_a_search_means_what_the_facade_says_whatever_the_upstream_understands() -> None:
    with serving(payer(7)) as upstream:
        over = resources(upstream, parameters=("service-date", "_lastUpdated", "identifier"))
        asked = [("service-date", "ge2025-01-03"), ("service-date", "lt2025-01-05"), ("_lastUpdated", "gt2020")]
        page = over.search(VIEWER, query_of(asked))

    assert [one.id for one in page.matches] == ["mco-claim-003", "mco-claim-002"]
    first = next(path for path in upstream.asked if path.startswith(f"/{EOB}"))
    assert "service-date=ge2025-01-0" in first
    assert "_lastUpdated=ge20" in first


def test_nothing_is_pushed_down_that_the_settings_do_not_name() -> None:
    with serving(payer(7)) as upstream:
        over = resources(upstream)
        over.search(VIEWER, query_of([("service-date", "ge2025-01-03")]))

    assert not [path for path in upstream.asked if "service-date" in path]


def test_a_search_by_id_reads_that_one_resource() -> None:
    with serving(payer(7)) as upstream:
        page = resources(upstream).search(VIEWER, query_of([("_id", "mco-claim-003,mco-claim-900")]))

    assert [one.id for one in page.matches] == ["mco-claim-003"]
    assert upstream.asked == [f"/{EOB}/claim-003", f"/{EOB}/claim-900"]


def test_providers_are_seen_only_where_the_members_resources_name_them() -> None:
    with serving(payer()) as upstream:
        over = resources(upstream)

        assert ids(found(over, "Organization")) == ["mco-mco"]
        assert ids(found(over, "Practitioner")) == ["mco-house"]
        assert over.read(VIEWER, "Organization", "mco-other") is None
        assert over.read(VIEWER, "Practitioner", "mco-house") is not None


def test_another_members_resources_are_as_unknown_ones() -> None:
    with serving(payer()) as upstream:
        over = resources(upstream)
        answers = [
            over.read(VIEWER, kind, identifier)
            for kind, identifier in [
                (EOB, "mco-claim-900"),
                (EOB, "mco-claim-xxx"),
                ("Patient", "mco-ben"),
                ("Coverage", "mco-cover-ben"),
                ("Coverage", "cover-anna"),
                ("AuditEvent", "mco-1"),
            ]
        ]

        assert answers == [None] * 6
        assert over.read(VIEWER, EOB, "mco-claim-001") is not None
        assert found(over, EOB, Viewer(patient="other-anna")) == []


def test_an_upstream_that_ignores_the_member_shows_nothing_of_others(caplog: pytest.LogCaptureFixture) -> None:
    with serving(payer()) as upstream:
        upstream.careless = True

        assert len(found(resources(upstream), EOB)) == 5
        assert ids(found(resources(upstream), "Coverage")) == ["mco-cover-anna"]

    assert "of another member" in caplog.text
    assert "ben" not in caplog.text


def test_an_id_too_long_to_be_told_back_is_found_all_the_same() -> None:
    long = "x" * 64
    with serving(payer(1)) as upstream:
        upstream.resources.append(claim(5) | {"id": long})
        over = resources(upstream)
        (one,) = [one for one in found(over, EOB) if one.id != "mco-claim-000"]

        assert over.read(VIEWER, EOB, one.id) == one


def test_a_resource_that_cannot_be_published_leaves_the_others(caplog: pytest.LogCaptureFixture) -> None:
    broken: list[dict[str, Any]] = [
        {"billablePeriod": {"start": "soon"}},
        {"type": {"coding": 7}},
        {"meta": {"lastUpdated": "yesterday"}},
        {"meta": {"security": ["R"]}},
        {"id": "../anna"},
    ]
    with serving(payer(2)) as upstream:
        upstream.resources += [claim(10 + number) | elements for number, elements in enumerate(broken)]

        assert ids(found(resources(upstream), EOB)) == ["mco-claim-001", "mco-claim-000"]

    assert caplog.text.count("cannot be published") == len(broken)


ICD_10 = "http://hl7.org/fhir/sid/icd-10-cm"


def coded(element: str, name: str, system: str | None, code: str) -> dict[str, Any]:
    coding = {"code": code} if system is None else {"system": system, "code": code}
    return {element: [{"sequence": 1, name: {"coding": [coding]}}]}


SENSITIVE: list[dict[str, Any]] = [
    coded("diagnosis", "diagnosisCodeableConcept", ICD_10, "F10.20"),
    coded("diagnosis", "diagnosisCodeableConcept", "http://hl7.org/fhir/sid/icd-10", "f1020"),
    coded("diagnosis", "diagnosisCodeableConcept", None, "F10.20"),
    coded("item", "productOrService", "https://bluebutton.cms.gov/resources/codesystem/hcpcs", "H0015"),
    coded("item", "productOrService", "urn:unknown", "H0015"),
    coded("supportingInfo", "code", "https://bluebutton.cms.gov/resources/variables/clm_drg_cd", "895"),
    {"meta": {"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "ETH"}]}},
    {"meta": {"security": [{"code": "R"}]}},
    coded("diagnosis", "diagnosisCodeableConcept", ICD_10, "F10.20") | {"billablePeriod": {}},
]


@pytest.mark.parametrize("elements", SENSITIVE)
def test_substance_use_is_labelled_and_hidden_from_who_may_not_see_it(elements: dict[str, Any]) -> None:
    unsuspecting = Viewer(patient="mco-anna", withheld=frozenset({PART_2}))
    with serving(payer(0)) as upstream:
        upstream.resources.append(claim(1, **elements))
        over = resources(upstream)
        (seen,) = found(over, EOB)

        assert PART_2 in seen.labels
        assert PART_2 in [one["code"] for one in json.loads(seen.body)["meta"]["security"]]
        assert found(over, EOB, unsuspecting) == []
        assert over.read(unsuspecting, EOB, seen.id) is None
        assert over.total(unsuspecting, SearchQuery(resource_type=EOB, count=0)) == 0
        assert found(over, "Practitioner", unsuspecting) == []


def test_a_plain_claim_has_no_label() -> None:
    with serving(payer(0)) as upstream:
        upstream.resources.append(claim(1, **coded("diagnosis", "diagnosisCodeableConcept", ICD_10, "I10")))
        (one,) = found(resources(upstream), EOB)

    assert one.labels == frozenset()
    assert "security" not in json.loads(one.body)["meta"]


def recorded(shared: Path) -> list[dict[str, Any]]:
    folder = shared / "data/upstream-fhir/bbuser29999"
    found = []
    for path in sorted(folder.glob("*.json")):
        read = json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
        found += [entry["resource"] for entry in read["entry"]] if read["resourceType"] == "Bundle" else [read]
    return found


def test_recorded_blue_button_resources_are_served_whole(shared: Path) -> None:
    with serving(Upstream(recorded(shared))) as upstream:
        over = resources(upstream)
        member = Viewer(patient="mco--20140000010000")
        claims, covers = found(over, EOB, member), found(over, "Coverage", member)
        originals = {f"mco-{one['id']}": one for one in upstream.resources}

        assert over.read(member, "Patient", member.patient) is not None
    assert (len(claims), len(covers)) == (10, 4)
    for one in [*claims, *covers]:
        shown, original = json.loads(one.body, parse_float=str), originals[one.id]
        assert amounts(shown) == [str(amount) for amount in amounts(original)]
        assert set(shown) == set(original)


def amounts(node: Any) -> list[Any]:
    """Every amount of money, in the order of the resource's sorted elements."""
    if isinstance(node, list):
        return [amount for item in node for amount in amounts(item)]
    if not isinstance(node, dict):
        return []
    own = [node["value"]] if "currency" in node else []
    return own + [amount for name in sorted(node) for amount in amounts(node[name])]
