"""Hypothesis strategies of single values as records carry them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TypeVar

from hypothesis import strategies as st

from fhir_facade.contracts import codes
from fhir_facade.contracts.codes import Code
from fhir_facade.contracts.people import Identifier
from fhir_facade.contracts.records import Amount, Amounts, Detail, LocalAmount

T = TypeVar("T")


def maybe(strategy: st.SearchStrategy[T]) -> st.SearchStrategy[T | None]:
    """The strategy or None."""
    return st.none() | strategy


texts = st.text(st.characters(categories=("L", "N", "P", "S")), min_size=1, max_size=12)
days = st.dates(date(2016, 1, 1), date(2026, 12, 31))
instants = st.datetimes(
    min_value=datetime.fromisoformat("2016-01-01"),
    max_value=datetime.fromisoformat("2026-12-31"),
    timezones=st.just(UTC),
)
money = st.integers(-(10**8), 10**10).map(lambda cents: Decimal(cents).scaleb(-2))
quantities = st.integers(0, 10**7).map(lambda n: Decimal(n).scaleb(-3))
identifiers = st.builds(Identifier, system=st.just("https://payer.test/claims"), value=texts)
amounts: st.SearchStrategy[Amounts] = st.dictionaries(st.sampled_from(Amount), money, max_size=5)

icd = st.sampled_from(
    (
        Code(codes.ICD_10_CM, "E119"),
        Code(codes.ICD_10_CM, "E11.9"),
        Code(codes.ICD_10_CM, "I10"),
        Code(codes.ICD_10_CM, "W010XXA"),
        Code(codes.ICD_10_CM, "F1120"),
        Code(codes.ICD_9_CM, "25000"),
        Code(codes.ICD_9_CM, "E8859"),
        Code(codes.ICD_9_CM, "V5869"),
    )
)

_OWN = "https://payer.test/variables"
own_codes = st.sampled_from(("A1", "B2")).map(lambda name: Code(_OWN, name))
details = st.lists(
    st.builds(Detail, category=own_codes, code=own_codes)
    | st.builds(Detail, category=own_codes, text=texts)
    | st.builds(Detail, category=own_codes, quantity=quantities)
    | st.builds(Detail, category=own_codes, day=days),
    max_size=2,
).map(tuple)
local_amounts = st.lists(st.builds(LocalAmount, category=own_codes, amount=money), max_size=2).map(tuple)
