"""Production: asked for by a developer, decided by people, every step with who, when and why."""

from __future__ import annotations

import pytest

from fhir_facade.oauth.registry import find_app
from fhir_facade.registry.faults import NotNow
from fhir_facade.registry.reviews import MOVES, OPERATOR
from fhir_facade.store.apps import Apps
from fhir_facade.store.secrets import hash_of
from tests.web.portal.stage import YES, Browser, Stage


def decide(browser: Browser, review_id: str, action: str, **values: str):
    browser.get(f"/review/{review_id}")
    return browser.send(f"/review/{review_id}", action=action, **values)


def state(stage: Stage, review_id: str) -> str:
    found = stage.registry.reviews.find(review_id)
    assert found
    return found[0].state


def test_a_request_leads_through_a_review_to_a_production_key(stage: Stage, ada: Browser, asked: str) -> None:
    reviewer = stage.staff()
    assert "Budget Buddy" in reviewer.get("/review").text
    decide(reviewer, asked, "take")
    page = decide(reviewer, asked, "approve")
    assert "Approved" in page.text
    found = stage.registry.reviews.find(asked)
    assert found
    review, steps = found
    app = find_app(stage.store, review.production_app_id or "")
    assert app is not None
    assert (app.environment, app.state, app.redirect_uris) == (
        "production",
        "active",
        ("https://app.example/callback",),
    )
    assert [(step.state, step.role) for step in steps] == [
        ("submitted", "developer"),
        ("in-review", "reviewer"),
        ("approved", "reviewer"),
    ]
    assert "Rita Okafor" in page.text
    assert stage.outcomes("app-review") == ["submitted", "in-review", "approved"]
    ada.get(f"/developers/apps/{review.app_id}")
    assert ada.shown("production-client-id") == app.app_id


def test_every_step_sends_a_letter_to_the_developer(stage: Stage, ada: Browser, asked: str) -> None:
    for action, why in [("take", ""), ("ask", "Which states?"), ("", ""), ("take", ""), ("approve", "")]:
        if action:
            stage.registry.reviews.move(asked, action, OPERATOR, why)
        else:
            ada.request(stage.registry.reviews.all()[0].app_id)
    for action in ("suspend", "reinstate", "retire"):
        stage.registry.reviews.move(asked, action, OPERATOR, "because")
    subjects = [letter.splitlines()[1] for letter in ada.letters()][1:]
    assert subjects == [
        f"Budget Buddy: {name}"
        for name in (
            "Submitted",
            "In review",
            "More information needed",
            "Submitted",
            "In review",
            "Approved",
            "Suspended",
            "Approved",
            "Retired",
        )
    ]
    assert "Which states?" in ada.letters()[3]


def test_the_production_secret_is_made_by_the_developer_and_shown_once(stage: Stage, ada: Browser, asked: str) -> None:
    stage.registry.reviews.move(asked, "take", OPERATOR)
    key = stage.registry.reviews.move(asked, "approve", OPERATOR).production_app_id
    app_id = stage.registry.reviews.all()[0].app_id
    assert "This key has no secret yet" in ada.get(f"/developers/apps/{app_id}").text
    ada.send(f"/developers/apps/{app_id}/secret", client_id=key)
    assert "no secret yet" not in ada.page.text
    with stage.store.read() as connection:
        good = Apps(connection).secret_hashes(str(key), stage.clock.now)
    assert list(good) == [hash_of(ada.shown("production-secret"))]
    assert "production-secret" not in ada.get(f"/developers/apps/{app_id}").text


def test_a_production_request_needs_a_second_factor(stage: Stage) -> None:
    browser = stage.browser().developer()
    app_id = browser.register()
    assert browser.get(f"/developers/apps/{app_id}/production").status_code == 409
    assert "Add a second factor" in browser.page.text


def test_a_denial_names_one_of_the_configured_reasons(stage: Stage, ada: Browser, asked: str) -> None:
    reviewer = stage.staff()
    decide(reviewer, asked, "take")
    for wrong in ("", "We do not like it."):
        assert decide(reviewer, asked, "deny", reason=wrong).status_code == 422
        assert "Choose one of the reasons" in reviewer.page.text
    assert state(stage, asked) == "in-review"
    decide(reviewer, asked, "deny", reason=stage.registry.reviews.reasons[0])
    assert state(stage, asked) == "denied"
    assert stage.registry.reviews.reasons[0] in ada.letters()[-1]
    assert stage.registry.reviews.all()[0].production_app_id is None


def test_a_reason_is_needed_where_the_developer_must_know_why(stage: Stage, asked: str) -> None:
    reviewer = stage.staff()
    decide(reviewer, asked, "take")
    assert decide(reviewer, asked, "ask", why="  ").status_code == 422
    assert state(stage, asked) == "in-review"


def test_two_reviewers_who_decide_at_once_take_one_step(stage: Stage, asked: str) -> None:
    stage.registry.reviews.move(asked, "take", OPERATOR)
    first, second = stage.staff(), stage.staff(address="sam@agency.example")
    first.get(f"/review/{asked}")
    second.get(f"/review/{asked}")
    first.send(f"/review/{asked}", action="approve")
    reason = stage.registry.reviews.reasons[0]
    assert second.send(f"/review/{asked}", action="deny", reason=reason).status_code == 409
    assert "Somebody else was faster" in second.page.text
    assert state(stage, asked) == "approved"


def test_a_decision_sent_twice_is_one_step(stage: Stage, asked: str) -> None:
    reviewer = stage.staff()
    reviewer.get(f"/review/{asked}")
    page = reviewer.page
    for _ in range(2):
        reviewer.page = page
        assert reviewer.send(f"/review/{asked}", action="take").status_code == 200
    assert stage.outcomes("app-review") == ["submitted", "in-review"]


def test_a_suspended_key_stops_and_works_again_when_reinstated(stage: Stage, asked: str) -> None:
    stage.registry.reviews.move(asked, "take", OPERATOR)
    key = stage.registry.reviews.move(asked, "approve", OPERATOR).production_app_id or ""
    states = []
    for action in ("suspend", "reinstate", "suspend", "retire"):
        stage.registry.reviews.move(asked, action, OPERATOR, "because")
        app = find_app(stage.store, key)
        assert app is not None
        states.append(app.state)
    assert states == ["suspended", "active", "suspended", "retired"]


@pytest.mark.parametrize("action", sorted(MOVES))
@pytest.mark.parametrize("walked", [(), ("take",), ("take", "deny"), ("take", "approve", "retire")])
def test_a_step_is_taken_from_its_own_states_alone(
    stage: Stage, asked: str, action: str, walked: tuple[str, ...]
) -> None:
    reason = stage.registry.reviews.reasons[0]
    for step in walked:
        stage.registry.reviews.move(asked, step, OPERATOR, reason)
    before = state(stage, asked)
    if before in MOVES[action].before:
        assert stage.registry.reviews.move(asked, action, OPERATOR, reason).state == MOVES[action].after
    else:
        with pytest.raises(NotNow):
            stage.registry.reviews.move(asked, action, OPERATOR, reason)
        assert state(stage, asked) == before


def test_a_change_of_an_approved_app_keeps_its_client_id(stage: Stage, ada: Browser, asked: str) -> None:
    stage.registry.reviews.move(asked, "take", OPERATOR)
    key = stage.registry.reviews.move(asked, "approve", OPERATOR).production_app_id or ""
    app_id = stage.registry.reviews.all()[0].app_id
    ada.get(f"/developers/apps/{app_id}/production")
    ada.send(f"/developers/apps/{app_id}/production", **YES, redirects="https://app.example/moved")
    app = find_app(stage.store, key)
    assert app is not None
    assert app.redirect_uris == ("https://app.example/callback",), "nothing changes before the approval"
    change = stage.registry.reviews.all(["submitted"])[0]
    stage.registry.reviews.move(change.review_id, "take", OPERATOR)
    assert stage.registry.reviews.move(change.review_id, "approve", OPERATOR).production_app_id == key
    app = find_app(stage.store, key)
    assert app is not None
    assert app.redirect_uris == ("https://app.example/moved",)
    assert state(stage, asked) == "replaced"


def test_there_is_one_open_request_of_an_app(stage: Stage, ada: Browser, asked: str) -> None:
    ada.request(stage.registry.reviews.all()[0].app_id)
    assert ada.page.status_code == 409
    assert len(stage.registry.reviews.all()) == 1


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"redirects": "http://localhost:3000/callback"}, "production needs https"),
        ({"redirects": "http://app.example/"}, "http is allowed for localhost only"),
        ({"redirects": ""}, "at least one redirect address"),
        ({"attest-sale": ""}, "Answer each question"),
        ({"attest-sale": "perhaps"}, "Answer each question"),
    ],
)
def test_a_faulty_request_is_explained_and_not_kept(stage: Stage, ada: Browser, changed, said: str) -> None:
    app_id = ada.register()
    ada.get(f"/developers/apps/{app_id}/production")
    values = YES | {"redirects": "https://app.example/callback"} | changed
    assert ada.send(f"/developers/apps/{app_id}/production", **values).status_code == 422
    assert said in ada.page.text
    assert stage.registry.reviews.all() == []


def test_production_needs_a_website_and_a_privacy_policy(stage: Stage, ada: Browser) -> None:
    app_id = ada.register(website="", privacy_url="")
    assert ada.request(app_id).status_code == 422
    assert "needs the website" in ada.page.text
    assert "needs the privacy policy" in ada.page.text


def test_developers_see_no_reviews(stage: Stage, ada: Browser, asked: str) -> None:
    for path in ("/review", f"/review/{asked}"):
        assert ada.get(path).status_code == 403
    ada.get("/developers/apps")
    assert ada.send(f"/review/{asked}", action="approve").status_code == 403
    assert state(stage, asked) == "submitted"


def test_staff_see_nothing_without_a_second_factor(stage: Stage, asked: str) -> None:
    link = stage.registry.accounts.invite("rita@agency.example", "Rita", "reviewer").removeprefix("http://localhost")
    browser = stage.browser()
    browser.get(link)
    browser.send(link, password="rain over the quiet harbour")
    browser.log_in("rita@agency.example")
    assert browser.client.get(f"/review/{asked}").location == "/developers/second-factor"


def test_an_auditor_reads_and_decides_nothing(stage: Stage, asked: str) -> None:
    auditor = stage.staff("auditor")
    assert "Take into review" not in auditor.get(f"/review/{asked}").text
    assert auditor.send(f"/review/{asked}", action="take").status_code == 403
    assert state(stage, asked) == "submitted"


def test_nobody_decides_about_an_own_app(stage: Stage) -> None:
    reviewer = stage.staff()
    reviewer.request(reviewer.register())
    review = stage.registry.reviews.all()[0]
    assert "Take into review" not in reviewer.get(f"/review/{review.review_id}").text
    assert reviewer.send(f"/review/{review.review_id}", action="take").status_code == 409


def test_the_directory_lists_approved_apps_alone(stage: Stage, asked: str) -> None:
    visitor = stage.browser()
    assert "No app is approved yet" in visitor.get("/apps").text
    stage.registry.reviews.move(asked, "take", OPERATOR)
    stage.registry.reviews.move(asked, "approve", OPERATOR)
    assert "Budget Buddy" in visitor.get("/apps").text
    (entry,) = visitor.get("/.well-known/applications").json["applications"]
    assert (entry["name"], entry["attested"], entry["privacy_url"]) == (
        "Budget Buddy",
        True,
        "https://app.example/privacy",
    )
    stage.registry.reviews.move(asked, "suspend", OPERATOR, "because")
    assert visitor.get("/.well-known/applications").json == {"applications": []}


def test_a_history_reads_in_spanish_too(stage: Stage, asked: str) -> None:
    stage.registry.reviews.move(asked, "take", OPERATOR)
    stage.registry.reviews.move(asked, "deny", OPERATOR, stage.registry.reviews.reasons[0])
    reviewer = stage.staff()
    reviewer.language = "es"
    page = reviewer.get(f"/review/{asked}").text
    assert "Rechazada" in page
    assert "No se pudo identificar" in page


def test_a_form_of_another_site_decides_nothing(stage: Stage, asked: str) -> None:
    reviewer = stage.staff()
    assert reviewer.client.post(f"/review/{asked}", data={"csrf": "x", "action": "take"}).status_code == 400
    assert state(stage, asked) == "submitted"


def test_the_queue_is_paged_and_loses_nobody(stage: Stage, ada: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fhir_facade.web.reviews.PAGE", 2)
    for number in range(5):
        ada.request(ada.register(name=f"App {number}"))
    reviewer = stage.staff()
    pages = [reviewer.get(f"/review?page={page}").text for page in (1, 2, 3)]
    assert ["App" in page and page.count('<th scope="row">') for page in pages] == [2, 2, 1]
    assert "Page 1 of 3" in pages[0]
    assert reviewer.get("/review?page=x").status_code == 200
