"""The audit trail cannot be changed unseen, names nobody, and stops what it cannot record."""

from __future__ import annotations

import os
import sqlite3
import threading

import pytest

from fhir_facade.store import audit
from fhir_facade.store.audit import AuditEvent, AuditLog, AuditUnavailable
from fhir_facade.store.audit_check import verify

SECRET = b"audit secret of at least 32 bytes"


def event(number=0, **changes):
    values = {
        "what": "search",
        "outcome": "200",
        "app_id": "app-1",
        "actor": "Patient/canary-7431",
        "patient": "canary-7431",
        "request_id": f"request-{number}",
        "detail": "ExplanationOfBenefit 10",
    }
    return AuditEvent(**(values | changes))


def written(url, count, **changes):
    log = AuditLog(url, SECRET)
    for number in range(count):
        log.write(event(number, **changes))
    log.close()


def edit(url, statement, *values):
    with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
        connection.execute(statement, values)
    connection.close()


def test_an_untouched_trail_verifies(any_url, monkeypatch):
    monkeypatch.setattr(audit, "ANCHOR_LINES", 10)
    written(any_url, 35)
    written(any_url, 3)
    report = verify(any_url, SECRET)
    assert report.faults == ()
    assert (report.lines, report.chains, report.anchors) == (38, 2, 5)


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE audit_lines SET outcome = '403' WHERE number = 7",
        "UPDATE audit_lines SET at = at + 1 WHERE number = 35",
        "UPDATE audit_lines SET patient = x'00' WHERE number = 1",
        "UPDATE audit_lines SET request_id = '' WHERE number = 20",
        "DELETE FROM audit_lines WHERE number = 12",
        "DELETE FROM audit_lines WHERE number > 20",
        "DELETE FROM audit_lines",
        "UPDATE audit_lines SET number = number + 1000 WHERE number = 3",
        "INSERT INTO audit_lines SELECT 500, chain, place, at, what, outcome, app_id, actor, patient, request_id, "
        "detail, mark FROM audit_lines WHERE number = 35",
        "UPDATE audit_anchors SET place = place - 1 WHERE number = 2",
        "DELETE FROM audit_anchors WHERE number = 1",
    ],
)
def test_any_one_change_shows(audit_url, monkeypatch, tampering):
    monkeypatch.setattr(audit, "ANCHOR_LINES", 10)
    written(audit_url, 35)
    edit(audit_url, tampering)
    assert verify(audit_url, SECRET).faults


def test_every_single_edited_line_shows(audit_url, full_counts):
    count = 300 if full_counts else 25
    written(audit_url, count)
    for number in range(1, count + 1):
        edit(audit_url, "UPDATE audit_lines SET detail = ? WHERE number = ?", "ExplanationOfBenefit 1", number)
        assert verify(audit_url, SECRET).faults, number
        edit(audit_url, "UPDATE audit_lines SET detail = ? WHERE number = ?", "ExplanationOfBenefit 10", number)
    assert verify(audit_url, SECRET).faults == ()


def test_without_the_secret_a_chain_cannot_be_made_again(audit_url):
    written(audit_url, 3)
    assert verify(audit_url, b"another secret of at least 32 byte").faults


def test_nobody_is_named(audit_url, tmp_path):
    written(audit_url, 50)
    dump = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"canary-7431" not in dump


def test_a_member_reads_only_lines_about_their_own_data(audit_url):
    log = AuditLog(audit_url, SECRET)
    log.write(event(1))
    log.write(event(2, patient="other", actor="Patient/other"))
    log.write(event(3, actor="RelatedPerson/helper"))
    lines = log.of_member("canary-7431")
    assert [(line.request_id, line.by_member) for line in lines] == [("request-3", False), ("request-1", True)]
    assert [line.request_id for line in log.of_member("canary-7431", before=lines[0].number)] == ["request-1"]
    log.close()


def test_threads_share_one_chain_without_losing_a_line(audit_url):
    log = AuditLog(audit_url, SECRET)
    threads = [threading.Thread(target=lambda: [log.write(event(n)) for n in range(50)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    log.close()
    report = verify(audit_url, SECRET)
    assert (report.lines, report.chains, report.faults) == (400, 1, ())


def test_a_forked_process_writes_a_chain_of_its_own(audit_url):
    log = AuditLog(audit_url, SECRET)
    log.write(event(1))
    child = os.fork()
    if child == 0:
        log.write(event(2))
        log.close()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    log.write(event(3))
    log.close()
    report = verify(audit_url, SECRET)
    assert (report.lines, report.chains, report.faults) == (3, 2, ())


def test_what_cannot_be_recorded_is_refused_and_works_again_later(audit_url):
    log = AuditLog(audit_url, SECRET)
    log.write(event(1))
    edit(audit_url, "ALTER TABLE audit_lines RENAME TO elsewhere")
    with pytest.raises(AuditUnavailable):
        log.write(event(2))
    edit(audit_url, "ALTER TABLE elsewhere RENAME TO audit_lines")
    log.write(event(3))
    log.close()
    assert verify(audit_url, SECRET).lines == 2
