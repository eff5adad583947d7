"""What the member's answer does: a yes narrows, a no changes nothing, two submits do one thing."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from fhir_facade.access.scopes import Scopes


def answer(stage, token: str, *share: str, say: str = "allow"):
    return stage.client.post("/login/request-1/consent", data={"token": token, "answer": say, "share": list(share)})


@pytest.fixture
def asked(stage):
    stage.log_in()
    return stage


def test_allow_sends_the_browser_back_with_a_code(asked) -> None:
    back = answer(asked, asked.consent_token(), "personal", "coverage", "claims")
    assert (back.status_code, back.location) == (303, "https://budget.example/back?code=good&state=s")
    (decision,) = asked.requests.decisions
    assert (decision.patient, decision.user) == ("m-1", "Patient/m-1")
    assert str(decision.scopes).count("patient/") == 6 or "patient/*.rs" in str(decision.scopes)
    assert asked.outcomes() == ["one", "allowed"]


def test_substance_use_information_is_off_unless_ticked(asked) -> None:
    page = asked.client.get("/login/request-1/consent").text
    assert "checked" not in re.search(r'<input[^>]*id="substance-use"[^>]*>', page)[0]
    answer(asked, asked.hidden(page, "token"), "personal", "claims")
    assert asked.requests.decisions[0].withheld == {"42CFRPart2"}


def test_substance_use_information_is_shared_when_ticked(asked) -> None:
    answer(asked, asked.consent_token(), "claims", "substance-use")
    assert asked.requests.decisions[0].withheld == frozenset()


def test_substance_use_information_cannot_be_ticked_by_a_weak_log_in(asked) -> None:
    object.__setattr__(asked.desk, "sensitive_minimum_ial", 2)
    page = asked.client.get("/login/request-1/consent").text
    assert 'value="substance-use"' not in page
    answer(asked, asked.hidden(page, "token"), "claims", "substance-use")
    assert asked.requests.decisions[0].withheld == {"42CFRPart2"}


def test_demographics_can_be_withheld(asked) -> None:
    answer(asked, asked.consent_token(), "coverage", "claims")
    scopes = asked.requests.decisions[0].scopes
    assert not scopes.allows("Patient", "r")
    assert "profile" not in scopes
    assert scopes.allows("ExplanationOfBenefit", "s")


def test_a_box_that_was_never_shown_grants_nothing(stage) -> None:
    stage.requests.request = replace(stage.requests.request, scopes=Scopes.parse("patient/Coverage.rs"))
    stage.log_in()
    answer(stage, stage.consent_token(), "coverage", "claims", "personal")
    assert str(stage.requests.decisions[0].scopes) == "patient/Coverage.rs"


def test_allowing_nothing_asks_again(asked) -> None:
    page = answer(asked, asked.consent_token())
    assert page.status_code == 400
    assert "Tick at least one thing" in page.text
    assert asked.requests.decisions == []


def test_cancel_sends_access_denied_and_the_state(asked) -> None:
    back = answer(asked, asked.consent_token(), "claims", say="deny")
    assert back.location == "https://budget.example/back?error=access_denied&state=s"
    assert (asked.requests.refusals, asked.requests.decisions) == (1, [])
    assert asked.outcomes() == ["one", "refused"]


def test_cancel_works_before_any_log_in(stage) -> None:
    page = stage.client.get("/login/request-1").text
    back = stage.client.post("/login/request-1/cancel", data={"token": stage.hidden(page, "token")})
    assert back.location == "https://budget.example/back?error=access_denied&state=s"


def test_a_double_submit_does_one_thing(asked) -> None:
    token = asked.consent_token()
    first, second = answer(asked, token, "claims"), answer(asked, token, "claims")
    assert first.location == second.location
    assert len(asked.requests.decisions) == 1


def test_a_change_of_mind_after_the_answer_changes_nothing(asked) -> None:
    token = asked.consent_token()
    first, second = answer(asked, token, "claims"), answer(asked, token, say="deny")
    assert second.location == first.location
    assert asked.requests.refusals == 0


@pytest.mark.parametrize("token", ["", "wrong", "é", "A" * 43])
def test_a_form_of_another_site_decides_nothing(asked, token: str) -> None:
    asked.consent_token()
    assert answer(asked, token, "claims").status_code == 400
    assert asked.client.post("/login/request-1/cancel", data={"token": token}).status_code == 400
    assert (asked.requests.decisions, asked.requests.refusals) == ([], 0)


def test_another_browser_can_neither_see_nor_answer(asked) -> None:
    token = asked.consent_token()
    asked.client.set_cookie("facade_request", "another-browser")
    assert asked.client.get("/login/request-1/consent").status_code == 400
    assert answer(asked, token, "claims").status_code == 400
    assert asked.requests.decisions == []


def test_consent_is_not_shown_before_the_log_in(stage) -> None:
    stage.form()
    assert stage.client.get("/login/request-1/consent").status_code == 400


def test_an_audit_trail_that_cannot_be_written_stops_the_decision(asked) -> None:
    token = asked.consent_token()

    def broken(event: object) -> None:
        raise OSError("disk full")

    object.__setattr__(asked.desk, "record", broken)
    with pytest.raises(OSError, match="disk full"):
        answer(asked, token, "claims")
    assert asked.requests.decisions == []
    object.__setattr__(asked.desk, "record", asked.events.append)
    assert answer(asked, token, "claims").status_code == 303


def test_the_form_may_lead_to_the_app_that_asked_and_nowhere_else(asked) -> None:
    policy = asked.client.get("/login/request-1/consent").headers["Content-Security-Policy"]
    assert policy.endswith("form-action 'self' https://budget.example")


def test_the_page_says_when_access_ends_in_both_languages(asked) -> None:
    assert "until December 22, 2027" in asked.client.get("/login/request-1/consent").text
    assert "hasta el 22 de diciembre de 2027" in asked.client.get("/login/request-1/consent?lang=es").text


def test_a_granular_request_names_the_kinds_of_claims(stage) -> None:
    scope = "patient/ExplanationOfBenefit.rs?type=http://terminology.hl7.org/CodeSystem/claim-type|pharmacy"
    stage.requests.request = replace(stage.requests.request, scopes=Scopes.parse(scope))
    stage.log_in()
    assert "Only these kinds of claims: pharmacy." in stage.client.get("/login/request-1/consent").text
