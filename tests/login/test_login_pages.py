"""From an app's request to the consent page, and every way in which that must not work."""

from __future__ import annotations

import re

import pytest

from fhir_facade.contracts.identity import Assurance
from fhir_facade.web.language import catalog
from tests.login.conftest import NOBODY


def text(key: str) -> str:
    return catalog("en")[f"stopped.{key}_title"]


def test_a_member_logs_in_and_is_asked_for_consent(stage) -> None:
    answer = stage.log_in()
    assert (answer.status_code, answer.location) == (303, "/login/request-1/consent")
    page = stage.client.get(answer.location)
    assert "Maria Lopez" in page.text
    assert stage.outcomes() == ["one"]


def test_several_log_ins_are_chosen_on_one_page(stage) -> None:
    page = stage.client.get("/login/request-1")
    assert page.status_code == 200
    assert "/login/request-1/with/password" in page.text
    assert "/login/request-1/with/far" in page.text


def test_the_name_of_an_app_is_text_and_never_markup(stage) -> None:
    page = stage.client.get("/login/request-1").text
    assert "Budget &lt;Buddy&gt;" in page
    assert "Budget <Buddy>" not in page


def test_a_wrong_password_shows_the_form_again_and_counts(stage) -> None:
    answer = stage.log_in("wrong")
    assert answer.status_code == 403
    assert catalog("en")["form.denied"] in answer.text
    state = stage.hidden(answer.text, "state")
    good = stage.client.post("/login/callback", data={"state": state, "username": "maria", "password": "right"})
    assert good.status_code == 303


def test_five_wrong_passwords_end_the_visit(stage) -> None:
    for _ in range(4):
        assert stage.log_in("wrong").status_code == 403
    last = stage.log_in("wrong")
    assert last.status_code == 429
    assert last.headers["Retry-After"]
    assert stage.client.get("/login/request-1/with/password").status_code == 429
    assert "locked" in stage.outcomes()


def test_an_attempt_is_taken_once(stage) -> None:
    answer = {"state": stage.form(), "username": "maria", "password": "right"}
    assert stage.client.post("/login/callback", data=answer).status_code == 303
    again = stage.client.post("/login/callback", data=answer)
    assert again.status_code == 400
    assert text("expired") in again.text


@pytest.mark.parametrize("state", ["", "x", "é" * 50, "A" * 43, "../../etc"])
def test_an_invented_state_is_refused(stage, state: str) -> None:
    stage.form()
    answer = stage.client.get("/login/callback", query_string={"state": state, "code": "x"})
    assert answer.status_code == 400
    assert stage.members.asked == []


def test_a_state_given_twice_is_refused(stage) -> None:
    state = stage.form()
    answer = stage.client.post(f"/login/callback?state={state}", data=f"state={state}&state={state}&password=right")
    assert answer.status_code == 400


def test_another_browser_gets_nothing(stage) -> None:
    state = stage.form()
    stage.client.set_cookie("facade_request", "another-browser")
    assert stage.client.get("/login/request-1").status_code == 400
    assert stage.client.get("/login/request-1/with/password").status_code == 400
    answer = stage.client.post("/login/callback", data={"state": state, "username": "maria", "password": "right"})
    assert answer.status_code == 400
    assert stage.outcomes() == []


def test_an_unknown_request_or_provider_is_refused(stage) -> None:
    assert stage.client.get("/login/nobody-asked").status_code == 400
    assert stage.client.get("/login/request-1/with/none").status_code == 400


def test_an_answer_posted_by_another_site_waits_for_the_browser_itself(stage) -> None:
    begun = stage.client.get("/login/request-1/with/far")
    state = begun.location.partition("state=")[2]
    foreign = stage.app.test_client()
    parked = foreign.post("/login/callback", data={"RelayState": state, "password": "right", "username": "maria"})
    assert (parked.status_code, parked.location) == (303, f"/login/callback?state={state}")
    done = stage.client.get(parked.location)
    assert done.location == "/login/request-1/consent"


def test_a_parked_answer_is_of_no_use_to_another_browser(stage) -> None:
    state = stage.client.get("/login/request-1/with/far").location.partition("state=")[2]
    foreign = stage.app.test_client()
    foreign.post("/login/callback", data={"RelayState": state, "password": "right", "username": "maria"})
    assert foreign.get(f"/login/callback?state={state}").status_code == 400
    assert stage.outcomes() == []


def test_a_cancelled_log_in_elsewhere_ends_on_a_page_that_helps(stage) -> None:
    state = stage.client.get("/login/request-1/with/far").location.partition("state=")[2]
    page = stage.client.get("/login/callback", query_string={"state": state, "error": "access_denied"})
    assert page.status_code == 403
    assert text("denied") in page.text
    assert 'href="/login/request-1"' in page.text
    assert 'action="/login/request-1/cancel"' in page.text


def test_an_identity_of_another_attempt_is_rejected(stage) -> None:
    stage.door.nonce = "the nonce of somebody else"
    page = stage.log_in()
    assert (page.status_code, stage.outcomes()) == (400, ["rejected"])
    assert stage.members.asked == []


def test_evidence_of_a_megabyte_is_rejected(stage) -> None:
    stage.door.evidence = {"medicaid-id": "9" * 1_000_000}
    assert stage.log_in().status_code == 400
    assert stage.outcomes() == ["rejected"]


def test_a_plugin_that_raises_anything_logs_nobody_in(stage, caplog) -> None:
    stage.door.evidence = None  # type: ignore[assignment]
    page = stage.log_in()
    assert (page.status_code, stage.outcomes()) == (400, ["rejected"])


@pytest.mark.parametrize("stage", [Assurance(ial=2, aal=2)], indirect=True)
def test_a_weak_log_in_is_refused_before_any_member_is_looked_up(stage) -> None:
    stage.door.assurance = Assurance(ial=1, aal=2)
    page = stage.log_in()
    assert (page.status_code, stage.outcomes()) == (403, ["weak"])
    assert stage.members.asked == []
    assert text("weak") in page.text


@pytest.mark.parametrize("stage", [Assurance(ial=2, aal=2)], indirect=True)
def test_a_strong_log_in_passes_the_minimum(stage) -> None:
    stage.door.assurance = Assurance(ial=2, aal=2)
    assert stage.log_in().status_code == 303


def test_no_member_one_member_and_many_each_have_their_own_page(stage) -> None:
    stage.door.evidence = {"medicaid-id": "unknown"}
    none = stage.log_in()
    stage.members.by_identifier[("medicaid-id", "A2")] = ["Patient/m-1", "Patient/m-2"]
    stage.door.evidence = {"medicaid-id": "A2"}
    many = stage.log_in()
    assert (none.status_code, text("none") in none.text) == (404, True)
    assert (many.status_code, text("many") in many.text) == (409, True)
    assert stage.outcomes() == ["none", "many"]


def test_a_member_whom_an_operator_blocked_cannot_log_in_until_allowed_again(stage) -> None:
    stage.logins.block("Patient/m-1", 1)
    page = stage.log_in()
    assert (page.status_code, text("blocked") in page.text) == (403, True)
    stage.logins.block("Patient/m-1", None)
    assert stage.log_in().status_code == 303


def test_claims_that_are_down_give_a_page_to_come_back_to(stage) -> None:
    stage.members.down = True
    page = stage.log_in()
    assert (page.status_code, page.headers["Retry-After"]) == (503, "30")
    assert stage.outcomes() == ["unavailable"]


def test_a_representative_chooses_for_whom(stage) -> None:
    stage.members.by_identifier[("medicaid-id", "A1")] = ["Patient/m-1", "RelatedPerson/r-1"]
    stage.members.acting["RelatedPerson/r-1"] = ["m-2"]
    stage.members.names["m-2"] = "Leo Lopez"
    answer = stage.log_in()
    assert answer.location == "/login/request-1/member"
    page = stage.client.get(answer.location).text
    assert "Maria Lopez (you)" in page
    assert "Leo Lopez (you act for this person)" in page
    assert stage.client.get("/login/request-1/consent").status_code == 400
    token = stage.hidden(page, "token")
    for nobody in NOBODY:
        none = stage.client.post(answer.location, data={"token": token, "person": nobody})
        assert none.status_code == 400
    chosen = stage.client.post(answer.location, data={"token": token, "person": "1"})
    assert chosen.location == "/login/request-1/consent"
    assert "You are deciding for Leo Lopez" in stage.client.get(chosen.location).text


def test_a_representative_of_nobody_today_is_no_member(stage) -> None:
    stage.members.by_identifier[("medicaid-id", "A1")] = ["RelatedPerson/r-1"]
    assert stage.log_in().status_code == 404


def test_every_page_is_in_spanish_when_the_browser_wants_it(stage) -> None:
    by_header = stage.client.get("/login/request-1", headers={"Accept-Language": "es-PR, en;q=0.5"})
    assert by_header.headers["Content-Language"] == "es"
    assert "Inicie sesión en Example Health Plan" in by_header.text
    chosen = stage.client.get("/login/request-1?lang=es")
    assert "lang=es" in chosen.headers["Set-Cookie"]
    assert "Elija cómo" in stage.client.get("/login/request-1").text


def test_a_wrong_password_and_its_page_can_be_read_in_another_language(stage) -> None:
    wrong = stage.log_in("wrong")
    assert 'href="/login/request-1/with/password?lang=es"' in wrong.text
    page = stage.client.get("/login/request-1/with/password?lang=es")
    assert page.status_code == 200
    state = stage.hidden(page.text, "state")
    answer = stage.client.post("/login/callback", data={"state": state, "username": "maria", "password": "right"})
    assert answer.location == "/login/request-1/consent"


def test_why_a_log_in_ended_can_be_read_in_another_language(stage) -> None:
    state = stage.client.get("/login/request-1/with/far").location.partition("state=")[2]
    page = stage.client.get("/login/callback", query_string={"state": state, "error": "access_denied"})
    spanish = re.search('href="([^"]+lang=es)"', page.text)
    assert spanish
    again = stage.client.get(spanish[1])
    assert (again.status_code, again.headers["Content-Language"]) == (403, "es")
    assert catalog("es")["stopped.denied_title"] in again.text
    assert 'action="/login/request-1/cancel"' in again.text


def test_a_reason_that_is_none_or_of_another_browser_is_an_ended_page(stage) -> None:
    assert stage.client.get("/login/request-1/ended/none-such").status_code == 400
    stage.client.set_cookie("facade_request", "another-browser")
    assert stage.client.get("/login/request-1/ended/denied").status_code == 400


def test_every_page_forbids_frames_scripts_of_others_and_caches(stage) -> None:
    for page in (stage.client.get("/login/request-1"), stage.log_in("wrong"), stage.client.get("/login/x")):
        policy = page.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert page.headers["Cache-Control"] == "no-store"
        assert "<script>" not in page.text
        assert " style=" not in page.text
        assert " onclick=" not in page.text


def test_nothing_secret_and_no_identifier_lies_in_the_store(stage) -> None:
    stage.door.evidence = {"medicaid-id": "A1", "mbi": "1EG4TE5MK73"}
    stage.members.by_identifier[("mbi", "1EG4TE5MK73")] = ["Patient/m-1"]
    state = stage.client.get("/login/request-1/with/far").location.partition("state=")[2]
    stage.log_in()
    stage.logins._store.close()
    dump = b"".join(path.read_bytes() for path in stage.database.parent.iterdir())
    for secret in (state, "1EG4TE5MK73", "secret memory", "Maria", "maria"):
        assert secret.encode() not in dump
