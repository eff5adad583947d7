"""``[identity.local]``: which second factor people enrol, and how guessing is slowed down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fhir_facade.contracts.settings import setting


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalSettings:
    """Settings of the accounts."""

    second_factor: Literal["totp", "passkey", "none"] = setting(
        "What people set up when they accept an invitation; passkeys need JavaScript and https", default="totp"
    )
    shortest_password: int = setting("Fewest characters of a password, 8 or more", default=12)
    failures: int = setting("Wrong passwords or codes in a row that lock an account", default=5)
    lock_s: int = setting("Seconds an account stays locked", default=900)
    label: str = setting("What the member reads on the button", default="")

    def faults(self) -> list[str]:
        """Everything that is wrong."""
        found = []
        if self.shortest_password < 8:
            found.append("identity.local.shortest_password: must be 8 or more")
        if not 1 <= self.failures <= 100:
            found.append("identity.local.failures: must be 1–100")
        if self.lock_s < 1:
            found.append("identity.local.lock_s: must be 1 or more")
        return found
