"""Every story of a claim family: what became of the original, and what the member sees."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from fhir_facade.contracts.records import Amount, ClaimStatus, PaymentStatus
from tests.plugins.tmsis.state_files import Cells, Folder, changes, claims, rejects, the_claims

ACTIVE, CANCELLED = ClaimStatus.ACTIVE, ClaimStatus.CANCELLED


def replacement(number: str, day: int, original: str = "C1") -> Cells:
    return {
        "ICN-ORIG": original,
        "ICN-ADJ": number,
        "ADJUSTMENT-IND": "4",
        "ADJUDICATION-DATE": date(2024, 4, day),
    }


def void(number: str, day: int, original: str = "C1") -> Cells:
    return replacement(number, day, original) | {"ADJUSTMENT-IND": "1"}


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = Folder(tmp_path)
    made.person()
    return made


def test_an_original_counts(folder: Folder) -> None:
    folder.claim("COT")
    (claim,) = the_claims(folder.write()).values()
    assert (claim.status, claim.prior_claims, claim.replaced_by) == (ACTIVE, (), ())


def test_a_replacement_cancels_the_original_and_both_name_each_other(folder: Folder) -> None:
    folder.claim("COT", replacement("C2", 10))
    folder.claim("COT")
    found = the_claims(folder.write())
    assert (found["C1"].status, found["C2"].status) == (CANCELLED, ACTIVE)
    assert [i.value for i in found["C1"].replaced_by] == ["C2"]
    assert [i.value for i in found["C2"].prior_claims] == ["C1"]
    assert found["C1"].last_updated.date() == date(2024, 4, 10)


def test_a_void_cancels_and_is_no_claim_itself(folder: Folder) -> None:
    folder.claim("COT")
    folder.claim("COT", void("C1V", 10) | {"TOT-MEDICAID-PAID-AMT": Decimal("-80.00")})
    (claim,) = the_claims(folder.write()).values()
    assert (claim.claim_number.value, claim.status, claim.replaced_by) == ("C1", CANCELLED, ())


def test_of_a_void_and_a_replacement_on_one_day_the_replacement_counts(folder: Folder) -> None:
    folder.claim("COT")
    folder.claim("COT", replacement("C3", 10))
    folder.claim("COT", void("C2", 10))
    found = the_claims(folder.write())
    assert {number: claim.status for number, claim in found.items()} == {"C1": CANCELLED, "C3": ACTIVE}


def test_a_void_after_the_replacement_leaves_nothing_active(folder: Folder) -> None:
    folder.claim("COT")
    folder.claim("COT", replacement("C2", 10))
    folder.claim("COT", void("C3", 20))
    assert {claim.status for claim in the_claims(folder.write()).values()} == {CANCELLED}


def test_amounts_of_a_family_are_never_added_up(folder: Folder) -> None:
    total = {"TOT-MEDICAID-PAID-AMT": Decimal("80.00")}
    folder.claim("COT", total)
    folder.claim("COT", replacement("C2", 10) | {"TOT-MEDICAID-PAID-AMT": Decimal("70.00")})
    found = the_claims(folder.write())
    assert [found[n].totals[Amount.BENEFIT] for n in ("C1", "C2")] == [Decimal("80.00"), Decimal("70.00")]


def test_a_chain_of_replacements_is_followed_where_each_names_the_one_before(folder: Folder) -> None:
    folder.claim("COT")
    folder.claim("COT", replacement("C2", 10, original="C1"))
    folder.claim("COT", replacement("C3", 20, original="C2"))
    found = the_claims(folder.write(), chain="previous")
    assert [found[n].status for n in ("C1", "C2", "C3")] == [CANCELLED, CANCELLED, ACTIVE]
    assert [i.value for i in found["C3"].prior_claims] == ["C2"]


def test_a_replacement_whose_original_is_not_there_names_it_all_the_same(folder: Folder) -> None:
    folder.claim("COT", replacement("C2", 10))
    (claim,) = the_claims(folder.write()).values()
    assert (claim.status, [i.value for i in claim.prior_claims]) == (ACTIVE, ["C1"])


def test_a_replacement_that_keeps_its_number_has_an_id_of_its_own(folder: Folder) -> None:
    folder.claim("COT")
    folder.claim("COT", replacement("C1", 10))
    told = claims(changes(folder.write()))
    assert sorted(claim.claim_id for claim in told) == ["ot-CA-C1", "ot-CA-C1-20240410"]


@pytest.mark.parametrize(
    "cells",
    [
        {"CLAIM-STATUS-CATEGORY": "F2"},
        {"CLAIM-DENIED-INDICATOR": "0"},
        {"TYPE-OF-CLAIM": "Z"},
        {"CLAIM-STATUS": "542"},
        {"CLAIM-STATUS": "026"},
    ],
)
def test_a_denied_claim_is_shown_as_denied(folder: Folder, cells: Cells) -> None:
    folder.claim("COT", cells)
    (claim,) = the_claims(folder.write()).values()
    assert (claim.payment_status, claim.status) == (PaymentStatus.DENIED, ACTIVE)


def test_a_denied_line_is_denied_alone(folder: Folder) -> None:
    folder.claim("COT", {}, {"CLAIM-LINE-STATUS": "585"}, {})
    (claim,) = the_claims(folder.write()).values()
    assert [line.denied for line in claim.lines] == [True, False]
    assert claim.payment_status is PaymentStatus.PAID


def test_an_encounter_without_paid_amount_shows_no_zero(folder: Folder) -> None:
    folder.claim(
        "COT", {"TYPE-OF-CLAIM": "3"}, {"MEDICAID-PAID-AMT": None, "MEDICAID-FFS-EQUIVALENT-AMT": Decimal("55.00")}
    )
    (claim,) = the_claims(folder.write()).values()
    assert Amount.BENEFIT not in claim.lines[0].amounts
    assert "55" not in repr(claim)


def test_what_medicaid_paid_of_medicares_share_is_no_liability_of_the_member(folder: Folder) -> None:
    shares = {"TOT-MEDICARE-DEDUCTIBLE-AMT": Decimal("20.00"), "TOT-MEDICARE-COINS-AMT": Decimal("5.00")}
    folder.claim("COT", {"CROSSOVER-INDICATOR": "1"} | shares)
    (claim,) = the_claims(folder.write()).values()
    assert not {Amount.DEDUCTIBLE, Amount.COINSURANCE, Amount.MEMBER_LIABILITY} & claim.totals.keys()
    assert [local.amount for local in claim.local_amounts] == [Decimal("20.00"), Decimal("5.00")]
    assert [payer.name for payer in claim.other_payers] == ["Medicare"]


@pytest.mark.parametrize("kind", list("245BDEVXYUW"))
def test_capitation_and_other_financial_records_are_never_claims(folder: Folder, kind: str) -> None:
    folder.claim("COT", {"TYPE-OF-CLAIM": kind})
    assert the_claims(folder.write()) == {}


def test_claims_of_other_programs_are_shown_where_the_state_wants_it(folder: Folder) -> None:
    folder.claim("COT", {"TYPE-OF-CLAIM": "U"})
    assert len(the_claims(folder.write(), other_programs=True)) == 1


def test_a_type_of_claim_that_nobody_knows_is_rejected(folder: Folder) -> None:
    folder.claim("COT", {"TYPE-OF-CLAIM": "Q"})
    ((_, _, reason),) = rejects(changes(folder.write()))
    assert reason == "the claim is left out: TYPE-OF-CLAIM is none of those that T-MSIS knows"


def test_a_later_delivery_of_the_same_claim_replaces_it(tmp_path: Path) -> None:
    for month, charge in ((5, "100.00"), (6, "90.00")):
        made = Folder(tmp_path / str(month), created=date(2024, month, 1))
        made.person()
        made.claim("COT", {}, {"BILLED-AMT": Decimal(charge)})
        made.write()
    (claim,) = the_claims(tmp_path).values()
    assert claim.lines[0].amounts[Amount.SUBMITTED] == Decimal("90.00")
