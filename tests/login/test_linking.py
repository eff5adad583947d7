"""From evidence to exactly one member: unique identifiers, configured combinations, and links that stop holding."""

from __future__ import annotations

import pytest

from fhir_facade.contracts.evidence import combination_fault, combined, comparable
from fhir_facade.login.linking import keys_of

COMBINATION = "birth-date+family+postal-code"
MARIA = {"birth-date": "1980-02-01", "family": "López", "postal-code": "60601-1234"}
MARIAS_KEY = (COMBINATION, "1980-02-01|lopez|60601")


@pytest.mark.parametrize(
    ("found", "status", "outcome", "words"),
    [
        (["Patient/m-1"], 200, "one", "Budget"),
        ([], 404, "none", "We could not find you"),
        (["Patient/m-1", "Patient/m-2"], 409, "many", "more than one record"),
        (["RelatedPerson/r-1", "RelatedPerson/r-2"], 409, "many", "more than one record"),
        (["Patient/m-9"], 403, "blocked", "Log-in is blocked"),
    ],
)
def test_a_combination_ends_in_one_none_many_or_blocked(stage, found, status, outcome, words) -> None:
    stage.door.evidence = MARIA
    stage.members.by_identifier[MARIAS_KEY] = found
    stage.logins.block("Patient/m-9", 1)
    page = stage.log_in()
    page = stage.client.get(page.location) if page.status_code == 303 else page
    assert (page.status_code, stage.outcomes()) == (status, [outcome])
    assert words in page.text
    event = stage.events[0]
    assert outcome == "blocked" or COMBINATION in event.facts.get("matched", event.detail)
    assert not any(value in str(event).casefold() for value in ("1980", "lopez", "lópez", "60601"))
    assert (stage.logins.verified_at("Patient/m-1") is not None) == (outcome == "one")


@pytest.mark.parametrize("missing", ["birth-date", "family", "postal-code"])
def test_a_combination_counts_only_when_it_is_whole(stage, missing) -> None:
    stage.door.evidence = {kind: value for kind, value in MARIA.items() if kind != missing} | {"given": "Maria"}
    stage.members.by_identifier[MARIAS_KEY] = ["Patient/m-1"]
    stage.log_in()
    assert stage.outcomes() == ["none"]
    assert stage.members.asked == []


def test_a_unique_identifier_decides_alone() -> None:
    rules = [("birth-date", "family", "ssn-last4")]
    assert keys_of({"mbi": "1EG4", "ssn-last4": "1234"} | MARIA, rules) == [{"mbi": "1EG4"}]


def test_a_kind_that_is_part_of_a_combination_matches_in_it_alone() -> None:
    rules = [("member-number", "birth-date")]
    assert keys_of({"member-number": "77"}, rules) == []
    assert keys_of({"member-number": "7-7"} | MARIA, rules) == [{"member-number+birth-date": "77|1980-02-01"}]
    assert keys_of({"member-number": "77"}, [*rules, ("member-number",)]) == [{"member-number": "77"}]


def test_combinations_are_tried_in_the_order_of_the_config() -> None:
    rules = [("birth-date", "family", "ssn-last4"), ("birth-date", "family", "postal-code")]
    keys = keys_of(MARIA | {"ssn-last4": "1234"}, rules)
    assert [list(key) for key in keys] == [["birth-date+family+ssn-last4"], [COMBINATION]]


@pytest.mark.parametrize(
    ("kind", "value", "same"),
    [
        ("family", "O\u2019Brien-Smith", "obriensmith"),
        ("family", "  GARCÍA ", "garcia"),
        ("postal-code", "60601", "60601"),
        ("postal-code", "606", ""),
        ("birth-date", "02/01/1980", ""),
        ("phone", "+1 (312) 555-0100", "3125550100"),
        ("phone", "555-0100", ""),
        ("email", " Maria@Example.org", "maria@example.org"),
        ("member-number", " 12-a", "12A"),
        ("family", "---", ""),
    ],
)
def test_values_are_compared_without_what_only_looks_different(kind, value, same) -> None:
    assert comparable(kind, value) == same


def test_parts_of_a_combination_cannot_run_into_each_other() -> None:
    one = combined(("member-number", "family", "given"), {"member-number": "1|2", "family": "a", "given": "bc"})
    two = combined(("member-number", "family", "given"), {"member-number": "1", "family": "2a", "given": "bc"})
    assert one != two


@pytest.mark.parametrize(
    ("kinds", "words"),
    [
        (("family", "given"), "is a name alone"),
        (("name",), "is a name alone"),
        (("family", "given", "middle"), "is a name alone"),
        (("birth-date",), "may fit a stranger"),
        (("ssn-last4",), "may fit a stranger"),
        (("birth-date", "family"), "may fit a stranger"),
        (("family", "given", "postal-code"), "may fit a stranger"),
        ((), "name kinds of evidence"),
        (("mbi", "mbi"), "name kinds of evidence"),
        (("Birth Date", "family"), "name kinds of evidence"),
    ],
)
def test_a_combination_that_fits_strangers_is_refused(kinds, words) -> None:
    assert words in str(combination_fault(kinds))


@pytest.mark.parametrize(
    "kinds", [("member-number",), ("member-number", "birth-date"), ("birth-date", "family", "ssn-last4")]
)
def test_an_identifier_or_a_full_combination_is_taken(kinds) -> None:
    assert combination_fault(kinds) is None


def test_every_log_in_verifies_the_link_again_and_a_changed_identifier_is_noted(stage) -> None:
    stage.log_in()
    stage.members.by_identifier[("medicaid-id", "NEW")] = ["Patient/m-1"]
    stage.door.evidence = {"medicaid-id": "NEW"}
    stage.log_in()
    stage.log_in()
    assert [event.facts["identifier"] for event in stage.events] == ["", "changed", ""]
    assert stage.logins.verified_at("Patient/m-1") > 0


@pytest.mark.parametrize("now_found", [[], ["Patient/m-2"], ["Patient/m-1", "Patient/m-2"]])
def test_a_link_that_the_log_in_leads_to_no_longer_is_in_doubt(stage, now_found) -> None:
    stage.log_in()
    stage.members.by_identifier[("medicaid-id", "A1")] = now_found
    stage.log_in()
    in_doubt = "Patient/m-1" not in now_found
    assert (stage.logins.verified_at("Patient/m-1") == 0) == in_doubt
    stage.members.by_identifier[("medicaid-id", "A1")] = ["Patient/m-1"]
    stage.log_in()
    assert stage.logins.verified_at("Patient/m-1") > 0


@pytest.mark.parametrize("how", ["removed", "merged"])
def test_an_account_moves_to_the_record_that_stays_and_grants_on_the_other_end(stage, how) -> None:
    stage.log_in()
    stage.members.names["m-2"] = "Maria Lopez"
    if how == "removed":
        del stage.members.names["m-1"]
    else:
        stage.members.merged.add("m-1")
    stage.members.by_identifier[("medicaid-id", "A1")] = ["Patient/m-2"]
    stage.log_in()
    assert stage.outcomes() == ["one", "one"]
    assert stage.gone == ["Patient/m-1"]
    assert stage.logins.verified_at("Patient/m-1") is None


def test_an_account_of_a_member_who_exists_is_blocked_and_ends_no_grant(stage) -> None:
    stage.log_in()
    stage.members.names["m-2"] = "Somebody Else"
    stage.members.by_identifier[("medicaid-id", "A1")] = ["Patient/m-2"]
    stage.log_in()
    assert stage.outcomes() == ["one", "blocked"]
    assert stage.gone == []


def test_a_member_who_left_and_returned_finds_their_link_again(stage) -> None:
    stage.log_in()
    name = stage.members.names.pop("m-1")
    stage.members.by_identifier[("medicaid-id", "A1")] = []
    stage.log_in()
    stage.members.names["m-1"] = name
    stage.members.by_identifier[("medicaid-id", "A1")] = ["Patient/m-1"]
    stage.log_in()
    assert stage.outcomes() == ["one", "none", "one"]
    assert stage.logins.verified_at("Patient/m-1") > 0
