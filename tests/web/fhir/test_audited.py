"""Every answer about a member is one line of the audit trail; an edited line shows; without the trail, no answer."""

from __future__ import annotations

import random

import pytest
from sqlalchemy import create_engine, select, text, update

from fhir_facade.app.trail import Trail
from fhir_facade.store.audit import AuditLog, lines
from fhir_facade.store.audit_check import verify
from tests.databases import empty_url, on_both
from tests.web.fhir.grammar import SEED
from tests.web.fhir.memory import MemoryResources, member
from tests.web.fhir.world import World

SECRET = b"audit secret of at least 32 bytes"
PATHS = ("Patient/alice", "Coverage", "ExplanationOfBenefit?_count=1", "Patient/bob", "Coverage?x=y", "AuditEvent")
MORE = {int: 1, str: "x", bytes: b"x"}
COLUMNS = ("place", "at", "what", "outcome", "app_id", "actor", "patient", "request_id", "detail", "mark")


@pytest.fixture
def url(request, database, tmp_path):
    return empty_url(request, database, tmp_path)


@pytest.fixture
def audited(url):
    log = AuditLog(url, SECRET)
    resources = MemoryResources()
    member(resources, "alice", claims=3)
    yield World(resources, audit=Trail(log).access), log
    log.close()


def edited_lines(url, rng, count):
    """How many of ``count`` single edits of one column of one line were found, each put right again."""
    engine, found = create_engine(url), 0
    with engine.connect() as connection:
        numbers = connection.execute(select(lines.c.number)).scalars().all()
    for _ in range(count):
        number, column = rng.choice(numbers), lines.c[rng.choice(COLUMNS)]
        with engine.begin() as connection:
            before = connection.execute(select(column).where(lines.c.number == number)).scalar_one()
            after = before + MORE[type(before)]
            connection.execute(update(lines).where(lines.c.number == number).values({column: after}))
        found += bool(verify(url, SECRET).faults)
        with engine.begin() as connection:
            connection.execute(update(lines).where(lines.c.number == number).values({column: before}))
    engine.dispose()
    return found


def renamed(url, old, new):
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text(f"ALTER TABLE {old} RENAME TO {new}"))
    engine.dispose()


@on_both
@pytest.mark.figure(of="R27")
def test_every_answer_about_a_member_is_one_line_and_any_edit_of_it_shows(audited, url, full_counts, figure):
    world, log = audited
    rng, count, edits = random.Random(SEED), 100_000 if full_counts else 300, 50 if full_counts else 10
    for _ in range(count):
        assert world.get(rng.choice(PATHS)).status_code in (200, 404)
    log.close()
    report = verify(url, SECRET)
    assert (report.lines, report.faults) == (count, ())
    assert edited_lines(url, rng, edits) == edits
    assert verify(url, SECRET).faults == ()
    figure(f"{report.lines} lines for {count} disclosing answers; {edits} of {edits} edited lines found")


@on_both
@pytest.mark.figure(of="R27")
def test_while_the_trail_cannot_be_written_nothing_is_told(audited, url, full_counts, figure):
    world, _ = audited
    tried = 1_000 if full_counts else 20
    assert world.get("Patient/alice").status_code == 200
    renamed(url, "audit_lines", "elsewhere")
    for number in range(tried):
        answer = world.get(PATHS[number % len(PATHS)])
        assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)
        assert "alice" not in answer.text
    renamed(url, "elsewhere", "audit_lines")
    assert world.get("Patient/alice").status_code == 200
    figure(f"{tried} of {tried} requests answered 503 while the trail could not be written, and 200 right after")
