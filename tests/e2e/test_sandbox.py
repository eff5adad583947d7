"""The sandbox keeps what its welcome promises, to a person with a browser, an app, and unmodified clients."""

from __future__ import annotations

import asyncio
import re
import shlex
import subprocess
from typing import Any

import httpx
import pytest

from tests.e2e.conftest import Sandbox, command
from tests.e2e.journey import Journey, Tokens, form_with, forms_of
from tests.e2e.walk import walk

REDIRECT = "https://app.example.org/callback"
SCOPE = "openid fhirUser launch/patient offline_access patient/*.rs"


@pytest.fixture(scope="module")
def app(sandbox: Sandbox) -> dict[str, Any]:
    config = str(config_of(sandbox))
    arguments = [
        "--config",
        config,
        "--name",
        "Test app",
        "--kind",
        "confidential",
        "--redirect-uri",
        REDIRECT,
        "--json",
    ]
    return dict(sandbox.run("apps", "add", *arguments))


@pytest.fixture(scope="module")
def first(sandbox: Sandbox) -> dict[str, str]:
    return dict(sandbox.run("members", "--config", str(config_of(sandbox)), "--json")[0])


@pytest.fixture(scope="module")
def tokens(sandbox: Sandbox, app: dict[str, Any], first: dict[str, str]) -> Tokens:
    return journey(sandbox, app).whole(first["username"], first["password"], SCOPE)


def config_of(sandbox: Sandbox) -> Any:
    """The sandbox's config with the port it really has."""
    from fhir_facade.cli.sandbox import sandbox_config

    path = sandbox.state / "sandbox.toml"
    text = sandbox_config().read_text(encoding="utf-8")
    path.write_text(text.replace("http://localhost:8000", sandbox.base), encoding="utf-8")
    return path


def journey(sandbox: Sandbox, app: dict[str, Any]) -> Journey:
    return Journey(sandbox.base, app["client_id"], REDIRECT, app["client_secret"])


def test_the_printed_curl_works_as_printed(sandbox: Sandbox) -> None:
    line = re.search(r"curl .*", sandbox.printed)
    assert line

    done = subprocess.run([*shlex.split(line.group()), "--silent"], capture_output=True, text=True, timeout=30)

    assert '"resourceType":"Bundle"' in done.stdout
    assert '"resourceType":"ExplanationOfBenefit"' in done.stdout


def test_the_printed_log_in_opens_the_demo_app(sandbox: Sandbox) -> None:
    printed = re.search(r"log-in +(\S+) / (\S+)", sandbox.printed)
    assert printed

    assert walk(sandbox.base, *printed.groups()) > 0


def test_the_demo_app_says_when_claims_were_not_shared(sandbox: Sandbox, first: dict[str, str]) -> None:
    way = Journey(sandbox.base, "unused", "unused")
    page = way.follow(way.browser.get(f"{sandbox.base}/demo"))
    page = way.log_in(way.send(page, forms_of(page)[0]), first["username"], first["password"])

    page = way.send(page, form_with(page, "answer"), answer="allow", share=["personal"])

    assert page.status_code == 200
    assert "did not share claims" in page.text
    assert "ExplanationOfBenefit?_count" not in page.text


def test_a_member_logs_in_consents_and_an_app_reads_their_claims(sandbox: Sandbox, tokens: Tokens) -> None:
    answer = httpx.get(f"{sandbox.fhir}/ExplanationOfBenefit", headers=tokens.headers)

    assert answer.status_code == 200
    assert {entry["resource"]["patient"]["reference"] for entry in answer.json()["entry"]} == {
        f"Patient/{tokens.patient}"
    }


def test_cancel_tells_the_app_and_grants_nothing(sandbox: Sandbox, app: dict[str, Any], first: dict[str, str]) -> None:
    way = journey(sandbox, app)
    page = way.log_in(way.start(SCOPE), first["username"], first["password"])

    called = way.decide(page, answer="deny")

    assert called["error"] == "access_denied"
    assert called["state"] == way.state


def test_a_wrong_password_shows_the_form_again_and_says_so(
    sandbox: Sandbox, app: dict[str, Any], first: dict[str, str]
) -> None:
    way = journey(sandbox, app)

    page = way.log_in(way.start(SCOPE), first["username"], "wrong")

    assert form_with(page, "username")
    assert 'role="alert"' in page.text


def test_a_refresh_token_brings_a_new_access_token_once(
    sandbox: Sandbox, app: dict[str, Any], first: dict[str, str]
) -> None:
    way = journey(sandbox, app)
    tokens = way.whole(first["username"], first["password"], SCOPE)
    old = tokens.body["refresh_token"]

    fresh = way.token_request(grant_type="refresh_token", refresh_token=old).json()

    assert fresh["access_token"] != tokens.access
    assert fresh["refresh_token"] != old


def test_a_revoked_token_opens_nothing(sandbox: Sandbox, app: dict[str, Any], first: dict[str, str]) -> None:
    tokens = journey(sandbox, app).whole(first["username"], first["password"], SCOPE)
    auth = (app["client_id"], app["client_secret"])

    httpx.post(f"{sandbox.base}/oauth/revoke", data={"token": tokens.access}, auth=auth)

    answer = httpx.get(f"{sandbox.fhir}/Patient/{tokens.patient}", headers=tokens.headers)
    assert answer.status_code == 401
    assert answer.json()["resourceType"] == "OperationOutcome"
    assert "invalid_token" in answer.headers["www-authenticate"]


@pytest.mark.parametrize("header", [None, "Bearer garbage", "Basic xyz", "Bearer " + "x" * 400, "Bearer é"])
def test_a_request_without_a_good_token_is_challenged(sandbox: Sandbox, header: str | None) -> None:
    headers = {"Authorization": header.encode("utf-8")} if header else {}

    answer = httpx.get(f"{sandbox.fhir}/ExplanationOfBenefit", headers=headers)

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.json()["resourceType"] == "OperationOutcome"


def test_another_members_id_answers_as_an_unknown_one(sandbox: Sandbox, tokens: Tokens) -> None:
    everyone = sandbox.run("members", "--config", str(config_of(sandbox)), "--json")
    other = next(member["patient"] for member in everyone if member["patient"] != tokens.patient)

    theirs = httpx.get(f"{sandbox.fhir}/Patient/{other}", headers=tokens.headers)
    nobodys = httpx.get(f"{sandbox.fhir}/Patient/sandbox-nobody", headers=tokens.headers)

    assert theirs.status_code == nobodys.status_code == 404
    assert without_request(theirs) == without_request(nobodys)


def without_request(answer: httpx.Response) -> str:
    return answer.text.replace(answer.headers["x-request-id"], "")


def test_fhirpy_reads_patient_coverage_and_claims(sandbox: Sandbox, tokens: Tokens) -> None:
    from fhirpy import AsyncFHIRClient

    async def read() -> tuple[Any, list[Any], list[Any]]:
        client = AsyncFHIRClient(sandbox.fhir, authorization=f"Bearer {tokens.access}")
        patient = await client.reference("Patient", tokens.patient).to_resource()
        coverages = await client.resources("Coverage").fetch_all()
        claims = await client.resources("ExplanationOfBenefit").search(patient=tokens.patient).limit(5).fetch_all()
        return patient, coverages, claims

    patient, coverages, claims = asyncio.run(read())

    assert patient["id"] == tokens.patient
    assert coverages
    assert claims


def test_fhirclient_reads_patient_coverage_and_claims(sandbox: Sandbox, tokens: Tokens) -> None:
    from fhirclient import client
    from fhirclient.models.coverage import Coverage
    from fhirclient.models.explanationofbenefit import ExplanationOfBenefit
    from fhirclient.models.patient import Patient

    smart = client.FHIRClient(settings={"app_id": "test", "api_base": sandbox.fhir})
    smart.server.session.headers["Authorization"] = f"Bearer {tokens.access}"

    patient = Patient.read(tokens.patient, smart.server)
    coverages = list(Coverage.where({}).perform_resources_iter(smart.server))
    claims = list(ExplanationOfBenefit.where({"patient": tokens.patient}).perform_resources_iter(smart.server))

    assert patient.id == tokens.patient
    assert coverages
    assert claims


def test_token_prints_one_that_works(sandbox: Sandbox, first: dict[str, str]) -> None:
    done = command(
        "token",
        "--config",
        str(config_of(sandbox)),
        "--member",
        first["username"],
        "--app",
        "demo",
        state=sandbox.state,
    )

    answer = httpx.get(f"{sandbox.fhir}/Patient", headers={"Authorization": f"Bearer {done.stdout.strip()}"})

    assert done.returncode == 0
    assert answer.json()["entry"][0]["resource"]["id"] == first["patient"]


def test_tokens_codes_and_secrets_are_nowhere_in_the_store(
    sandbox: Sandbox, app: dict[str, Any], tokens: Tokens
) -> None:
    stored = b"".join(path.read_bytes() for path in sandbox.state.glob("store.sqlite*"))

    for secret in (tokens.access, tokens.body["refresh_token"], app["client_secret"]):
        assert secret.encode() not in stored
