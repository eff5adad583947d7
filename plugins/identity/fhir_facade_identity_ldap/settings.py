"""``[identity.ldap]``: the directory, where people are in it, and what their attributes mean."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from fhir_facade.contracts.settings import Secret, setting

LOOPBACK = {"localhost", "127.0.0.1", "::1"}
PLACE = "{username}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LdapSettings:
    """Settings of one directory."""

    url: str = setting("Address of the directory", example="ldaps://directory.example.gov")
    base: str = setting("Where people are looked up", example="ou=people,dc=example,dc=gov")
    filter: str = setting("How a person is found; {username} is what they typed, escaped", default="(uid={username})")
    bind_dn: str = setting("Account that may search; empty for an anonymous search", default="")
    bind_password: Secret | None = setting("Password of bind_dn, by reference", default=None)
    subject: str = setting("Attribute that names a person for ever", default="entryUUID")
    attributes: dict[str, str] = setting(
        'What attributes are as evidence: attribute = "kind"', default={}, example='{ employeeNumber = "medicaid-id" }'
    )
    start_tls: bool = setting("Begin on an ldap:// connection and turn TLS on", default=False)
    ca_file: Path | None = setting("Certificates that sign the directory's own; the system's without it", default=None)
    timeout_s: int = setting("Seconds any one answer of the directory may take", default=5)
    ial: int = setting("Identity assurance of people in this directory, 0–3: how they were proofed", default=0)
    aal: int = setting("Authenticator assurance of a password here, 0–3", default=1)
    label: str = setting("What the member reads on the button", default="")

    def faults(self) -> list[str]:
        """Everything that can be seen to be wrong without asking the directory."""
        parts, found = urlsplit(self.url), []
        if parts.scheme not in {"ldap", "ldaps"} or not parts.hostname:
            found.append("identity.ldap.url: must begin with ldaps:// or ldap://")
        elif parts.scheme == "ldap" and not self.start_tls and parts.hostname not in LOOPBACK:
            found.append("identity.ldap.url: passwords need TLS; use ldaps://, or set start_tls = true")
        if PLACE not in self.filter:
            found.append("identity.ldap.filter: must contain {username}")
        if self.bind_dn and self.bind_password is None:
            found.append("identity.ldap.bind_password: bind_dn needs one; an empty password would be no log-in at all")
        if not self.attributes:
            found.append("identity.ldap.attributes: name at least one attribute that identifies a member")
        found += [
            f"identity.ldap.{name}: must be 0–3, not {level}"
            for name, level in (("ial", self.ial), ("aal", self.aal))
            if not 0 <= level <= 3
        ]
        return found
