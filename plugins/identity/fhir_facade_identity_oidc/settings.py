"""``[identity.oidc]``: where the OpenID Provider is, who we are there, and what its claims mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from fhir_facade.contracts.identity import Assurance
from fhir_facade.contracts.settings import Secret, setting

LOOPBACK = {"localhost", "127.0.0.1", "::1"}
LEVELS = {f"{kind}{level}" for kind in ("ial", "aal") for level in range(4)}


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcSettings:
    """Settings of one OpenID Provider."""

    issuer: str = setting("Issuer URL, exactly as in the provider's discovery document", example="https://login.gov")
    client_id: str = setting("The client id that the provider gave the facade")
    client_secret: Secret | None = setting("Client secret, by reference; or use private_key", default=None)
    private_key: Secret | None = setting(
        "Private key (PEM) for private_key_jwt, by reference; its public half is registered at the provider",
        default=None,
    )
    private_key_id: str = setting("Key id (kid) of private_key, where the provider wants one", default="")
    scopes: tuple[str, ...] = setting("Scopes to ask for; openid is always asked for", default=("openid",))
    claims: dict[str, str] = setting(
        'What the provider\'s claims are as evidence: claim = "kind", a dot goes into a nested claim',
        default={},
        example='{ medicaid_id = "medicaid-id", birthdate = "birth-date" }',
    )
    acr_values: str = setting("Assurance to ask for, best first; any other answer is refused", default="")
    assurance: dict[str, str] = setting(
        'What an acr value means: acr = "ial2 aal2"',
        default={},
        example='{ "http://idmanagement.gov/ns/assurance/ial/2" = "ial2 aal2" }',
    )
    second_factor_amr: tuple[str, ...] = setting(
        'Values of the claim amr that mean a second factor (AAL 2), such as "mfa"', default=()
    )
    groups: str = setting("Claim that lists a person's groups; roles of staff are given by group", default="")
    userinfo: bool = setting("Read claims from the userinfo endpoint too", default=False)
    prompt: Literal["login", "select_account", "none-given"] = setting(
        "What the provider is asked to show; login makes the person log in anew, safe on shared computers",
        default="login",
    )
    timeout_s: int = setting("Seconds any one answer of the provider may take", default=5)
    label: str = setting("What the member reads on the button", default="")

    def faults(self) -> list[str]:
        """Everything that can be seen to be wrong without asking the provider."""
        found = []
        if not is_safe(self.issuer):
            found.append("identity.oidc.issuer: must begin with https:// (http:// for localhost only)")
        if self.client_secret and self.private_key:
            found.append("identity.oidc: give client_secret or private_key, not both")
        if not self.claims:
            found.append(
                "identity.oidc.claims: name at least one claim that identifies a member; without it nobody is found"
            )
        found += [
            f'identity.oidc.assurance.{acr}: "{text}" must be words like ial2 and aal2'
            for acr, text in self.assurance.items()
            if not set(text.split()) <= LEVELS
        ]
        return found


def is_safe(url: str) -> bool:
    """Whether a URL is https, or http on this machine."""
    parts = urlsplit(url)
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK))


def level_of(acr: str, meaning: Mapping[str, str]) -> Assurance:
    """The assurance that an ``acr`` stands for; unknown values are 0."""
    words = meaning.get(acr, "").split()
    levels = {word[:3]: int(word[3]) for word in words}
    return Assurance(ial=levels.get("ial", 0), aal=levels.get("aal", 0), acr=acr)
