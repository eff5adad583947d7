"""What no public test kit asks: other members' data, wrong proofs, and things that come twice or too late."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.e2e.conftest import Sandbox
from tests.e2e.journey import Journey, Tokens
from tests.e2e.kit_apps import REDIRECT, SCOPE

OTHER = "https://app.example.org/other"


@pytest.fixture
def way(sandbox: Sandbox, public: dict[str, Any]) -> Journey:
    """A fresh launch of the public app."""
    return Journey(sandbox.base, public["client_id"], REDIRECT)


@pytest.fixture
def code(way: Journey, person: dict[str, str]) -> str:
    """The code that this launch ended with."""
    return way.decide(way.log_in(way.start(SCOPE), person["username"], person["password"]))["code"]


@pytest.fixture(scope="module")
def others(sandbox: Sandbox, config: str, public: dict[str, Any], person: dict[str, str]) -> dict[str, Any]:
    """Another member's patient id, first claim and what it leads to, as that member's own token shows them."""
    told = sandbox.run("members", "--config", config, "--json")
    other = next(one for one in told if one["patient"] != person["patient"])
    journey = Journey(sandbox.base, public["client_id"], REDIRECT)
    bearer = journey.whole(other["username"], other["password"], SCOPE).headers
    url = f"{sandbox.fhir}/ExplanationOfBenefit?_count=1"
    claim = httpx.get(url, headers=bearer, timeout=30).json()["entry"][0]["resource"]
    return {"patient": other["patient"], "claim": claim}


def ids(bundle: dict[str, Any]) -> Iterator[str]:
    for entry in bundle.get("entry", ()):
        yield f"{entry['resource']['resourceType']}/{entry['resource']['id']}"


@pytest.mark.kit("beyond 2.1", "beyond 2.2", "beyond 2.4", "beyond 2.5")
def test_no_search_tells_anything_of_another_member(sandbox: Sandbox, standalone: Any, others: Any) -> None:
    tokens: Tokens = standalone[1]
    claim, patient = others["claim"], others["patient"]
    number = claim["identifier"][0]
    for path in (
        f"ExplanationOfBenefit?patient={patient}&_include=ExplanationOfBenefit:*",
        f"ExplanationOfBenefit?patient=Patient/{patient}",
        f"ExplanationOfBenefit?_id={claim['id']}&_include=ExplanationOfBenefit:patient",
        f"ExplanationOfBenefit?identifier={number.get('system', '')}|{number['value']}",
        f"Coverage?patient={patient}&_include=Coverage:payor",
        f"Patient?_id={patient}&_revinclude=ExplanationOfBenefit:patient",
    ):
        answer = httpx.get(f"{sandbox.fhir}/{path}", headers=tokens.headers, timeout=30)
        assert answer.status_code in (200, 403, 404), path
        assert patient not in set(ids(answer.json())), path
        assert list(ids(answer.json())) == [], path


@pytest.mark.kit("beyond 2.3")
def test_a_read_of_another_members_resource_is_as_of_an_unknown_one(
    sandbox: Sandbox, standalone: Any, others: Any
) -> None:
    for known in (f"Patient/{others['patient']}", f"ExplanationOfBenefit/{others['claim']['id']}"):
        answers = [
            httpx.get(f"{sandbox.fhir}/{path}", headers=standalone[1].headers | {"X-Request-Id": "same"}, timeout=30)
            for path in (known, known[:-3] + "zzz")
        ]
        assert {answer.status_code for answer in answers} == {404}
        assert answers[0].text == answers[1].text


@pytest.mark.kit("beyond 3.3")
def test_a_revoked_token_and_one_of_nobody_are_answered_401(sandbox: Sandbox, way: Journey, code: str) -> None:
    body = way.exchange(code).json()
    bearer = {"Authorization": f"Bearer {body['access_token']}"}
    assert httpx.get(f"{sandbox.fhir}/Coverage", headers=bearer, timeout=30).status_code == 200
    form = {"token": body["access_token"], "client_id": way.client_id}
    assert httpx.post(f"{sandbox.base}/oauth/revoke", data=form, timeout=30).status_code == 200
    refused = httpx.get(f"{sandbox.fhir}/Coverage", headers=bearer, timeout=30)
    assert refused.status_code == 401
    assert 'error="invalid_token"' in refused.headers["WWW-Authenticate"]
    assert refused.json()["resourceType"] == "OperationOutcome"


@pytest.mark.kit("beyond 3.4")
@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"aud": "https://elsewhere.example/fhir"}, "invalid_request"),
        ({"aud": ""}, "invalid_request"),
        ({"resource": "https://elsewhere.example/fhir"}, "invalid_target"),
    ],
)
def test_a_wrong_audience_goes_back_to_the_app(way: Journey, changed: dict[str, str], error: str) -> None:
    answer = way.start(SCOPE, **changed)
    assert answer.headers["location"].startswith(REDIRECT)
    assert f"error={error}" in answer.headers["location"]


@pytest.mark.kit("beyond 3.8")
def test_another_redirect_uri_is_shown_on_a_page_and_refused_at_the_exchange(way: Journey, code: str) -> None:
    stranger = Journey(way.base, way.client_id, OTHER)
    page = stranger.start(SCOPE)
    assert (page.status_code, page.headers.get("location")) == (400, None)
    assert way.exchange(code, redirect_uri=OTHER).json()["error"] == "invalid_grant"


@pytest.mark.kit("beyond 3.5")
def test_a_wrong_verifier_is_refused_and_uses_the_code_up(way: Journey, code: str) -> None:
    assert way.exchange(code, code_verifier="w" * 43).json()["error"] == "invalid_grant"
    assert way.exchange(code).json()["error"] == "invalid_grant"


@pytest.mark.kit("beyond 3.6")
def test_a_code_that_comes_again_costs_its_tokens(sandbox: Sandbox, way: Journey, code: str) -> None:
    body = way.exchange(code).json()
    assert way.exchange(code).json()["error"] == "invalid_grant"
    bearer = {"Authorization": f"Bearer {body['access_token']}"}
    assert httpx.get(f"{sandbox.fhir}/Coverage", headers=bearer, timeout=30).status_code == 401
    again = way.token_request(grant_type="refresh_token", refresh_token=body["refresh_token"])
    assert again.json()["error"] == "invalid_grant"


def test_a_fhir_answer_says_what_is_left_of_the_tokens_budget(sandbox: Sandbox, standalone: Any) -> None:
    answers = [httpx.get(f"{sandbox.fhir}/Coverage", headers=standalone[1].headers, timeout=30) for _ in range(4)]
    left = [int(answer.headers["X-RateLimit-Remaining"]) for answer in answers]
    assert left == [left[0] - number for number in range(4)]
    assert int(answers[0].headers["X-RateLimit-Limit"]) > left[0]


@pytest.mark.kit("beyond 3.9")
def test_a_wrong_client_secret_is_refused(sandbox: Sandbox, secret_app: dict[str, Any]) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": "x"}
    for auth in ((secret_app["client_id"], "wrong"), ("nobody", secret_app["client_secret"])):
        answer = httpx.post(f"{sandbox.base}/oauth/token", data=form, auth=auth, timeout=30)
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
        assert answer.headers["WWW-Authenticate"].startswith("Basic")


@pytest.mark.parametrize(
    "path", ["/oauth/token", "/oauth/revoke", "/oauth/introspect", "/v2/o/token/", "/oauth/register"]
)
def test_a_method_that_is_not_offered_is_an_error_of_oauth(sandbox: Sandbox, path: str) -> None:
    for method in ("GET", "PUT", "DELETE"):
        answer = httpx.request(method, f"{sandbox.base}{path}", headers={"Accept": "text/html"}, timeout=30)
        assert (answer.status_code, answer.json()["error"]) == (405, "invalid_request")
        assert "POST" in answer.headers["Allow"]
    assert httpx.post(f"{sandbox.base}/oauth/nothing", timeout=30).json()["error"] == "invalid_request"
    assert httpx.put(f"{sandbox.base}/oauth/authorize", timeout=30).status_code == 405


def test_guessing_a_secret_is_slowed_down_over_all_workers(sandbox: Sandbox, secret_app: dict[str, Any]) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": "x", "client_id": secret_app["client_id"]}
    answers = [httpx.post(f"{sandbox.base}/oauth/token", data=form | {"client_secret": "x"}) for _ in range(22)]
    assert answers[0].status_code == 400
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["Retry-After"]) >= 1


@pytest.mark.parametrize("credentials", [b"Basic \xe9", b"\xff\xfe", b"Bearer \xe9", b"Basic Og=="])
def test_credentials_in_any_bytes_are_challenged(sandbox: Sandbox, credentials: bytes) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": "x"}
    answer = httpx.post(f"{sandbox.base}/oauth/token", data=form, headers={b"Authorization": credentials}, timeout=30)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    answer = httpx.get(f"{sandbox.fhir}/Coverage", headers={b"Authorization": credentials}, timeout=30)
    assert (answer.status_code, answer.json()["resourceType"]) == (401, "OperationOutcome")
