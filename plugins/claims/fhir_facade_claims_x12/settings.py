"""The settings of a folder of X12 files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from fhir_facade.contracts.settings import setting


@dataclass(frozen=True, slots=True, kw_only=True)
class X12Settings:
    """``[claims.x12]``: where the files are, and who the payer is."""

    folder: Path = setting(
        "Folder of 834, 835 and 837 interchanges; every file in it and its subfolders is read", example="x12"
    )
    payer_name: str = setting("Name of the payer whose remittances these are", example="Example State Medicaid")
    payer_id: str = setting("Payer identifier as trading partners know it", example="EXMCD")
    payer_npi: str | None = setting("The payer's NPI, if it has one", default=None)
    payer_tax_id: str | None = setting("The payer's employer identification number", default=None)
    payer_naic: str | None = setting("The payer's NAIC company code", default=None)
    member_system: str = setting(
        "URI that names whose member numbers these are",
        default="urn:x12:member-number",
        example="https://example.gov/id",
    )
    claim_system: str = setting("URI that names whose claim numbers these are", default="urn:x12:claim-number")
    match_key: str = setting(
        "What log-ins call the member number when they prove who somebody is", default="medicaid-id"
    )
    network: Literal["innetwork", "outofnetwork"] | None = setting(
        "Network status of all providers: X12 does not say it, dental claims cannot be published without it",
        default=None,
    )
    complete: bool = setting("The folder always holds everything: what it no longer names was deleted", default=False)
    report_waiting: bool = setting("List submitted claims without a remittance among the rejects", default=False)
