"""After many log-ins no identifier, password or name stands in the store or in any log line."""

from __future__ import annotations

import logging

import pytest


@pytest.mark.figure(of="I3")
def test_no_identifier_in_store_or_logs(stage, caplog, full_counts: bool, figure) -> None:
    caplog.set_level(logging.DEBUG)
    canaries = []
    for number in range(1000 if full_counts else 25):
        canary = f"CANARY{number:07d}"
        canaries.append(canary)
        stage.door.evidence = {"medicaid-id": canary, "family": f"{canary}NAME"}
        stage.members.by_identifier[("medicaid-id", canary)] = [f"Patient/m-{number}"]
        stage.members.names[f"m-{number}"] = f"{canary} Lopez"
        answer = stage.log_in(username=f"{canary}-user")
        assert answer.status_code == 303
        stage.client.get(answer.location)
    stage.logins._store.close()
    dump = b"".join(path.read_bytes() for path in stage.database.parent.iterdir())
    assert b"CANARY" not in dump
    assert "CANARY" not in caplog.text
    assert "CANARY" not in "".join(map(str, stage.events))
    assert len(canaries) == len(stage.events)
    figure(f"0 identifiers in the store and in the logs after {len(canaries)} log-ins")
