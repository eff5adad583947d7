"""A representative's grant is good for as long as they may act, and not a request longer."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from fhir_facade.access.grant import Grant
from fhir_facade.access.scopes import Scopes
from fhir_facade.oauth.bearer import BearerInvalid
from fhir_facade.web.representation import while_represented


def grant(user: str) -> Grant:
    return Grant(
        grant_id="g-1",
        token_id="t-1",
        app_id="app",
        app_name="App",
        patient="m-2",
        user=user,
        scopes=Scopes.parse("patient/*.rs"),
        withheld=frozenset(),
        until=datetime.now(UTC),
    )


class Acting:
    def __init__(self, *patients: str) -> None:
        self.patients = list(patients)
        self.asked = 0

    def represented(self, representative: str) -> list[str]:
        self.asked += 1
        return self.patients


def test_a_representative_reads_while_they_may_act() -> None:
    authenticate = while_represented(lambda header: grant("RelatedPerson/r-1"), Acting("m-2"), pytest.fail)
    assert authenticate("Bearer x").grant_id == "g-1"


def test_the_grant_ends_with_the_representation() -> None:
    ended: list[str] = []
    authenticate = while_represented(lambda header: grant("RelatedPerson/r-1"), Acting("m-3"), ended.append)
    with pytest.raises(BearerInvalid, match="no longer act"):
        authenticate("Bearer x")
    assert ended == ["g-1"]


def test_a_members_own_grant_asks_nothing() -> None:
    acting = Acting()
    while_represented(lambda header: grant("Patient/m-2"), acting, pytest.fail)("Bearer x")
    assert acting.asked == 0
