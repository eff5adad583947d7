"""Settings of the ``sql`` source."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fhir_facade.contracts.settings import Secret, setting


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlSettings:
    """How to reach a relational database, and which mapping says what is in it."""

    url: Secret = setting("SQLAlchemy URL of the claims database, by reference; an account that may only read")
    mapping: Path | None = setting("Mapping file (TOML) of your own tables; this or preset", default=None)
    preset: str | None = setting("A bundled mapping: tuva, tuva-2024, cpcds-views or desynpuf", default=None)
    database_schema: str | None = setting("Database schema in which the tables stand", default=None)
    payer_name: str = setting("Name of the payer, as members know it", default="Health plan")
    payer_id: str = setting("Identifier of the payer, as it stands in claims", default="payer")
    statement_timeout_s: int = setting("Seconds one statement may take", default=8)
    connections: int = setting("Connections each process keeps", default=4)
    orphans: bool = setting(
        "List lines without a claim and claims without a member after a full read; false where only a part is served",
        default=True,
    )
