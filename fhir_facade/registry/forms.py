"""The form about an app: what was typed, what is wrong with it field by field, and the registration it makes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlsplit

from fhir_facade.oauth import redirects
from fhir_facade.oauth.jwks import KeysUnavailable, read_keys
from fhir_facade.registry import attestations
from fhir_facade.registry.faults import Fault
from fhir_facade.store.apps import App, AppKind, GrantLength

KINDS: tuple[AppKind, ...] = ("public", "confidential", "asymmetric")
LENGTHS: tuple[GrantLength, ...] = ("once", "13-months", "study")
SCOPES = (
    "openid",
    "fhirUser",
    "profile",
    "launch/patient",
    "offline_access",
    "patient/Patient.rs",
    "patient/Coverage.rs",
    "patient/ExplanationOfBenefit.rs",
    "patient/Organization.rs",
    "patient/Practitioner.rs",
    "patient/AuditEvent.rs",
    "patient/*.rs",
)
"""What the form offers; ``patient/*.rs`` covers every type there is."""

LINKS = ("website", "privacy_url", "terms_url")
MOST_REDIRECTS = 20
LONGEST_TEXT = 2000
LONGEST_KEYS = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class AppForm:
    """What was typed, as it was typed, so that a faulty form can be shown again."""

    name: str = ""
    description: str = ""
    website: str = ""
    privacy_url: str = ""
    terms_url: str = ""
    support: str = ""
    kind: str = "public"
    grant_length: str = "13-months"
    redirects: str = ""
    scopes: tuple[str, ...] = ("openid", "fhirUser", "launch/patient", "offline_access", "patient/*.rs")
    jwks: str = ""
    jwks_uri: str = ""

    @property
    def redirect_uris(self) -> tuple[str, ...]:
        """The redirect URIs, one a line."""
        return tuple(dict.fromkeys(line.strip() for line in self.redirects.splitlines() if line.strip()))

    def registration(self, answers: Mapping[str, bool]) -> dict[str, Any]:
        """The arguments of ``oauth.registry.register_app``; only for a form without faults."""
        details: dict[str, Any] = {name: getattr(self, name).strip() for name in (*LINKS, "support", "description")}
        details |= {"answers": dict(answers)}
        details |= {"attestations": list(attestations.QUESTIONS)} if attestations.attested(answers) else {}
        asymmetric = self.kind == "asymmetric"
        return {
            "name": self.name.strip(),
            "kind": cast(AppKind, self.kind),
            "grant_length": cast(GrantLength, self.grant_length),
            "redirect_uris": self.redirect_uris,
            "scopes": " ".join(self.scopes),
            "jwks": json.loads(self.jwks) if asymmetric and self.jwks.strip() else None,
            "jwks_uri": self.jwks_uri.strip() or None if asymmetric else None,
            "details": {name: value for name, value in details.items() if value},
        }


def form_of(typed: Mapping[str, Sequence[str]]) -> AppForm:
    """The form that was sent: names with their values."""
    texts = {name: values[0] for name, values in typed.items() if values}
    names = [name for name in AppForm.__slots__ if name not in {"scopes", "redirect_uris"}]
    return AppForm(
        **{name: texts.get(name, "")[:LONGEST_KEYS] for name in names},
        scopes=tuple(scope for scope in SCOPES if scope in typed.get("scope", ())),
    )


def form_about(app: App) -> AppForm:
    """The form filled in with a registered app."""
    words = str(app.scopes).split()
    return AppForm(
        name=app.name,
        kind=app.kind,
        grant_length=app.grant_length,
        redirects="\n".join(app.redirect_uris),
        scopes=tuple(words),
        jwks=json.dumps(dict(app.jwks), indent=2) if app.jwks else "",
        jwks_uri=app.jwks_uri or "",
        **{name: str(app.details.get(name) or "") for name in (*LINKS, "support", "description")},
    )


def faults_of(form: AppForm) -> list[Fault]:
    """Everything that is wrong with a form."""
    return [*_text_faults(form), *_choice_faults(form), *redirect_faults(form.redirect_uris), *_key_faults(form)]


def redirect_faults(uris: Sequence[str], *, production: bool = False) -> list[Fault]:
    """What is wrong with redirect URIs; production allows no http but that of a device's own loopback address."""
    if not uris:
        return [Fault("redirects", "fault.redirects_missing")]
    if len(uris) > MOST_REDIRECTS:
        return [Fault("redirects", "fault.redirects_many", {"most": str(MOST_REDIRECTS)})]
    found = [Fault("redirects", "fault.redirect", {"uri": uri, "why": why}) for uri in uris if (why := _why(uri))]
    if production and not found:
        local = [uri for uri in uris if urlsplit(uri).hostname == "localhost"]
        return [Fault("redirects", "fault.redirect_localhost", {"uri": uri}) for uri in local]
    return found


def _why(uri: str) -> str | None:
    """The key of why a redirect URI is refused."""
    fault = redirects.fault(uri)
    if fault is None:
        return None
    scheme = uri.partition(":")[0].lower()
    if scheme == "http":
        return "fault.redirect_http"
    if "#" in uri:
        return "fault.redirect_fragment"
    if "*" in uri:
        return "fault.redirect_wildcard"
    return "fault.redirect_shape"


def _text_faults(form: AppForm) -> list[Fault]:
    faults = []
    if not 1 <= len(form.name.strip()) <= 200 or not form.name.strip().isprintable():
        faults.append(Fault("name", "fault.app_name"))
    if len(form.description) > LONGEST_TEXT:
        faults.append(Fault("description", "fault.long", {"most": str(LONGEST_TEXT)}))
    if len(form.support) > 200:
        faults.append(Fault("support", "fault.long", {"most": "200"}))
    links = {name: getattr(form, name).strip() for name in LINKS}
    return faults + [Fault(name, "fault.link") for name, url in links.items() if url and not is_web_link(url)]


def is_web_link(url: str) -> bool:
    """Whether a text is an absolute web address that a page may link to."""
    if len(url) > LONGEST_TEXT or not url.isprintable() or " " in url:
        return False
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        return False


def _choice_faults(form: AppForm) -> list[Fault]:
    faults = []
    if form.kind not in KINDS:
        faults.append(Fault("kind", "fault.choose"))
    if form.grant_length not in LENGTHS:
        faults.append(Fault("grant_length", "fault.choose"))
    if not any(scope.startswith("patient/") for scope in form.scopes):
        faults.append(Fault("scope", "fault.scope"))
    return faults


def _key_faults(form: AppForm) -> list[Fault]:
    if form.kind != "asymmetric":
        return []
    if bool(form.jwks.strip()) == bool(form.jwks_uri.strip()):
        return [Fault("jwks_uri", "fault.jwks_one")]
    if form.jwks_uri.strip():
        return [Fault("jwks_uri", "fault.link")] if redirects.fault(form.jwks_uri.strip()) else []
    try:
        keys = read_keys(json.loads(form.jwks))
    except (ValueError, RecursionError, KeysUnavailable):
        return [Fault("jwks", "fault.jwks")]
    return [] if keys and all(key.kid for key in keys) else [Fault("jwks", "fault.jwks")]
