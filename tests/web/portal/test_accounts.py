"""Accounts: verified addresses, passwords, second factors, recovery, lockout, sessions, forms of other sites."""

from __future__ import annotations

import pytest

from fhir_facade.contracts import totp
from tests.web.portal.stage import PASSWORD, Stage, build

ADA = "ada@buddy.example"


def test_an_account_works_once_its_address_is_verified(stage: Stage) -> None:
    browser = stage.browser()
    browser.get("/developers/sign-up")
    browser.send("/developers/sign-up", email=ADA, name="Ada", organization="Buddy", password=PASSWORD)
    verify = browser.newest_link()
    assert "Look into your mailbox" in browser.log_in(ADA).text
    again = browser.newest_link()
    assert again != verify
    browser.get(verify)
    assert browser.send(verify).status_code == 400
    browser.get(again)
    assert "confirmed" in browser.send(again).text
    assert "My apps" in browser.log_in(ADA).text


def test_opening_the_link_alone_verifies_nothing(stage: Stage) -> None:
    browser = stage.browser()
    browser.get("/developers/sign-up")
    browser.send("/developers/sign-up", email=ADA, name="Ada", organization="Buddy", password=PASSWORD)
    browser.get(browser.newest_link())
    assert "mailbox" in browser.log_in(ADA).text


def test_a_second_sign_up_of_an_address_looks_the_same_and_sends_another_letter(stage: Stage) -> None:
    stage.browser().sign_up(ADA)
    stranger = stage.browser()
    stranger.get("/developers/sign-up")
    typed = {"email": ADA.upper(), "name": "Eve", "organization": "Evil", "password": "a very different pass"}
    page = stranger.send("/developers/sign-up", **typed)
    assert (page.status_code, "Look into your mailbox" in page.text) == (200, True)
    assert "You have an account already" in stranger.letters()[-1]
    assert stage.browser().log_in(ADA, "a very different pass").status_code == 403


def test_recovery_says_the_same_for_known_and_unknown_addresses(stage: Stage) -> None:
    stage.browser().sign_up(ADA)
    pages = []
    for address in (ADA, "nobody@buddy.example"):
        browser = stage.browser()
        browser.get("/developers/recover")
        pages.append(browser.send("/developers/recover", email=address).text.replace(address, "…"))
    assert [page.partition("<main")[2] for page in pages[:1]] == [page.partition("<main")[2] for page in pages[1:]]
    assert len([letter for letter in browser.letters() if "Set a new password" in letter]) == 1


def test_recovery_sets_a_password_once_and_ends_every_session(stage: Stage) -> None:
    thief = stage.browser().developer(ADA)
    owner = stage.browser()
    owner.get("/developers/recover")
    owner.send("/developers/recover", email=ADA)
    link = owner.newest_link()
    owner.get(link)
    owner.send(link, password="clouds above a green valley")
    assert "/developers/log-in" in thief.client.get("/developers/apps").location
    assert owner.get(link).status_code == 400
    assert owner.log_in(ADA).status_code == 403
    assert "My apps" in owner.log_in(ADA, "clouds above a green valley").text


def test_a_recovery_link_ends_after_a_day(stage: Stage) -> None:
    browser = stage.browser()
    browser.sign_up(ADA)
    browser.get("/developers/recover")
    browser.send("/developers/recover", email=ADA)
    stage.clock.now += 24 * 3600 + 1
    assert browser.get(browser.newest_link()).status_code == 400


def test_eight_wrong_passwords_lock_the_account_for_a_while(stage: Stage) -> None:
    browser = stage.browser()
    browser.sign_up(ADA)
    for _ in range(8):
        assert browser.log_in(ADA, "wrong wrong wrong").status_code == 403
    assert browser.log_in(ADA).status_code == 403
    stage.clock.now += 901
    assert "My apps" in browser.log_in(ADA).text


def test_the_session_changes_at_log_in_and_at_the_second_factor(stage: Stage) -> None:
    browser = stage.browser()
    browser.sign_up(ADA)
    seen = [browser.client.get_cookie("facade-developer").value]  # type: ignore[union-attr]
    browser.log_in(ADA)
    seen.append(browser.client.get_cookie("facade-developer").value)  # type: ignore[union-attr]
    browser.add_second_factor()
    seen.append(browser.client.get_cookie("facade-developer").value)  # type: ignore[union-attr]
    assert len(set(seen)) == 3
    cookie = browser.client.get_cookie("facade-developer")
    assert cookie is not None
    assert (cookie.http_only, cookie.same_site) == (True, "Lax")


def test_a_second_factor_is_asked_at_every_log_in_and_a_code_counts_once(stage: Stage) -> None:
    browser = stage.browser().developer(ADA)
    browser.add_second_factor()
    code = totp.code_at(browser.key, stage.clock.now // totp.STEP_S)
    other = stage.browser()
    other.log_in(ADA)
    assert "One-time code" in other.page.text
    assert other.client.get("/developers/apps").location == "/developers/code"
    assert other.send("/developers/code", code=code).status_code == 403
    assert "My apps" in other.send("/developers/code", code=browser.code()).text


def test_wrong_codes_lock_the_account(stage: Stage) -> None:
    browser = stage.browser().developer(ADA)
    browser.add_second_factor()
    other = stage.browser()
    other.log_in(ADA)
    for _ in range(8):
        other.send("/developers/code", code="000000")
    assert "Too many wrong codes" in other.send("/developers/code", code=browser.code()).text


def test_a_wrong_first_code_adds_no_second_factor(stage: Stage) -> None:
    browser = stage.browser().developer(ADA)
    browser.get("/developers/second-factor")
    page = browser.send("/developers/second-factor", key=browser.hidden("key"), code="1")
    assert page.status_code == 403
    assert "No" in browser.get("/developers/account").text


def test_logging_out_ends_the_session_on_the_server(stage: Stage) -> None:
    browser = stage.browser().developer(ADA)
    kept = browser.client.get_cookie("facade-developer").value  # type: ignore[union-attr]
    browser.send("/developers/log-out")
    browser.client.set_cookie("facade-developer", kept)
    assert browser.client.get("/developers/apps").location == "/developers/log-in"


@pytest.mark.parametrize(
    "path", ["/developers/sign-up", "/developers/log-in", "/developers/recover", "/developers/log-out"]
)
def test_a_form_of_another_site_does_nothing(stage: Stage, path: str) -> None:
    browser = stage.browser().developer(ADA)
    before = len(browser.letters())
    answer = browser.client.post(path, data={"csrf": "x", "email": ADA, "password": PASSWORD})
    assert answer.status_code == 400
    assert "no longer valid" in answer.text
    assert len(browser.letters()) == before
    assert browser.get("/developers/apps").status_code == 200


def test_a_form_that_is_sent_twice_sends_one_letter(stage: Stage) -> None:
    browser = stage.browser()
    browser.get("/developers/sign-up")
    first = browser.page
    for _ in range(2):
        browser.page = first
        browser.send("/developers/sign-up", email=ADA, name="Ada", organization="Buddy", password=PASSWORD)
        assert "Look into your mailbox" in browser.page.text
    assert len(browser.letters()) == 1


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("email", "no address", "Enter an e-mail address"),
        ("email", "a@b\r\nBcc: everybody@example.org", "Enter an e-mail address"),
        ("name", "", "Enter your name"),
        ("organization", "x" * 201, "Enter the organization"),
        ("password", "short", "12 to 256 characters"),
        ("password", "ada.lovelace at work", "must not contain"),
        ("password", "aaaaaaaaaaaaaaaa", "too plain"),
    ],
)
def test_a_fault_stands_beside_its_field_and_in_the_summary(stage: Stage, field: str, value: str, said: str) -> None:
    browser = stage.browser()
    browser.get("/developers/sign-up")
    typed = {"email": "ada.lovelace@buddy.example", "name": "Ada", "organization": "Buddy", "password": PASSWORD}
    page = browser.send("/developers/sign-up", **typed | {field: value})
    assert page.status_code == 422
    assert page.text.count(said) == 2 + (said in "12 to 256 characters")
    assert f'href="#{field}"' in page.text
    assert 'aria-invalid="true"' in page.text
    assert browser.letters() == []


def test_html_in_a_name_is_text(stage: Stage) -> None:
    browser = stage.browser()
    browser.get("/developers/sign-up")
    page = browser.send("/developers/sign-up", email="x", name="<script>", organization='"><b>', password=PASSWORD)
    assert "<script>" not in page.text
    assert "&lt;script&gt;" in page.text


def test_nobody_signs_up_where_it_is_closed(tmp_path) -> None:
    stage = build(tmp_path, sign_up=False)
    assert stage.browser().get("/developers/sign-up").status_code == 403
    stage.store.close()


def test_a_dump_of_the_store_names_nobody_and_opens_nothing(stage: Stage, tmp_path) -> None:
    browser = stage.browser().developer(ADA)
    browser.add_second_factor()
    token = browser.client.get_cookie("facade-developer").value  # type: ignore[union-attr]
    stage.store.close()
    dump = b"".join(path.read_bytes() for path in tmp_path.glob("store.db*"))
    for secret in (ADA, "Ada Reyes", "Buddy Inc.", PASSWORD, token, browser.key, browser.newest_link()[-43:]):
        assert secret.encode() not in dump


def test_every_step_of_an_account_is_in_the_audit_trail(stage: Stage) -> None:
    browser = stage.browser().developer(ADA)
    browser.add_second_factor()
    assert [event.detail for event in stage.events] == ["sign-up", "e-mail verified", "log-in", "second factor"]
    assert all(ADA not in str(event) for event in stage.events)


def test_a_step_that_cannot_be_recorded_does_not_happen(stage: Stage) -> None:
    from fhir_facade.store.audit import AuditUnavailable

    def refuse(event: object) -> None:
        raise AuditUnavailable("no trail")

    object.__setattr__(stage.registry.accounts, "_record", refuse)
    browser = stage.browser()
    browser.get("/developers/sign-up")
    page = browser.send("/developers/sign-up", email=ADA, name="Ada", organization="B", password=PASSWORD)
    assert page.status_code == 503
    assert page.headers["Retry-After"] == "30"
    assert browser.letters() == []


def test_the_pages_speak_spanish(stage: Stage) -> None:
    browser = stage.browser("es")
    browser.get("/developers/sign-up")
    assert "Crear una cuenta de desarrollador" in browser.page.text
    browser.send("/developers/sign-up", email=ADA, name="Ada", organization="B", password=PASSWORD)
    assert "Confirme su correo electrónico" in browser.letters()[-1]
