"""X12 5010 interchanges: 837 claims joined with their 835 remittances, 834 enrolments for who the members are."""

from __future__ import annotations

from fhir_facade.contracts.plugin import CLAIMS_CONTRACT, ClaimsPlugin
from fhir_facade_claims_x12.fields import FIELDS
from fhir_facade_claims_x12.settings import X12Settings
from fhir_facade_claims_x12.source import X12Source

__all__ = ["X12Settings", "X12Source", "plugin"]

plugin = ClaimsPlugin(
    name="x12",
    contract=CLAIMS_CONTRACT,
    settings=X12Settings,
    open=X12Source,
    summary="X12 5010 files: 837 claims with their 835 remittances, 834 enrolments",
    layouts=lambda: {"x12": FIELDS},
)
