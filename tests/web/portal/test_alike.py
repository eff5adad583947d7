"""Nobody learns from a log-in, by its answer or by how long it took, which addresses have accounts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fhir_facade.registry import accounts
from tests.alike import MOST_S, gap_s
from tests.databases import empty_url, on_both
from tests.web.portal.stage import Stage, build

KNOWN, UNKNOWN = "ada@buddy.example", "eve@buddy.example"


@pytest.fixture
def stage(request: pytest.FixtureRequest, database: str, tmp_path: Path) -> Iterator[Stage]:
    made = build(tmp_path, url=empty_url(request, database, tmp_path))
    yield made
    made.store.close()


def shown(page: Any, address: str) -> str:
    """The page without what differs from sending to sending."""
    return re.sub(r'(name="(csrf|once)" value=)"[^"]*"', r"\1", page.text.replace(address, "…"))


@on_both
@pytest.mark.figure(of="R33")
@pytest.mark.parametrize("locked", [False, True], ids=["open", "locked"])
def test_known_and_unknown_addresses_are_refused_alike_in_the_same_time(
    stage: Stage, locked: bool, monkeypatch: pytest.MonkeyPatch, full_counts: bool, figure: Any
) -> None:
    monkeypatch.setattr(accounts, "TRIES", 8 if locked else 1_000_000)
    browser = stage.browser()
    browser.sign_up(KNOWN)
    pages = [shown(browser.log_in(address, "wrong"), address) for address in (KNOWN, UNKNOWN) for _ in range(9)]
    assert len(set(pages)) == 1

    def send(address: str) -> None:
        assert browser.send("/developers/log-in", email=address, password="wrong").status_code == 403

    rounds = 1_000 if full_counts else 40
    gap = gap_s(lambda: send(KNOWN), lambda: send(UNKNOWN), rounds)
    assert gap < MOST_S
    kind = "a locked account" if locked else "an account"
    figure(f"log-in, {kind}: same page, medians of {rounds} pairs differ by {gap * 1000:.3f} ms")
