"""Withheld claims are nowhere, on any path; and every answer about a member is one line of the audit trail."""

from __future__ import annotations

import random

import pytest

from fhir_facade.app.trail import Trail
from fhir_facade.store.audit import AuditLog, AuditUnavailable
from fhir_facade.store.audit_check import verify
from tests.web.fhir.grammar import SEED
from tests.web.fhir.memory import MemoryResources, claim, member
from tests.web.fhir.world import World, grant_for

SECRET = b"audit secret of at least 32 bytes"
PATHS = (
    "ExplanationOfBenefit?_count=100",
    "ExplanationOfBenefit?_count=3",
    "ExplanationOfBenefit?_id={ids}",
    "ExplanationOfBenefit?_lastUpdated=ge1900&_total=accurate",
    "ExplanationOfBenefit?patient=Patient/alice&_sort=_id&_count=50",
    "ExplanationOfBenefit?_include=ExplanationOfBenefit:*&_count=100",
    "ExplanationOfBenefit?_summary=true&_count=100",
    "ExplanationOfBenefit?_elements=id&_count=100",
    "ExplanationOfBenefit?_count=0",
    "Patient/alice/ExplanationOfBenefit?_count=100",
    "Patient/alice/$everything?_count=100",
    "Patient?_revinclude=ExplanationOfBenefit:patient",
    "Coverage?_revinclude=ExplanationOfBenefit:coverage",
    "ExplanationOfBenefit/{one}",
    "ExplanationOfBenefit/{one}/_history/1",
    "AuditEvent?_count=100",
)


def test_no_withheld_claim_shows_on_any_path(full_counts, figure):
    rng, tried = random.Random(SEED), 0
    for round_ in range(50 if full_counts else 2):
        resources = MemoryResources()
        member(resources, "alice", claims=5)
        hidden = [f"alice-sud-{round_}-{n}" for n in range(rng.randrange(1, 1000 if full_counts else 30))]
        for name in hidden:
            resources.add("alice", claim(name, "alice"), labels=["42CFRPart2"])
        world = World(resources)
        world.grants["hidden"] = grant_for("alice", withheld=["42CFRPart2"])
        for path in PATHS:
            asked = path.format(ids=",".join(rng.sample(hidden, min(5, len(hidden)))), one=rng.choice(hidden))
            answer = world.get(asked, "hidden")
            assert answer.status_code in (200, 404), asked
            links = [line for line in answer.text.split('"') if "sud" in line and "://" not in line]
            assert links == [], asked
            assert answer.json.get("total", 5) <= 5, asked
        tried += len(hidden)
        assert hidden[0] in world.get("ExplanationOfBenefit?_count=100&_sort=_id").text
    figure(f"R5: 0 of {tried} withheld claims seen on {len(PATHS)} paths")


@pytest.fixture
def audited(tmp_path):
    log = AuditLog(f"sqlite:///{tmp_path}/audit.db", SECRET)
    resources = MemoryResources()
    member(resources, "alice", claims=3)
    yield World(resources, audit=Trail(log).access), log, f"sqlite:///{tmp_path}/audit.db"
    log.close()


def test_every_answer_about_a_member_is_one_line(audited, full_counts, figure):
    world, log, url = audited
    rng, count = random.Random(SEED), 100_000 if full_counts else 300
    for _ in range(count):
        path = rng.choice(("Patient/alice", "Coverage", "ExplanationOfBenefit?_count=1", "Patient/bob", "Coverage?x=y"))
        assert world.get(path).status_code in (200, 404)
    log.close()
    report = verify(url, SECRET)
    assert (report.lines, report.faults) == (count, ())
    figure(f"R27: {report.lines} lines for {count} answers, the chain verifies")


def test_what_cannot_be_written_down_is_not_told():
    def broken(access):
        raise AuditUnavailable("down")

    resources = MemoryResources()
    member(resources, "alice", claims=3)
    answer = World(resources, audit=broken).get("Patient/alice")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert "alice" not in answer.text
