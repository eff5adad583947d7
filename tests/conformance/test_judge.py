"""What counts against us."""

from __future__ import annotations

from tests.conformance.judge import Tally
from tests.conformance.validator import Issue, Verdict


def tally(*issues: Issue) -> Tally:
    result = Tally()
    result.add([Verdict("2.2.0", "Patient/1", issues)])
    return result


def unknown(system: str) -> Issue:
    message = f"CodeSystem is unknown and can't be validated: {system} for '{system}#1'"
    return Issue("warning", "Terminology_PassThrough_TX_Message", "ExplanationOfBenefit.item[3].revenue", message)


def test_an_error_counts_against_us() -> None:
    assert tally(Issue("error", "x", "Patient", "wrong")).errors == 1


def test_a_fatal_fault_counts_against_us() -> None:
    assert tally(Issue("fatal", "x", "Patient", "unreadable")).errors == 1


def test_a_hint_does_not_count() -> None:
    assert tally(Issue("information", "x", "Patient", "by the way")).errors == 0


def test_a_warning_about_a_licensed_code_system_is_explained() -> None:
    judged = tally(unknown("https://www.nubc.org/CodeSystem/RevenueCodes"))
    assert (judged.errors, list(judged.explained)) == (0, ["https://www.nubc.org/CodeSystem/RevenueCodes"])


def test_a_warning_about_an_invented_code_system_counts_against_us() -> None:
    judged = tally(unknown("https://invented.example.org/codes"))
    assert (judged.warnings, judged.blameless) == (1, False)


def test_a_warning_without_a_written_reason_counts_against_us() -> None:
    judged = tally(Issue("warning", "x", "Patient.name", "odd"))
    assert (judged.warnings, judged.blameless) == (1, False)


def test_nothing_judged_is_no_proof() -> None:
    assert not Tally().blameless


def test_an_error_is_never_explained_away() -> None:
    issue = unknown("http://www.ama-assn.org/go/cpt")
    assert tally(Issue("error", issue.id, issue.path, issue.message)).errors == 1


def test_the_same_fault_of_many_resources_is_listed_once_and_counted_each_time() -> None:
    one = Issue("error", "x", "ExplanationOfBenefit.item[1].revenue", "wrong")
    other = Issue("error", "x", "ExplanationOfBenefit.item[2].revenue", "wrong")
    judged = tally(one, other)
    assert (judged.errors, len(judged.faults)) == (2, 1)
