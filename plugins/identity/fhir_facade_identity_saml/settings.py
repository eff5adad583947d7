"""``[identity.saml]``: the identity provider's metadata, who we are there, and what its attributes mean."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from fhir_facade.contracts.identity import Assurance
from fhir_facade.contracts.settings import setting

LEVELS = {f"{kind}{level}" for kind in ("ial", "aal") for level in range(4)}


@dataclass(frozen=True, slots=True, kw_only=True)
class SamlSettings:
    """Settings of one SAML identity provider."""

    entity_id: str = setting("Our entity id at the identity provider", example="https://claims.example.gov/saml")
    metadata: Path = setting("File with the identity provider's metadata (XML)")
    key: Path | None = setting("Private key (PEM) that signs our requests, where the provider wants that", default=None)
    certificate: Path | None = setting("Certificate (PEM) of key", default=None)
    attributes: dict[str, str] = setting(
        'What attributes are as evidence: attribute = "kind"', default={}, example='{ medicaid_id = "medicaid-id" }'
    )
    assurance: dict[str, str] = setting(
        'What an AuthnContextClassRef means: uri = "ial2 aal2"; others are level 0', default={}
    )
    force_log_in: bool = setting("Have the person log in anew, safe on shared computers", default=True)
    label: str = setting("What the member reads on the button", default="")

    def faults(self) -> list[str]:
        """Everything that can be seen to be wrong."""
        found = []
        if not self.entity_id:
            found.append("identity.saml.entity_id: is empty")
        if bool(self.key) != bool(self.certificate):
            found.append("identity.saml: key and certificate belong together; give both or none")
        found += [
            f"identity.saml.{name}: there is no file {path}"
            for name, path in (("metadata", self.metadata), ("key", self.key), ("certificate", self.certificate))
            if path is not None and not path.is_file()
        ]
        if not self.attributes:
            found.append("identity.saml.attributes: name at least one attribute that identifies a member")
        found += [
            f'identity.saml.assurance.{uri}: "{text}" must be words like ial2 and aal2'
            for uri, text in self.assurance.items()
            if not set(text.split()) <= LEVELS
        ]
        if shutil.which("xmlsec1") is None:
            found.append("identity.saml: the program xmlsec1 is not installed; install your system's xmlsec1 package")
        return found

    def level_of(self, context: str) -> Assurance:
        """The assurance an AuthnContextClassRef stands for; unknown ones are 0."""
        levels = {word[:3]: int(word[3]) for word in self.assurance.get(context, "").split()}
        return Assurance(ial=levels.get("ial", 0), aal=levels.get("aal", 0), acr=context)
