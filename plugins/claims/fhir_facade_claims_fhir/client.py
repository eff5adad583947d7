"""fhirpy's client with the caution that claims need.

fhirpy follows a link to another host when our base stands anywhere in it, waits for ever, reads money as floats and
forgets what a status meant. So requests go through ``_do_request`` here: links stay inside the base, nothing is
redirected, an answer is bounded in time and size, and every number keeps its digits.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from fhirpy import SyncFHIRClient
from fhirpy.base.utils import encode_params
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

from fhir_facade.contracts.errors import ClaimsInvalid, ClaimsUnavailable
from fhir_facade_claims_fhir.answers import Refused, Stumbled, body_of, check_status, resource_of
from fhir_facade_claims_fhir.links import Base
from fhir_facade_claims_fhir.settings import FhirSettings
from fhir_facade_claims_fhir.tokens import Tokens

_MEGABYTE = 1_000_000
_PAUSE_S = 0.2
_CONNECTIONS = 16


class _Bearer(AuthBase):
    """Sets the token; as an ``auth``, so that a .netrc of the machine never replaces it."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class UpstreamClient(SyncFHIRClient):
    """Reads from one upstream.

    Args:
        settings: address and limits.
        base: what lies inside it.
        tokens: where the bearer token comes from.
    """

    def __init__(self, settings: FhirSettings, base: Base, tokens: Tokens) -> None:
        super().__init__(base.url, requests_config={"allow_redirects": False, "stream": True})
        self._settings = settings
        self._base = base
        self._tokens = tokens
        self._session = requests.Session()
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))  # answers to members stay apart
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(pool_connections=_CONNECTIONS, pool_maxsize=_CONNECTIONS))

    def ask(self, path: str, parameters: Mapping[str, list[str]] | None = None) -> dict[str, Any]:
        """The resource at a path under the base, or at a link inside it.

        Raises:
            Absent: there is none, or no more.
            ClaimsUnavailable: no answer now.
            ClaimsInvalid: a link that leads elsewhere, or an answer that is none.
        """
        found: dict[str, Any] = self.execute(path, "get", params=dict(parameters) if parameters else None)
        return found

    def close(self) -> None:
        """Give back the connections."""
        self._session.close()

    def _build_request_url(self, path: str, params: Any) -> str:
        url = self._base.inside(path if "://" in path else f"{self.url}/{path.lstrip('/')}")
        if url is None:
            raise ClaimsInvalid("upstream-link", "the upstream gave a link that leads outside its base")
        return f"{url}?{encode_params(params)}" if params else url  # type: ignore[no-untyped-call]

    def _do_request(  # reads alone: nothing is ever sent but the question
        self,
        method: str,
        path: str,
        data: Any = None,
        params: Any = None,
        extra_headers: Any = None,
        *,
        returning_status: bool = False,
    ) -> Any:
        if method != "get" or data is not None or extra_headers or returning_status:
            raise ValueError("an upstream is only read")
        url = self._build_request_url(path, params)
        until = time.monotonic() + self._settings.timeout_s
        for tried in range(self._settings.retries + 1):
            try:
                return self._with_token(url, until)
            except Stumbled as error:
                left = until - time.monotonic() - _PAUSE_S
                if tried == self._settings.retries or left <= 0:
                    raise ClaimsUnavailable(f"no answer from the upstream: {error}") from error
                time.sleep(_PAUSE_S)
        raise AssertionError("the last try returns or raises")

    def _with_token(self, url: str, until: float) -> dict[str, Any]:
        """One try; a second one where the token had just run out."""
        token = self._tokens.current()
        try:
            return self._once(url, token, until)
        except Refused:
            if not self._tokens.forget(token):
                raise ClaimsUnavailable("the upstream refused the facade's token (401)") from None
        try:
            return self._once(url, self._tokens.current(), until)
        except Refused:
            raise ClaimsUnavailable("the upstream refuses a token it just gave (401)") from None

    def _once(self, url: str, token: str, until: float) -> dict[str, Any]:
        headers = {"Accept": "application/fhir+json"}
        waits = (self._settings.connect_timeout_s, max(0.1, until - time.monotonic()))
        try:
            response = self._session.get(
                url, headers=headers, auth=_Bearer(token), timeout=waits, **self.requests_config
            )
        except requests.RequestException as error:
            raise Stumbled(type(error).__name__) from None  # its message holds the URL, and the member's id with it
        with response:
            check_status(response)
            return resource_of(body_of(response, until, self._settings.most_megabytes * _MEGABYTE))
