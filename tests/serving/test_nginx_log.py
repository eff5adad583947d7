"""What the shipped nginx site writes down: that somebody asked and how it went, and nothing of whom it was about."""

from __future__ import annotations

import ssl
from pathlib import Path

import httpx
import pytest

from tests.peers.certificates import write_keys
from tests.peers.running import free_port
from tests.serving.crowded import HOST, Crowd, nginx

pytestmark = pytest.mark.peer("nginx")


def test_no_log_has_the_address_that_was_asked_for_and_a_failure_is_told_in_the_words_of_the_api(
    tmp_path: Path,
) -> None:
    write_keys(tmp_path, HOST)
    crowd = Crowd(tmp_path, port=free_port())
    trusted = ssl.create_default_context(cafile=str(crowd.certificate))
    with nginx(crowd), httpx.Client(verify=trusted, timeout=30) as client:
        answer = client.get(f"https://{HOST}:{crowd.https}/fhir/Patient/CANARY-1?identifier=CANARY-2")
    assert (answer.status_code, answer.json()["resourceType"]) == (503, "OperationOutcome")
    assert answer.headers["Strict-Transport-Security"]
    (line,) = (tmp_path / "fhir-facade.log").read_text().splitlines()
    assert " GET 503 " in line
    assert not [log for log in tmp_path.glob("*log*") if "CANARY" in log.read_text()]
