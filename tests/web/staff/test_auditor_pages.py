"""Auditors search the trail by every field; identifiers stand in no address, line or file; each look is a line."""

from __future__ import annotations

import csv
import io
import json
import time
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from fhir_facade.store.audit import lines
from fhir_facade.web import staff_audit
from tests.web.portal.stage import Browser
from tests.web.staff.office import MEDICAID, PATIENT, Office, disclose

TODAY = datetime.now(UTC).date()


def typed(**more: str) -> dict[str, str]:
    base = {"since": (TODAY - timedelta(days=1)).isoformat(), "until": (TODAY + timedelta(days=1)).isoformat()}
    return base | {"member_kind": "medicaid-id"} | more


def search(browser: Browser, **more: str) -> str:
    browser.get("/staff/audit")
    return str(browser.send("/staff/audit", **typed(**more)).text)


def test_a_search_by_kind_app_and_request_finds_its_lines(office: Office) -> None:
    disclose(office, 3)
    disclose(office, 2, app_id="other", detail="Patient 1")
    auditor = office.staff("auditor")
    assert search(auditor, app_id="other").count('<td class="facade-address">other</td>') == 2
    assert search(auditor, what="search", request_id="request-2").count("request-2</td>") == 1
    assert "No line fits" in search(auditor, app_id="nobody")
    assert "Rita Okafor" in search(auditor, what="staff"), "staff are named"


def test_a_member_is_found_by_identifier_and_never_named(office: Office) -> None:
    disclose(office, 2)
    disclose(office, 4, patient="medical-other")
    auditor = office.staff("auditor")
    by_number = search(auditor, member=MEDICAID, what="search")
    assert by_number.count("the member</td>") == 2
    by_id = search(auditor, member_kind="patient-id", member=PATIENT, what="search")
    assert by_id.count("the member</td>") == 2
    engine = sa.create_engine(office.audit_url)
    with engine.connect() as connection:
        everything = str(connection.execute(sa.select(lines)).all())
    engine.dispose()
    for text in (by_number, by_id, everything):
        assert MEDICAID not in text
        assert PATIENT not in text
    assert any("member=by medicaid-id" in line for line in office.staff_lines("audit-search"))


def test_an_unknown_member_is_said_beside_the_field(office: Office) -> None:
    auditor = office.staff("auditor")
    auditor.get("/staff/audit")
    answer = auditor.send("/staff/audit", **typed(member="nobody"))
    assert answer.status_code == 422
    assert answer.text.count("No member carries this identifier") == 2, "beside the field and in the summary"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"since": "yesterday"}, "year-month-day"),
        ({"until": "9999-12-31"}, "year-month-day"),
        ({"since": "2026-02-02", "until": "2026-02-01"}, "before the first"),
        ({"what": "everything else"}, "Choose one of the kinds"),
        ({"app_id": "a b"}, "letters, digits"),
        ({"request_id": "ü"}, "letters, digits"),
        ({"member": "1", "member_kind": "Name!"}, "such as medicaid-id"),
        ({"member": "\x00"}, "No member carries"),
        ({"app_id": "x" * 5000}, "letters, digits"),
    ],
)
def test_a_faulty_search_is_explained_and_not_made(office: Office, wrong: dict[str, str], said: str) -> None:
    auditor = office.staff("auditor")
    auditor.get("/staff/audit")
    answer = auditor.send("/staff/audit", **typed(**wrong))
    assert answer.status_code == 422
    assert said in answer.text
    assert office.staff_lines("audit-search") == []


def test_pages_go_on_without_the_identifier(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staff_audit, "PAGE", 20)
    disclose(office, 45)
    auditor = office.staff("auditor")
    pages = [search(auditor, member=MEDICAID)]
    for _ in range(2):
        sealed = auditor.hidden("search")
        pages.append(auditor.send("/staff/audit/older", search=sealed).text)
    assert [page.count("Coverage ") for page in pages] == [20, 20, 5]
    assert 'action="/staff/audit/older"' not in pages[2]
    assert len([line for line in office.staff_lines("audit-search") if line.startswith("searched")]) == 3


@pytest.mark.parametrize("kind", ["csv", "ndjson"])
def test_a_file_holds_every_line_and_its_making_is_a_line(office: Office, kind: str) -> None:
    disclose(office, 120)
    auditor = office.staff("auditor")
    search(auditor, app_id="buddy")
    answer = auditor.send("/staff/audit/file", search=auditor.hidden("search"), **{"as": kind})
    assert f'filename="audit.{kind}"' in answer.headers["Content-Disposition"]
    assert answer.headers["Cache-Control"] == "no-store"
    if kind == "csv":
        rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    else:
        rows = [json.loads(line) for line in answer.text.splitlines()]
    assert len(rows) == 120
    assert set(rows[0]) == {"at", "kind", "outcome", "app", "who", "request", "detail", "number"}
    assert PATIENT not in answer.text
    assert any(line.startswith("downloaded") and f"as={kind}" in line for line in office.staff_lines("audit-search"))


def test_a_search_of_somebody_else_or_a_forged_one_is_refused(office: Office) -> None:
    auditor = office.staff("auditor")
    search(auditor, member=MEDICAID)
    disclose(office, 2)
    search(auditor, member=MEDICAID)
    sealed = auditor.hidden("search")
    other = office.stage.staff("auditor", "ann@agency.example")
    for forged in (sealed, "x", ""):
        other.get("/staff/audit")
        assert other.send("/staff/audit/older", search=forged).status_code == 400
    auditor.get("/staff/audit")
    assert auditor.send("/staff/audit/file", search=sealed, **{"as": "exe"}).status_code == 400


def test_the_chain_is_checked_and_the_result_stays(office: Office) -> None:
    disclose(office, 5)
    auditor = office.staff("auditor")
    assert "not checked yet" in auditor.get("/staff/audit").text
    assert "nothing is missing" in auditor.send("/staff/audit/check").text
    assert "nothing is missing" in auditor.get("/staff/audit").text
    engine = sa.create_engine(office.audit_url)
    with engine.begin() as connection:
        connection.execute(sa.update(lines).where(lines.c.number == 3).values(outcome="changed"))
    engine.dispose()
    assert "line 3: it was changed" in auditor.send("/staff/audit/check").text


def test_a_trail_too_long_for_a_page_is_checked_by_command(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staff_audit, "CHECKED_HERE", 3)
    disclose(office, 5)
    auditor = office.staff("auditor")
    auditor.get("/staff/audit")
    answer = auditor.send("/staff/audit/check")
    assert answer.status_code == 409
    assert "fhir-facade audit verify" in answer.text


def test_no_address_carries_what_was_looked_for(office: Office) -> None:
    auditor = office.staff("auditor")
    for path in ("/staff/audit/older", "/staff/audit/file", "/staff/audit/check"):
        assert auditor.client.get(path).location == "/staff/audit"
        assert auditor.client.get(f"{path}?lang=es").location == "/staff/audit?lang=es"
    page = search(auditor, member=MEDICAID, app_id="buddy")
    assert "?" not in "".join(part.split('"')[0] for part in page.split('action="')[1:])


def test_a_search_is_quick(office: Office, figure) -> None:
    disclose(office, 400)
    auditor = office.staff("auditor")
    started = time.monotonic()
    search(auditor, member=MEDICAID)
    figure(f"an auditor's search of a member took {(time.monotonic() - started) * 1000:.0f} ms")
    assert time.monotonic() - started < 3
