"""What a good claim of each kind holds, and which of its codes nobody but the payer knows, for the quality report."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from fhir_facade.contracts import codes
from fhir_facade.contracts.codes import Code
from fhir_facade.contracts.records import Claim, ClaimKind

_EVERY = (
    "service_end", "received_on", "paid_on", "payment_status", "billing_network", "payee", "care_team",
    "patient_account_number", "lines.amounts", "totals",
)  # fmt: skip
_INSTITUTIONAL = (
    "diagnoses", "type_of_bill", "admission_type", "point_of_origin", "discharge_status", "medical_record_number",
    "lines.revenue", "lines.procedure", "lines.units",
)  # fmt: skip
_OFFICE = ("diagnoses", "rendering_network", "facility_id", "lines.procedure", "lines.place_of_service", "lines.units")

EXPECTED: Mapping[ClaimKind, tuple[str, ...]] = {
    ClaimKind.INPATIENT: (*_EVERY, *_INSTITUTIONAL, "admitted_on", "discharged_on", "drg", "procedures"),
    ClaimKind.OUTPATIENT: (*_EVERY, *_INSTITUTIONAL),
    ClaimKind.PROFESSIONAL: (*_EVERY, *_OFFICE, "lines.modifiers", "lines.benefit_payment"),
    ClaimKind.VISION: (*_EVERY, *_OFFICE),
    ClaimKind.ORAL: (*_EVERY, *_OFFICE, "oral", "lines.tooth", "lines.surfaces"),
    ClaimKind.PHARMACY: (
        *_EVERY, "lines.drug", "lines.quantity", "pharmacy.days_supply", "pharmacy.daw_code", "pharmacy.fill_number",
        "pharmacy.refills_authorized", "pharmacy.brand_generic", "pharmacy.origin", "pharmacy.compound_code",
    ),
}  # fmt: skip
"""Fields that the profile of a kind demands or wants shown (must support), as far as a payer can hold them."""

SHAPES: Mapping[str, str] = {
    codes.ICD_10_CM: r"[A-Z][0-9][0-9A-Z]\.?[0-9A-Z]{0,4}",
    codes.ICD_9_CM: r"[0-9EV][0-9]{1,3}\.?[0-9]{0,2}",
    codes.ICD_10_PCS: r"[0-9A-HJ-NP-Z]{7}",
    codes.CPT: r"[0-9]{4}[0-9A-Z]|[0-9]{2}|[0-9A-Z]{2}",
    codes.HCPCS: r"[A-V][0-9]{4}|[0-9A-Z]{2}",
    codes.HIPPS: r"[0-9A-Z]{5}",
    codes.CDT: r"D[0-9]{4}",
    codes.NDC: r"[0-9]{11}|[0-9]{1,5}-[0-9]{1,4}-[0-9]{1,2}",
    codes.MS_DRG: r"[0-9]{3}",
    codes.CARC: r"[A-Z]?[0-9]{1,3}",
    codes.RARC: r"(M|MA|N)[0-9]{1,4}",
}
"""How the codes of a system are written; what does not fit was most likely put into the wrong system."""

_KNOWN = frozenset(value for name, value in vars(codes).items() if name.isupper() and isinstance(value, str))


_AS_WELL: Mapping[str, tuple[str, ...]] = {
    "lines.amounts": ("lines.amounts", "amounts"),
    "totals": ("totals", "amounts", "lines.amounts"),
}
"""Where a field may stand as well: a stay's amounts are the lines' or the claim's, and give its totals."""


def filled(claim: Claim) -> Iterator[str]:
    """Those of the expected fields that the claim fills; of lines, any line."""
    for name in EXPECTED[claim.kind]:
        if any(_fills(claim, place) for place in _AS_WELL.get(name, (name,))):
            yield name


def _fills(claim: Claim, name: str) -> bool:
    record, _, inner = name.partition(".")
    held = getattr(claim, record)
    parts = held if record == "lines" else (held,)
    return any(_has(getattr(part, inner) if inner else part) for part in parts if part is not None)


def _has(value: Any) -> bool:
    if is_dataclass(value) and not isinstance(value, type):
        return any(_has(getattr(value, spec.name)) for spec in fields(value))
    return value is not None and value != () and value != {}


def strange_codes(value: Any, where: str = "claim") -> Iterator[str]:
    """What a manager should know of codes that no public list holds: system, place and an example."""
    if isinstance(value, Code):
        if value.system not in _KNOWN:
            yield f"{where}: codes of the payer's own system {value.system}"
        elif value.system in SHAPES and not re.fullmatch(SHAPES[value.system], value.value):
            yield f"{where}: {value.value[:20]} is not written like a code of {value.system}"
    elif isinstance(value, tuple):
        for one in value:
            yield from strange_codes(one, where)
    elif is_dataclass(value) and not isinstance(value, type):
        for spec in fields(value):
            if spec.name not in ("local_amounts", "details"):
                yield from strange_codes(getattr(value, spec.name), f"{where}.{spec.name}")
