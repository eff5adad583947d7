"""Hypothesis strategies of claim lines, by kind of claim."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from hypothesis import strategies as st

from fhir_facade.conformance.value_strategies import amounts, details, local_amounts, maybe, quantities
from fhir_facade.contracts import codes
from fhir_facade.contracts.codes import Code
from fhir_facade.contracts.records import ClaimKind, ClaimLine, Ingredient, NetworkStatus

teeth = st.sampled_from(("1", "3", "32", "A")).map(lambda tooth: Code(codes.TOOTH_NUMBER, tooth))
areas = st.sampled_from(("00", "10")).map(lambda area: Code(codes.ORAL_AREA, area))
surfaces = st.lists(st.sampled_from("MODBL").map(lambda s: Code(codes.TOOTH_SURFACE, s)), max_size=3).map(tuple)
adjustments = st.lists(
    st.sampled_from((Code(codes.CARC, "45"), Code(codes.CARC, "96"), Code(codes.RARC, "N130"))), max_size=3
).map(tuple)
rejects = st.lists(st.sampled_from("7576").map(lambda r: Code(codes.NCPDP_REJECT, r)), max_size=2).map(tuple)
modifiers = st.lists(st.sampled_from((Code(codes.HCPCS, "GT"), Code(codes.CPT, "25"))), max_size=2).map(tuple)
drugs = st.sampled_from(("00093742456", "00093-7424-56", "0093-7424-56")).map(lambda ndc: Code(codes.NDC, ndc))
ingredients = st.lists(
    st.builds(Ingredient, drug=drugs, quantity=maybe(quantities), unit=maybe(st.sampled_from(("ML", "GR")))),
    min_size=1,
    max_size=3,
).map(tuple)
procedures = st.sampled_from((Code(codes.HCPCS, "G0299"), Code(codes.CPT, "99213")))
stay_procedures = st.sampled_from((Code(codes.HIPPS, "1AFKS"), Code(codes.HCPCS, "G0299")))
dental = st.sampled_from((Code(codes.CDT, "D2392"), Code(codes.HCPCS, "D0120")))
revenues = st.sampled_from(("1", "120", "0450", "0001"))
places = st.sampled_from(("11", "21", "1"))

_COMMON: dict[str, st.SearchStrategy[Any]] = {
    "amounts": amounts,
    "adjustments": adjustments,
    "units": maybe(quantities),
    "unit": maybe(st.just("days")),
    "allowed_units": maybe(quantities),
    "benefit_payment": maybe(st.sampled_from(NetworkStatus)),
    "denied": st.booleans(),
    "modifiers": modifiers,
    "note_numbers": st.lists(st.integers(1, 3), max_size=2).map(tuple),
    "details": details,
    "local_amounts": local_amounts,
}
_OWN: dict[ClaimKind, dict[str, st.SearchStrategy[Any]]] = {
    ClaimKind.INPATIENT: {"revenue": revenues, "procedure": maybe(stay_procedures), "drug": maybe(drugs)},
    ClaimKind.OUTPATIENT: {"revenue": maybe(revenues), "procedure": maybe(procedures), "drug": maybe(drugs)},
    ClaimKind.PROFESSIONAL: {"procedure": maybe(procedures), "place_of_service": places, "transport": st.booleans()},
    ClaimKind.VISION: {"procedure": maybe(procedures), "place_of_service": places},
    ClaimKind.PHARMACY: {
        "drug": drugs,
        "ingredients": st.just(()) | ingredients,
        "quantity": maybe(quantities),
        "quantity_unit": maybe(st.sampled_from(("ML", "EA"))),
        "rejects": rejects,
    },
    ClaimKind.ORAL: {
        "procedure": maybe(dental),
        "place_of_service": places,
        "tooth": teeth,
        "surfaces": surfaces,
        "additional_teeth": st.lists(teeth | areas, max_size=2).map(tuple),
    },
}


def of(kind: ClaimKind, start: date) -> st.SearchStrategy[tuple[ClaimLine, ...]]:
    """One to four lines of a claim of ``kind``, each on ``start``; numbers unique, not 1..n."""
    line = st.builds(ClaimLine, number=st.just(1), service_start=st.just(start), **(_COMMON | _OWN[kind]))
    numbers = st.lists(st.integers(1, 999), min_size=1, max_size=4, unique=True)
    return numbers.flatmap(
        lambda chosen: st.tuples(*(line for _ in chosen)).map(
            lambda drawn: tuple(replace(one, number=n) for n, one in zip(chosen, drawn, strict=True))
        )
    )
