"""The answers that are judged are of the kinds they are meant to be."""

from __future__ import annotations

import json

import pytest

from tests.conformance.answers import REQUESTS, XML, Answers
from tests.conformance.guides import GUIDES

REFUSED_FROM = REQUESTS.index("ExplanationOfBenefit?service-date=yesterday")


@pytest.fixture(scope="module")
def answers() -> dict[str, bytes]:
    emitted = (one for one in Answers().emit(GUIDES[2]) if one.name.startswith("answers:"))
    return {one.name.split(" ", 1)[1]: one.body for one in emitted}


@pytest.mark.parametrize("request_", REQUESTS[:REFUSED_FROM])
def test_what_is_asked_for_rightly_is_not_answered_by_an_outcome(answers: dict[str, bytes], request_: str) -> None:
    assert json.loads(answers[request_])["resourceType"] != "OperationOutcome"


@pytest.mark.parametrize("request_", REQUESTS[REFUSED_FROM:])
def test_what_is_asked_for_wrongly_is_answered_by_an_outcome(answers: dict[str, bytes], request_: str) -> None:
    assert json.loads(answers[request_])["resourceType"] == "OperationOutcome"


KINDS = ("CapabilityStatement", "Patient", "Bundle", "OperationOutcome")


@pytest.mark.parametrize(("request_", "kind"), list(zip(XML, KINDS, strict=True)))
def test_what_is_asked_for_in_xml_is_xml(answers: dict[str, bytes], request_: str, kind: str) -> None:
    assert f'?><{kind} xmlns="http://hl7.org/fhir">' in answers[request_].decode()
