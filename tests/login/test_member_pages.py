"""The member's own pages: log in without an app, see who may see what, stop it."""

from __future__ import annotations

import pytest

from fhir_facade.access.scopes import Scopes
from fhir_facade.login.consent import SUBSTANCE_USE
from fhir_facade.web.language import LANGUAGES, catalog
from fhir_facade.web.members import members_blueprint
from fhir_facade.web.portal import PortalRequests
from fhir_facade.web.sharings import Sharing
from tests.login.conftest import NOBODY


class Grants:
    def __init__(self) -> None:
        scopes = Scopes.parse("patient/Coverage.rs patient/ExplanationOfBenefit.rs")
        usual = {"app_id": "budget", "app": "Budget <Buddy>", "scopes": scopes, "since": 1_790_000_000, "once": False}
        self.of_member = {
            "m-1": [Sharing(grant_id="g-1", until=1_820_000_000, withheld=frozenset(), **usual)],
            "m-2": [Sharing(grant_id="g-2", until=None, withheld=frozenset({SUBSTANCE_USE}), **usual)],
        }
        self.stopped: list[str] = []
        self.narrowed: list[tuple[str, str, frozenset[str]]] = []

    def of(self, patient: str) -> list[Sharing]:
        return [one for one in self.of_member.get(patient, []) if one.grant_id not in self.stopped]

    def stop(self, grant_id: str) -> None:
        self.stopped.append(grant_id)

    def narrow(self, grant_id: str, scopes: Scopes, withheld: frozenset[str]) -> None:
        self.narrowed.append((grant_id, str(scopes), withheld))


@pytest.fixture
def mine(stage):
    """The stage with the member's pages, and the grants it shows as ``stage.grants``."""
    desk = stage.desk
    portal = PortalRequests(stage.requests, desk.keys, "http://localhost/", "Example Health Plan", desk.flow.now)
    object.__setattr__(desk, "requests", portal)
    stage.grants = Grants()
    stage.app.register_blueprint(members_blueprint(desk, portal, stage.grants))
    return stage


def begin(mine) -> str:
    """Where the form that begins a log-in leads."""
    token = mine.hidden(mine.client.get("/members").text, "token")
    return mine.client.post("/members/log-in", data={"token": token}).location


def log_in(mine):
    start = begin(mine)
    form = mine.client.get(f"{start}/with/password")
    answer = {"state": mine.hidden(form.text, "state"), "username": "maria", "password": "right"}
    enter = mine.client.post("/login/callback", data=answer).location
    assert enter.startswith("/members/enter/me-")
    return enter, mine.client.get(enter)


def test_the_list_shows_the_members_apps_and_nobody_elses(mine) -> None:
    assert "Log in to see" in mine.client.get("/members").text
    _, entered = log_in(mine)
    assert entered.location == "/members"
    page = mine.client.get("/members").text
    assert "Budget &lt;Buddy&gt;" in page
    assert "Your coverage, Your claims" in page
    assert "g-1" in page
    assert "g-2" not in page


def test_stop_sharing_ends_the_grant_and_is_written_down(mine) -> None:
    log_in(mine)
    token = mine.hidden(mine.client.get("/members").text, "token")
    assert mine.client.post("/members/stop", data={"token": token, "grant": "g-1"}).status_code == 303
    assert mine.grants.stopped == ["g-1"]
    assert mine.outcomes()[-1] == "stopped-sharing"
    assert "No app may see" in mine.client.get("/members").text


@pytest.mark.parametrize("grant", ["g-2", "", "none"])
def test_another_members_grant_cannot_be_stopped(mine, grant: str) -> None:
    log_in(mine)
    token = mine.hidden(mine.client.get("/members").text, "token")
    mine.client.post("/members/stop", data={"token": token, "grant": grant})
    assert mine.grants.stopped == []


def test_a_form_of_another_site_stops_nothing(mine) -> None:
    log_in(mine)
    assert mine.client.post("/members/stop", data={"token": "x", "grant": "g-1"}).status_code == 400
    assert mine.grants.stopped == []


def narrow(mine, *share: str, grant: str = "g-1"):
    token = mine.hidden(mine.client.get("/members").text, "token")
    return mine.client.post("/members/narrow", data={"token": token, "grant": grant, "share": list(share)})


def test_a_member_leaves_an_app_less_than_it_sees(mine) -> None:
    log_in(mine)
    assert narrow(mine, "coverage").status_code == 303
    assert mine.grants.narrowed == [("g-1", "patient/Coverage.rs", frozenset({SUBSTANCE_USE}))]
    assert mine.outcomes()[-1] == "narrowed-sharing"


def test_what_members_do_with_their_sharing_has_words_for_the_operator(mine) -> None:
    log_in(mine)
    narrow(mine, "coverage")
    token = mine.hidden(mine.client.get("/members").text, "token")
    mine.client.post("/members/stop", data={"token": token, "grant": "g-1"})
    done = mine.outcomes()[-2:]
    assert done == ["narrowed-sharing", "stopped-sharing"]
    assert all(f"outcomes.is_{outcome}" in catalog(language) for outcome in done for language in LANGUAGES)


def test_leaving_everything_as_it_is_changes_nothing(mine) -> None:
    log_in(mine)
    narrow(mine, "coverage", "claims", "substance-use", "personal", "sharing")
    assert mine.grants.narrowed == []


def test_leaving_nothing_is_explained_and_changes_nothing(mine) -> None:
    log_in(mine)
    answer = narrow(mine)
    assert answer.status_code == 400
    assert "Leave at least one box ticked" in answer.text
    assert 'href="/members?lang=es"' in answer.text
    assert mine.grants.narrowed == []


@pytest.mark.parametrize("grant", ["g-2", "", "none"])
def test_another_members_grant_cannot_be_narrowed(mine, grant: str) -> None:
    log_in(mine)
    assert narrow(mine, "claims", grant=grant).status_code == 400
    assert mine.grants.narrowed == []


def test_who_acts_for_several_goes_from_one_to_the_other(mine) -> None:
    mine.members.by_identifier[("medicaid-id", "A1")] = ["Patient/m-1", "RelatedPerson/r-1"]
    mine.members.acting["RelatedPerson/r-1"] = ["m-2"]
    mine.members.names["m-2"] = "Bea Lopez"
    choose = log_in_as(mine, "0")
    assert "Choose whose apps you want to see" in choose
    page = mine.client.get("/members").text
    assert "You see the apps of Maria Lopez" in page
    assert "Go to Bea Lopez" in page
    for number in (*NOBODY, "1", *NOBODY):
        sent = mine.client.post("/members/person", data={"token": mine.hidden(page, "token"), "person": number})
        assert sent.location == "/members"
    page = mine.client.get("/members").text
    assert "You act for Bea Lopez" in page
    assert "g-2" in page
    assert "g-1" not in page
    mine.members.acting.clear()
    token = mine.hidden(page, "token")
    mine.client.post("/members/person", data={"token": token, "person": "0"})
    assert mine.client.post("/members/person", data={"token": token, "person": "1"}).status_code == 404


@pytest.mark.parametrize("step", ["stop", "narrow"])
def test_a_form_from_before_another_person_was_chosen_says_that_nothing_changed(mine, step: str) -> None:
    mine.members.by_identifier[("medicaid-id", "A1")] = ["Patient/m-1", "RelatedPerson/r-1"]
    mine.members.acting["RelatedPerson/r-1"] = ["m-2"]
    log_in_as(mine, "0")
    page = mine.client.get("/members").text
    form = {name: mine.hidden(page, name) for name in ("token", "whose", "grant")}
    mine.client.post("/members/person", data={"token": form["token"], "person": "1"})
    answer = mine.client.post(f"/members/{step}", data=form | {"share": "coverage"})
    assert answer.status_code == 400
    assert "Nothing was changed" in answer.text
    assert mine.grants.stopped == mine.grants.narrowed == []


def test_stop_sharing_pressed_twice_leads_to_the_list(mine) -> None:
    log_in(mine)
    page = mine.client.get("/members").text
    form = {name: mine.hidden(page, name) for name in ("token", "whose", "grant")}
    assert [mine.client.post("/members/stop", data=form).status_code for _ in range(2)] == [303, 303]
    assert mine.grants.stopped == ["g-1"]


def log_in_as(mine, person: str) -> str:
    """The page of the choice, and then into the pages of that person."""
    start = begin(mine)
    form = mine.client.get(f"{start}/with/password")
    answer = {"state": mine.hidden(form.text, "state"), "username": "maria", "password": "right"}
    choose = mine.client.post("/login/callback", data=answer).location
    page = mine.client.get(choose).text
    chosen = {"token": mine.hidden(page, "token"), "person": person}
    mine.client.get(mine.client.post(choose, data=chosen).location)
    return page


def test_a_log_in_without_an_app_never_speaks_of_going_back_to_one(mine) -> None:
    start = begin(mine)
    form = mine.client.get(f"{start}/with/password")
    wrong = {"state": mine.hidden(form.text, "state"), "username": "maria", "password": "wrong"}
    pages = [mine.client.get(start), form, mine.client.post("/login/callback", data=wrong)]
    pages.append(mine.client.get(f"{start}/ended/denied"))
    assert all(f'action="{start}/cancel"' in page.text for page in pages)
    assert not any("back to the app" in page.text for page in pages)
    mine.members.by_identifier[("medicaid-id", "A1")] = ["Patient/m-1", "RelatedPerson/r-1"]
    mine.members.acting["RelatedPerson/r-1"] = ["m-2"]
    assert "back to the app" not in log_in_as(mine, "0")


def test_a_visit_is_entered_once(mine) -> None:
    enter, _ = log_in(mine)
    assert mine.client.get(enter).status_code == 400


def test_logging_out_ends_the_session_on_the_server(mine) -> None:
    log_in(mine)
    kept = mine.client.get_cookie("facade_member").value
    token = mine.hidden(mine.client.get("/members").text, "token")
    mine.client.post("/members/log-out", data={"token": token})
    mine.client.set_cookie("facade_member", kept)
    assert "Log in to see" in mine.client.get("/members").text


@pytest.mark.parametrize("session", ["", "x", "é", "AAAA" * 30])
def test_an_invented_session_shows_nothing(mine, session: str) -> None:
    mine.client.set_cookie("facade_member", session)
    assert "Log in to see" in mine.client.get("/members").text


def test_a_members_own_visit_grants_nothing_to_anybody(mine) -> None:
    start = begin(mine)
    log_in(mine)
    assert mine.client.get(f"{start}/consent").status_code == 400


def test_another_browser_cannot_use_a_members_visit(mine) -> None:
    start = begin(mine)
    mine.client.set_cookie("facade_request", "another-browser")
    assert mine.client.get(start).status_code == 400


def test_cancel_leads_to_the_front_page(mine) -> None:
    start = begin(mine)
    page = mine.client.get(start).text
    back = mine.client.post(f"{start}/cancel", data={"token": mine.hidden(page, "token")})
    assert back.location == "http://localhost/"


def test_logging_out_goes_on_to_the_log_in_system(mine) -> None:
    type(mine.door).logout_url = lambda self, back_to: f"https://idp.example/end?back={back_to}"
    try:
        log_in(mine)
        page = mine.client.get("/members")
        assert page.headers["Content-Security-Policy"].endswith("form-action 'self' https://idp.example")
        gone = mine.client.post("/members/log-out", data={"token": mine.hidden(page.text, "token")})
        assert gone.location == "https://idp.example/end?back=http://localhost/"
        assert "Log in to see" in mine.client.get("/members").text
    finally:
        del type(mine.door).logout_url
