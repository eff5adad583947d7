"""Operators see how sources, log-ins and keys are, and take steps with keys; no identifier stands on any page."""

from __future__ import annotations

import csv
import io
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from fhir_facade.oauth.keys import PUBLISH_S, read_records, rotate
from fhir_facade.store.standing import Standing, SyncRun
from fhir_facade.store.tallies import LOG_IN, Tally
from fhir_facade.web.staff_sources import masked
from tests.web.staff.office import Office

MANY = [("claims.csv", str(number), "the claim has no service date") for number in range(1, 121)]
KEYED = ("claims", "CLM-2024-0099871", "member MBI 1EG4-TE5-MK73 and 20231301 is no day in 2023-12")


def test_sources_show_freshness_state_and_rejects(office: Office) -> None:
    office.reject(*MANY)
    page = office.staff("operator").get("/staff/sources").text
    assert "<strong>Late</strong>" in page
    assert "Asked live" in page
    assert "<td>120</td>" in page
    assert "November 20, 2026, 03:00 UTC" in page


def test_a_source_shows_its_last_runs(office: Office) -> None:
    standing = Standing(office.stage.store)
    standing.ran(SyncRun("medical", 1_790_000_000, 1_790_000_095, "finished", 1200, 30, 4, 2))
    standing.ran(SyncRun("medical", 1_790_100_000, 1_790_100_001, "failed", 0, 0, 0, 0))
    page = office.staff("auditor").get("/staff/sources/medical").text
    assert page.index("Failed") < page.index("Finished"), "the newest first"
    assert "<td>95</td><td>1,200</td><td>30</td><td>4</td><td>2</td>" in page
    assert "no copy and no runs" in office.staff("operator").get("/staff/sources/state").text


def test_the_reject_list_is_paged(office: Office) -> None:
    office.reject(*MANY)
    browser = office.staff("operator")
    seen = [browser.get(f"/staff/sources/medical?page={page}").text for page in (1, 2, 3)]
    assert [text.count('<th scope="row">claims.csv</th>') for text in seen] == [50, 50, 20]
    assert "page 1 of 3" in seen[0]
    assert "the claim has no service date – 120" in seen[0]
    for odd in ("0", "-1", "x", "99999999999999999999", "4"):
        assert browser.get(f"/staff/sources/medical?page={odd}").status_code == 200


def test_no_identifier_stands_in_the_reject_list(office: Office) -> None:
    office.reject(KEYED, ("claims.csv", "17", "member 00123456789 has no coverage"))
    browser = office.staff("operator")
    answers = [browser.get(path).text for path in ("/staff/sources/medical", "/staff/sources/medical/rejects.csv")]
    for text in answers:
        for secret in ("CLM-2024", "0099871", "1EG4", "00123456789", "20231301"):
            assert secret not in text
    rows = list(csv.reader(io.StringIO(answers[1].removeprefix("\ufeff"))))
    assert rows[0] == ["file", "line", "reason"]
    assert rows[1] == ["claims", "••••71", "member MBI ••••73 and ••••01 is no day in 2023-12"]
    assert rows[2] == ["claims.csv", "17", "member ••••89 has no coverage"]
    assert "downloaded sources as operator rejects of medical" in office.staff_lines()


@pytest.mark.parametrize(
    ("text", "shown"),
    [("5 diagnoses in 2024-02-30", "5 diagnoses in 2024-02-30"), ("a@b1234.example", "••••le"), ("1 2 3 4", "1 2 3 4")],
)
def test_words_with_four_digits_are_hidden(text: str, shown: str) -> None:
    assert masked(text) == shown


def test_a_cell_that_a_spreadsheet_would_run_is_text(office: Office) -> None:
    office.reject(("=cmd()", "1", "+1+1"))
    text = office.staff("operator").get("/staff/sources/medical/rejects.csv").text
    assert "'=cmd()" in text
    assert "'+1+1" in text


@pytest.mark.parametrize("path", ["/staff/sources/none", "/staff/sources/state/rejects.csv"])
def test_a_source_that_is_not_there_is_a_page(office: Office, path: str) -> None:
    answer = office.staff("operator").get(path)
    assert answer.status_code == 404
    assert "There is no such page" in answer.text


def test_a_source_that_is_away_is_no_failure(office: Office) -> None:
    office.resources.away = True
    page = office.staff("operator").get("/staff/sources")
    assert page.status_code == 200
    assert "Does not answer" in page.text


def test_outcomes_of_log_ins_are_counted_by_kind_without_anybody(office: Office) -> None:
    tally = Tally(office.stage.store, wait_s=60)
    for outcome, number in {"one": 1234, "none": 7, "many": 2, "denied": 5, "allowed": 1100}.items():
        for _ in range(number):
            tally.add(LOG_IN, "oidc", outcome)
    tally.add(LOG_IN, "none", "expired")
    tally.close()
    page = office.staff("operator").get("/staff/log-ins").text
    for name, number in [("One member", "1,234"), ("No member", "7"), ("More than one member", "2"), ("Blocked", "0")]:
        assert f'<th scope="row">{name}</th><td>{number}</td><td>{number}</td><td>{number}</td>' in page
    assert "Cancelled, or wrong credentials" in page
    assert "Sharing allowed" in page
    assert "belong to no attempt" in page


def test_counts_of_log_ins_end_with_their_days(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    tally, now = Tally(office.stage.store, wait_s=60), time.time()
    for days, number in ((0, 1), (3, 2), (20, 4), (40, 8)):
        monkeypatch.setattr("fhir_facade.store.tallies.time.time", lambda days=days: now - days * 86_400)
        for _ in range(number):
            tally.add(LOG_IN, "oidc", "one")
    monkeypatch.undo()
    tally.close()
    page = office.staff("operator").get("/staff/log-ins").text
    assert '<th scope="row">One member</th><td>1</td><td>3</td><td>7</td>' in page


def test_a_key_is_published_confirmed_and_once(office: Office) -> None:
    operator = office.staff("operator")
    page = operator.get("/staff/keys/new/publish")
    assert "signs in 1 hour" in page.text
    assert len(read_records(office.keys)) == 1, "asking does nothing"
    for _ in range(2):
        operator.page = page
        assert operator.send("/staff/keys/new/publish").status_code == 200
    assert len(read_records(office.keys)) == 2
    assert "Published, does not sign yet" in operator.page.text
    assert office.staff_lines().count("publish keys as operator") == 1


def test_a_published_key_signs_now_and_the_one_before_is_retired(office: Office) -> None:
    first, second = read_records(office.keys)[0].kid, rotate(office.keys, office.stage.clock.now).kid
    operator = office.staff("operator")
    for kid, step in ((second, "sign"), (first, "retire")):
        assert "now" in operator.get(f"/staff/keys/{kid}/{step}").text
        assert operator.send(f"/staff/keys/{kid}/{step}").status_code == 200
    assert "Retired" in operator.page.text
    lines = office.staff_lines()
    assert f"sign keys as operator {second}" in lines
    assert f"retire keys as operator {first}" in lines


def test_a_step_that_is_not_possible_is_explained(office: Office) -> None:
    operator, kid = office.staff("operator"), read_records(office.keys)[0].kid
    for path in (f"/staff/keys/{kid}/retire", "/staff/keys/none/sign", "/staff/keys/new/retire"):
        answer = operator.get(path)
        assert answer.status_code == 409
        assert "Somebody may have taken the step already" in answer.text
    operator.get("/staff/keys/new/publish")
    assert operator.send("/staff/keys/new/explode").status_code == 404
    operator.get("/staff/keys/new/publish")
    assert operator.send(f"/staff/keys/{kid}/retire").status_code == 409
    assert len(read_records(office.keys)) == 1


def test_auditors_see_keys_and_take_no_step(office: Office) -> None:
    auditor = office.staff("auditor")
    page = auditor.get("/staff/keys").text
    assert read_records(office.keys)[0].kid in page
    assert "/staff/keys/new/publish" not in page
    assert auditor.get("/staff/keys/new/publish").status_code == 403
    auditor.get("/staff/audit")
    assert auditor.send("/staff/keys/new/publish").status_code == 403
    assert len(read_records(office.keys)) == 1


def test_two_operators_who_take_the_same_step_take_it_once(office: Office) -> None:
    waiting = rotate(office.keys, office.stage.clock.now).kid
    operator = office.staff("operator")
    other = office.stage.staff("operator", "otto@agency.example")
    for one in (operator, other):
        one.get(f"/staff/keys/{waiting}/sign")
    with ThreadPoolExecutor(2) as pool:
        sent = list(pool.map(lambda one: one.send(f"/staff/keys/{waiting}/sign").status_code, (operator, other)))
    assert sorted(sent) == [200, 409]
    assert read_records(office.keys)[1].signs_from < office.stage.clock.now + PUBLISH_S


def test_a_folder_that_pages_cannot_write_is_named(office: Office) -> None:
    operator = office.staff("operator")
    operator.get("/staff/keys/new/publish")
    for path in office.keys.iterdir():
        path.unlink()
    office.keys.rmdir()
    office.keys.touch()
    answer = operator.send("/staff/keys/new/publish")
    assert answer.status_code == 409
    assert "fhir-facade keys rotate" in answer.text
