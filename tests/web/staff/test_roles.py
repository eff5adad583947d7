"""Each role sees its own pages and no other, every look and step is written down, and no form is believed twice."""

from __future__ import annotations

import pytest

from fhir_facade.registry.people import PAGES
from tests.web.staff.office import Office

PATHS = {
    "review": "/review",
    "sources": "/staff/sources",
    "log-ins": "/staff/log-ins",
    "keys": "/staff/keys",
    "audit": "/staff/audit",
}


@pytest.mark.parametrize("role", PAGES)
def test_a_role_sees_its_pages_and_no_other(office: Office, role: str) -> None:
    browser = office.staff(role)
    home = browser.get("/staff").text
    for page, path in PATHS.items():
        answer = browser.get(path)
        assert answer.status_code == (200 if page in PAGES[role] else 403), path
        assert (f'href="{path}"' in home) is (page in PAGES[role])
        outcome = "seen" if page in PAGES[role] else "forbidden"
        assert f"{outcome} {page} as {role}" in office.staff_lines()
        if answer.status_code == 403:
            assert "Log in with an account that may" in answer.text
            assert 'href="/staff"' in answer.text


@pytest.mark.parametrize("path", ["/staff", *PATHS.values(), "/review/none", "/staff/keys/new/publish"])
def test_a_stranger_is_led_to_the_log_in_of_the_staff(office: Office, path: str) -> None:
    stranger = office.stage.browser()
    assert stranger.client.get(path).location == "/staff/log-in"
    page = stranger.get("/staff/log-in").text
    assert "a session ends after eight hours" in page
    assert 'href="/developers/log-in"' in page


def test_a_developer_sees_no_page_of_the_staff(office: Office) -> None:
    ada = office.stage.browser().developer()
    for path in ("/staff", *PATHS.values()):
        assert ada.get(path).status_code == 403


def test_a_role_that_changed_holds_at_once(office: Office) -> None:
    operator = office.staff("operator")
    assert operator.get("/staff/sources").status_code == 200
    (account,) = [one for one in office.stage.registry.accounts.staff() if one.role == "operator"]
    office.stage.registry.accounts.assign(account.email, "auditor")
    assert operator.get("/staff/audit").status_code == 200
    assert "audit as auditor" in " ".join(office.staff_lines())
    office.stage.registry.accounts.assign(account.email, None)
    assert operator.get("/staff/sources").status_code == 303, "its sessions end with its role"


@pytest.mark.parametrize("path", ["/staff/audit", "/staff/audit/check", "/staff/keys/new/publish", "/staff/log-in"])
def test_a_form_of_another_site_does_nothing(office: Office, path: str) -> None:
    browser = office.staff("auditor")
    before = len(office.stage.events)
    answer = browser.client.post(path, data={"csrf": "wrong", "once": "x"})
    assert answer.status_code == 400
    assert "no longer valid" in answer.text
    assert len(office.stage.events) == before


def test_nothing_is_shown_that_cannot_be_written_down(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = office.staff("auditor")
    from fhir_facade.store.audit import AuditUnavailable

    def fails(event: object) -> None:
        raise AuditUnavailable("away")

    monkeypatch.setattr(office.log, "write", fails)
    object.__setattr__(office.stage.registry, "record", fails)
    for path in ("/staff", "/staff/audit", "/staff/sources"):
        answer = browser.get(path)
        assert answer.status_code == 503
        assert "try again in a few minutes" in answer.text
