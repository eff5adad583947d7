"""Some categories need a log-in that is surer of who the person is; the audit trail says how sure it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from fhir_facade.app.trail import Trail
from fhir_facade.contracts.identity import Assurance
from fhir_facade.store.audit import AuditLog
from fhir_facade.web.language import catalog

from .test_consent_page import answer


def at_least(stage, **levels: int):
    object.__setattr__(stage.desk, "minimum_ial_for", levels)
    return stage


def test_a_category_that_needs_more_assurance_is_not_offered_and_not_granted(stage) -> None:
    at_least(stage, claims=2).log_in()
    page = stage.client.get("/login/request-1/consent").text
    assert 'value="claims"' not in page
    assert "Not offered, because this log-in is not sure enough of who you are: Your claims." in page
    assert 'value="substance-use"' not in page
    answer(stage, stage.hidden(page, "token"), "personal", "coverage", "claims", "substance-use")
    (decision,) = stage.requests.decisions
    assert not decision.scopes.allows("ExplanationOfBenefit", "r")
    assert decision.scopes.allows("Coverage", "r")
    assert decision.withheld == {"42CFRPart2"}


def test_a_strong_log_in_may_share_it(stage) -> None:
    stage.door.assurance = Assurance(ial=2, aal=1)
    at_least(stage, claims=2).log_in()
    answer(stage, stage.consent_token(), "claims")
    assert stage.requests.decisions[0].scopes.allows("ExplanationOfBenefit", "s")


@pytest.mark.parametrize("sent", ["GET", "POST"])
def test_a_log_in_that_may_share_nothing_that_was_asked_for_is_told_so(stage, sent: str) -> None:
    at_least(stage, claims=2, personal=1, coverage=1, sharing=1).log_in()
    page = stage.client.open("/login/request-1/consent", method=sent, data={"answer": "allow", "share": "claims"})
    assert page.status_code == 403
    assert catalog("en")["stopped.weak_title"] in page.text
    assert stage.requests.decisions == []
    assert stage.outcomes() == ["one", "weak"]


def test_the_audit_trail_says_how_sure_a_log_in_was_and_how_the_person_was_proofed(stage, tmp_path: Path) -> None:
    stage.door.assurance = Assurance(ial=2, aal=1, acr="urn:example:strong")
    stage.log_in()
    log = AuditLog(f"sqlite:///{stage.database}", b"k" * 32)
    trail = Trail(log)
    for event in stage.events:
        trail.login(event)
    trail.close()
    content = b"".join(path.read_bytes() for path in stage.database.parent.iterdir())
    assert b"password aal=1 acr=urn:example:strong ial=2 matched=medicaid-id proofing=in person" in content
