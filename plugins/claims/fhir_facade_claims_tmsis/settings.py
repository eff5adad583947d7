"""Settings of the ``tmsis`` claims source."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from fhir_facade.contracts.settings import Secret, setting


@dataclass(frozen=True, slots=True, kw_only=True)
class TmsisSettings:
    """``[claims.tmsis]``: where the monthly files are and how the state writes them."""

    folder: Path = setting("Folder of the files as they go to CMS, subfolders included", example="/data/tmsis")
    base: str = setting(
        "URI under which the agency's own numbers are named (members, providers, local procedure codes)",
        example="https://claims.example.gov",
    )
    payer_name: str = setting("Name of the agency that pays", default="State Medicaid Agency")
    layouts: Path | None = setting(
        "Folder of further layout files, one CSV per dictionary version, such as 3.27.csv", default=None
    )
    sign: Literal["any", "leading", "trailing", "overpunch"] = setting(
        "Where a negative amount of a fixed-length file has its sign", default="any"
    )
    chain: Literal["icn-orig", "previous"] = setting(
        "How an adjustment names its family: ICN-ORIG is that of the original, or that of the claim just before it",
        default="icn-orig",
    )
    other_programs: bool = setting(
        "Whether claims of other state programs (TYPE-OF-CLAIM U, W) are shown", default=False
    )
    test_files: bool = setting("Whether files marked as tests (FILE-STATUS-INDICATOR T) are read", default=False)
    network: Literal["innetwork", "outofnetwork"] = setting(
        "Network status of dental providers: the guide demands it, T-MSIS tells none, Medicaid pays enrolled ones",
        default="innetwork",
    )
    id_key: Secret | None = setting(
        "Secret that turns member ids into other ids where the state's ids are Social Security numbers", default=None
    )
    complete: bool = setting(
        "Whether the folder always holds everything, so that a member or claim it no longer names was deleted",
        default=False,
    )
    most_lines: int = setting("Lines of one claim above which it is rejected rather than held in memory", default=20000)
