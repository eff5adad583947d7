"""``[identity.header]``: which header, who signs it, and what its claims mean."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from fhir_facade.contracts.settings import setting


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderSettings:
    """Settings of one signing proxy."""

    header: str = setting("Request header that carries the assertion", default="X-Identity-Assertion")
    issuer: str = setting("Who signs: the assertion's iss, exactly", example="https://proxy.example.gov")
    audience: str = setting("For whom: the assertion's aud", example="https://claims.example.gov")
    keys: Path = setting("File with the proxy's public keys, a JWK set or PEM; read again when it changes")
    claims: dict[str, str] = setting(
        'What claims are as evidence: claim = "kind"', default={}, example='{ medicaid_id = "medicaid-id" }'
    )
    life_s: int = setting("Seconds an assertion may live; longer ones are refused", default=120)
    ial: int = setting("Identity assurance of people behind this proxy, 0–3", default=0)
    aal: int = setting("Authenticator assurance of this proxy's log-in, 0–3", default=0)
    label: str = setting("What the member reads on the button", default="")

    def faults(self) -> list[str]:
        """Everything that can be seen to be wrong."""
        found = []
        if not re.fullmatch(r"[A-Za-z0-9-]{1,64}", self.header):
            found.append("identity.header.header: must be the name of one header")
        if self.header.lower() in {"cookie", "authorization"}:
            found.append("identity.header.header: cookies and the authorization header belong to the facade itself")
        found += [f"identity.header.{name}: is empty" for name in ("issuer", "audience") if not getattr(self, name)]
        if not self.claims:
            found.append("identity.header.claims: name at least one claim that identifies a member")
        if not 1 <= self.life_s <= 3600:
            found.append("identity.header.life_s: must be 1–3600")
        found += [
            f"identity.header.{name}: must be 0–3, not {level}"
            for name, level in (("ial", self.ial), ("aal", self.aal))
            if not 0 <= level <= 3
        ]
        return found
