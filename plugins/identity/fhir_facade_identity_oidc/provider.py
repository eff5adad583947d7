"""The OpenID Connect log-in: code flow with PKCE, everything checked before anything is believed."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

from fhir_facade.contracts.errors import (
    ConfigError,
    IdentityUnavailable,
    LoginDenied,
    LoginRejected,
)
from fhir_facade.contracts.identity import Answer, Assurance, Attempt, RedirectTo, VerifiedIdentity
from fhir_facade.contracts.plugin import IdentityContext
from fhir_facade_identity_oidc.checking import faults_of
from fhir_facade_identity_oidc.http import ProviderHttp
from fhir_facade_identity_oidc.metadata import Discovery
from fhir_facade_identity_oidc.settings import OidcSettings, level_of
from fhir_facade_identity_oidc.tokens import ClientAssertion, is_instant, verified_claims

DENIED = {"access_denied", "login_required", "consent_required", "interaction_required", "account_selection_required"}
DOWN = {"temporarily_unavailable", "server_error"}
LONGEST = 8192
JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def open_provider(settings: OidcSettings, context: IdentityContext) -> OidcProvider:
    """The provider.

    Raises:
        ConfigError: settings that cannot work; every fault at once.
    """
    faults = settings.faults()
    if context.production and not settings.issuer.startswith("https://"):
        faults.append("identity.oidc.issuer: production needs https")
    if faults:
        raise ConfigError(faults)
    return OidcProvider(settings, f"{context.public_base}/login/callback")


class OidcProvider:
    """Log-in at one OpenID Provider.

    Args:
        settings: checked settings.
        callback_url: absolute URL that the provider sends people back to.
    """

    def __init__(self, settings: OidcSettings, callback_url: str) -> None:
        self._settings = settings
        self._callback_url = callback_url
        self._http = ProviderHttp(settings.timeout_s)
        self._discovery = Discovery(settings.issuer, self._http)
        self._assertion = ClientAssertion(settings) if settings.private_key else None

    def begin(self, attempt: Attempt) -> RedirectTo:
        """Send the browser to the provider.

        Raises:
            IdentityUnavailable: the provider does not answer.
            LoginRejected: its metadata cannot be believed.
        """
        challenge = base64.urlsafe_b64encode(hashlib.sha256(attempt.code_verifier.encode()).digest()).rstrip(b"=")
        query = {
            "response_type": "code",
            "client_id": self._settings.client_id,
            "redirect_uri": attempt.callback_url,
            "scope": " ".join(dict.fromkeys(("openid", *self._settings.scopes))),
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": challenge.decode(),
            "code_challenge_method": "S256",
            "ui_locales": attempt.language,
        }
        if self._settings.acr_values:
            query["acr_values"] = self._settings.acr_values
        if self._settings.prompt != "none-given":
            query["prompt"] = self._settings.prompt
        endpoint = self._discovery.metadata().authorization_endpoint
        return RedirectTo(url=f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}")

    def finish(self, attempt: Attempt, answer: Answer) -> VerifiedIdentity:
        """Check the answer, exchange the code, check the id_token.

        Raises:
            LoginDenied: the person or the provider said no.
            LoginRejected: the answer cannot be trusted.
            IdentityUnavailable: the provider does not answer.
        """
        self._check_answer(attempt, answer.parameters)
        tokens = self._exchange(attempt, answer.parameters["code"])
        claims = verified_claims(str(tokens.get("id_token", "")), self._discovery, self._settings, attempt.nonce)
        if self._settings.userinfo:
            claims = self._userinfo(tokens, claims) | claims
        return self._identity(attempt, claims)

    def logout_url(self, back_to: str) -> str | None:
        """The provider's end-session address (OpenID Connect RP-Initiated Logout 1.0), where it has one.

        Raises:
            IdentityUnavailable: the provider does not answer.
        """
        endpoint = self._discovery.metadata().end_session_endpoint
        query = urlencode({"client_id": self._settings.client_id, "post_logout_redirect_uri": back_to})
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{query}" if endpoint else None

    def check(self) -> Sequence[str]:
        """Ask the provider for its metadata and keys, and try our client there; what is wrong, in sentences."""
        return faults_of(self._settings, self._discovery, self._http, self._callback_url, self._posted)

    def close(self) -> None:
        """Nothing to give back: each request has its own connection."""

    def _check_answer(self, attempt: Attempt, parameters: Mapping[str, str]) -> None:
        """The answer is this attempt's and this issuer's, and carries a code: checked before any exchange."""
        state, issuer = parameters.get("state", ""), parameters.get("iss")
        if not secrets.compare_digest(state.encode(), attempt.state.encode()):
            raise LoginRejected("the answer belongs to another attempt")
        if issuer != self._settings.issuer and (issuer is not None or self._discovery.metadata().says_iss):
            raise LoginRejected("the answer comes from another issuer")
        error = parameters.get("error")
        if error in DENIED:
            raise LoginDenied(f"the provider answered {error}")
        if error in DOWN:
            raise IdentityUnavailable(f"the provider answered {error}")
        if error is not None:
            raise LoginRejected("the provider refused the request; compare client id, scopes and redirect URI")
        if not 0 < len(parameters.get("code", "")) <= LONGEST:
            raise LoginRejected("the answer has no code")

    def _exchange(self, attempt: Attempt, code: str) -> dict[str, Any]:
        status, tokens = self._posted(code, attempt.callback_url, attempt.code_verifier)
        if status != 200:
            raise LoginRejected(f"the provider did not accept the code ({status})")
        return tokens

    def _posted(self, code: str, callback_url: str, verifier: str) -> tuple[int, dict[str, Any]]:
        """The token endpoint's answer to a code."""
        endpoint, settings = self._discovery.metadata().token_endpoint, self._settings
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": callback_url,
            "code_verifier": verifier,
            "client_id": settings.client_id,
        }
        auth = None
        if self._assertion:
            form |= {"client_assertion_type": JWT_BEARER, "client_assertion": self._assertion.sign(endpoint)}
        elif settings.client_secret:
            auth = quote(settings.client_id, safe=""), quote(settings.client_secret.reveal(), safe="")
        return self._http.post(endpoint, form, auth)

    def _userinfo(self, tokens: Mapping[str, Any], claims: Mapping[str, Any]) -> dict[str, Any]:
        endpoint = self._discovery.metadata().userinfo_endpoint
        if not endpoint:
            raise LoginRejected("the provider has no userinfo endpoint")
        found = self._http.get(endpoint, {"Authorization": f"Bearer {tokens.get('access_token', '')}"})
        if found.get("sub") != claims["sub"]:
            raise LoginRejected("userinfo is about somebody else")
        return found

    def _identity(self, attempt: Attempt, claims: Mapping[str, Any]) -> VerifiedIdentity:
        acr = str(claims.get("acr", ""))
        wanted = self._settings.acr_values.split()
        if wanted and acr not in wanted:
            raise LoginRejected("the log-in does not have the assurance that was asked for")
        when = claims.get("auth_time", claims["iat"])
        if not is_instant(when):
            raise LoginRejected("the id_token has no readable auth_time")
        return VerifiedIdentity(
            issuer=self._settings.issuer,
            subject=claims["sub"],
            nonce=str(claims["nonce"]),
            authenticated_at=datetime.fromtimestamp(when, UTC),
            assurance=_assurance(claims, acr, self._settings),
            evidence=_evidence(claims, self._settings.claims),
            proofing=f"OpenID Provider {self._settings.issuer}, acr {acr or 'not stated'}",
            groups=_texts(claims, self._settings.groups) if self._settings.groups else (),
        )


def _claim(claims: Mapping[str, Any], path: str) -> Any:
    """A claim, a dot leading into a nested one; None where it is absent."""
    value: Any = claims
    for step in path.split(".") if path not in claims else [path]:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def _texts(claims: Mapping[str, Any], path: str) -> tuple[str, ...]:
    """A claim that lists texts, or is one."""
    value = _claim(claims, path)
    several = value if isinstance(value, list) else [value]
    return tuple(one for one in several if isinstance(one, str) and one)


def _assurance(claims: Mapping[str, Any], acr: str, settings: OidcSettings) -> Assurance:
    """What ``acr`` stands for; at least AAL 2 where ``amr`` names a second factor."""
    level = level_of(acr, settings.assurance)
    second = set(_texts(claims, "amr")) & set(settings.second_factor_amr)
    return replace(level, aal=max(level.aal, 2)) if second else level


def _evidence(claims: Mapping[str, Any], kinds: Mapping[str, str]) -> dict[str, str]:
    """Configured claims as evidence; what is absent, empty or no plain value is left out."""
    found = {}
    for path, kind in kinds.items():
        value = _claim(claims, path)
        if isinstance(value, str | int) and not isinstance(value, bool) and str(value).strip():
            found[kind] = str(value).strip()
    return found
