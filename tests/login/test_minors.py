"""Parents act for children and not for grown-ups; a minor's substance-use treatment stays theirs to share."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest

from fhir_facade.login.consent import may_share_sensitive
from fhir_facade.resources.page import Rendered
from fhir_facade.web.login_people import ResourcePeople


class Resources:
    def __init__(self, relationship: str, born: str) -> None:
        self.stored = {
            "Patient": {"name": [{"given": ["Bea"], "family": "Lopez"}], "birthDate": born},
            "RelatedPerson": {"relationship": [{"coding": [{"code": relationship}]}]},
        }

    def represented(self, representative: str) -> list[str]:
        return ["m-2"] if representative == "r" else []

    def read(self, viewer, resource_type: str, resource_id: str) -> Rendered:
        body = msgspec.json.encode(self.stored[resource_type])
        return Rendered(resource_type, resource_id, "v", 0, frozenset(), body)


def acting(relationship: str, born: str) -> list[str]:
    return ResourcePeople(Resources(relationship, born), 18, lambda: date(2026, 11, 22)).represented("RelatedPerson/r")


@pytest.mark.parametrize(
    ("relationship", "born", "may"),
    [
        ("MTH", "2008-11-23", True),
        ("MTH", "2008-11-22", False),
        ("FTH", "1990-01-01", False),
        ("GUARD", "1990-01-01", True),
        ("MTH", "2008", True),
    ],
)
def test_a_parent_acts_until_the_eighteenth_birthday_and_a_guardian_beyond(relationship, born, may) -> None:
    assert acting(relationship, born) == (["m-2"] if may else [])


@pytest.mark.parametrize(
    ("user", "age", "may"),
    [
        ("Patient/m-1", None, True),
        ("Patient/m-1", 14, True),
        ("RelatedPerson/r", 11, True),
        ("RelatedPerson/r", 12, False),
        ("RelatedPerson/r", 17, False),
        ("RelatedPerson/r", 18, True),
        ("RelatedPerson/r", None, False),
    ],
)
def test_who_may_share_a_members_substance_use_treatment(user: str, age: int | None, may: bool) -> None:
    assert may_share_sensitive(user, age, 12) is may


@pytest.mark.parametrize(("age", "offered"), [(14, False), (8, True)])
def test_a_parent_is_not_offered_what_only_the_minor_may_share(stage, age: int, offered: bool) -> None:
    stage.members.by_identifier[("medicaid-id", "A1")] = ["RelatedPerson/r-1"]
    stage.members.acting["RelatedPerson/r-1"] = ["m-2"]
    stage.members.names["m-2"], stage.members.ages["m-2"] = "Bea Lopez", age
    stage.log_in()
    page = stage.client.get("/login/request-1/consent").text
    assert ('value="substance-use"' in page) is offered
    form = {"token": stage.hidden(page, "token"), "answer": "allow", "share": ["claims", "substance-use"]}
    stage.client.post("/login/request-1/consent", data=form)
    assert stage.requests.decisions[0].withheld == (frozenset() if offered else {"42CFRPart2"})
