"""Settings of the ``rif`` claims source."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fhir_facade.contracts.settings import setting


@dataclass(frozen=True, slots=True, kw_only=True)
class RifSettings:
    """``[claims.rif]``: where the files are and whose they are."""

    folder: Path = setting(
        'Folder of the RIF files, subfolders included; { env = "RIF_FOLDER" } takes it from the environment',
        example="/data/rif",
    )
    complete: bool = setting(
        "Whether the folder always holds everything, so that a member or claim it no longer names was deleted; "
        "leave it false where deliveries replace each other and deletions come as DELETE rows",
        default=False,
    )
    payer_id: str = setting("Id of the payer's Organization in this source", default="cms")
    payer_name: str = setting("Name of the payer", default="Centers for Medicare and Medicaid Services")
    payer_number: str = setting("The payer's identifier", default="CMS")
    payer_number_system: str = setting(
        "URI of who issued the payer's identifier; empty where nobody named one", default=""
    )
