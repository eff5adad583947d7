"""Log-ins and requests are counted over all workers of a running service, and seen by those whom they concern."""

from __future__ import annotations

import re
import time

import httpx

from tests.e2e.cast import Cast
from tests.e2e.conftest import Sandbox
from tests.e2e.journey import Journey, forms_of
from tests.e2e.test_registry import staff

LOG_INS = 5


def number(page: httpx.Response, outcome: str) -> int:
    """How often log-ins ended so today."""
    found = re.search(rf'<th scope="row">{outcome}</th><td>([\d,]+)</td>', page.text)
    return int(found[1].replace(",", "")) if found else 0


def test_every_log_in_is_counted_whichever_worker_served_it(sandbox: Sandbox) -> None:
    olga = staff(sandbox, "operator")
    before = olga.open("/staff/log-ins")
    for _ in range(LOG_INS):
        Cast(sandbox).at_home("alma")
    wrong = Journey(sandbox.base, "unused", "unused")
    page = wrong.browser.get(f"{sandbox.base}/members")
    assert wrong.log_in(wrong.send(page, forms_of(page)[0]), "alma", "not the password").status_code == 403
    after = olga.open("/staff/log-ins")
    assert number(after, "One member") - number(before, "One member") == LOG_INS
    refused = "Cancelled, or wrong credentials"
    assert number(after, refused) - number(before, refused) == 1
    assert "alma" not in after.text


def test_a_developer_sees_each_request_of_the_app_within_seconds(sandbox: Sandbox) -> None:
    cast = Cast(sandbox)
    ada, client_id = cast.developer, cast.app_id
    path = f"/developers/apps/{client_id}"
    made = ada.fill(ada.open(path), f"{path}/secret", client_id=client_id)
    found = re.search(r'id="sandbox-secret">([^<]+)<', made.text)
    assert found
    way = Journey(sandbox.base, client_id, "https://app.example/callback", found[1])
    tokens = way.whole("alma", "sandbox-alma", "launch/patient patient/*.rs")
    asked = {"/Coverage": 200, "/Patient": 200, "/Coverage?nonsense=1": 200, "/ExplanationOfBenefit/none": 404}
    for address, status in asked.items():
        for _ in range(3):
            assert httpx.get(sandbox.fhir + address, headers=tokens.headers).status_code == status
    again = {"grant_type": "authorization_code", "code": "used", "redirect_uri": way.redirect_uri}
    refused = httpx.post(
        f"{sandbox.base}/oauth/token", data=again | {"code_verifier": "x" * 43}, auth=(client_id, found[1])
    )
    assert refused.status_code == 400
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        text = ada.open(path).text
        if "<td>13</td><td>4</td>" in text and "invalid_grant" in text:
            break
        time.sleep(0.5)
    assert "<td>13</td><td>4</td>" in text, "twelve requests and a refused token request; three of them not found"
    assert "belongs to another member" in text
