"""Pharmacy claims: fills, refills, compounds."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from fhir_facade.contracts.records import (
    Amount,
    Amounts,
    CareTeamRole,
    Claim,
    ClaimKind,
    ClaimLine,
    Ingredient,
    Party,
    PharmacyDetails,
)
from fhir_facade_claims_synthetic import catalogue, money
from fhir_facade_claims_synthetic.catalogue import Drug
from fhir_facade_claims_synthetic.desk import Desk, team

_COPAY = Decimal("1.00")


def fill(desk: Desk, day: date, drug: Drug, *, number: int = 0, refills: int = 5, **details: Any) -> Claim:
    """One fill of a drug; ``number`` 0 is the first."""
    line = ClaimLine(
        number=1,
        service_start=day,
        drug=catalogue.ndc(drug.ndc),
        quantity=drug.quantity,
        quantity_unit=drug.unit,
        amounts=_amounts(desk, drug.dollars),
    )
    pharmacy = PharmacyDetails(
        days_supply=drug.days,
        daw_code="1" if drug.brand else "0",
        fill_number=number,
        refills_authorized=refills,
        brand_generic="1" if drug.brand else "2",
        origin="3",
        compound_code="1",
    )
    return _claim(desk, day, line, pharmacy, details)


def compound(desk: Desk, day: date, **details: Any) -> Claim:
    """A drug that the pharmacy mixed of several ingredients."""
    ingredients = tuple(
        Ingredient(drug=catalogue.ndc(ndc), quantity=Decimal(quantity), unit=unit)
        for ndc, quantity, unit in catalogue.COMPOUND_PARTS
    )
    line = ClaimLine(
        number=1,
        service_start=day,
        ingredients=ingredients,
        quantity=Decimal("240"),
        quantity_unit="ML",
        amounts=_amounts(desk, (45, 120)),
    )
    pharmacy = PharmacyDetails(
        days_supply=12,
        daw_code="0",
        fill_number=0,
        refills_authorized=1,
        brand_generic="2",
        origin="1",
        compound_code="2",
    )
    return _claim(desk, day, line, pharmacy, details)


def _amounts(desk: Desk, dollars: tuple[int, int]) -> Amounts:
    priced = dict(money.amounts(desk.price(*dollars, copay=_COPAY)))
    priced[Amount.DRUG_COST] = priced[Amount.ELIGIBLE]
    return priced


def _claim(desk: Desk, day: date, line: ClaimLine, pharmacy: PharmacyDetails, details: dict[str, Any]) -> Claim:
    prescriber: Party = details.pop("prescriber", None) or desk.own(1)
    billing: Party = details.pop("billing", None) or desk.place("pharm")
    defaults: dict[str, Any] = {
        "pharmacy": pharmacy,
        "care_team": (team(CareTeamRole.PRESCRIBING, prescriber),),
    }
    return desk.claim(ClaimKind.PHARMACY, day, [line], billing, **defaults | details)
