"""Talks to the provider: short, bounded, never following a redirect, never trusting what is not JSON."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import requests

from fhir_facade.contracts.errors import IdentityUnavailable, LoginRejected

MOST_BYTES = 1_000_000
CHUNK = 16_384


class ProviderHttp:
    """One provider's HTTP door.

    Args:
        timeout_s: seconds after which an answer is given up, however slowly it drips.
    """

    def __init__(self, timeout_s: int) -> None:
        self._timeout_s = timeout_s

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        """The JSON object at ``url``.

        Raises:
            IdentityUnavailable: no answer in time, or an error of the server.
            LoginRejected: an answer that is no JSON object.
        """
        status, body = self._ask("GET", url, headers=headers)
        if status != 200:
            raise IdentityUnavailable(f"the provider answered {status}")
        return _object(body)

    @staticmethod
    def authorities() -> Path:
        """The file of the certificates that are trusted to sign the provider's own."""
        return Path(
            os.environ.get("REQUESTS_CA_BUNDLE")
            or os.environ.get("CURL_CA_BUNDLE")
            or requests.utils.DEFAULT_CA_BUNDLE_PATH
        )

    def look(self, url: str) -> tuple[int, Mapping[str, str]]:
        """Status and headers of an answer, its body unread.

        Raises:
            IdentityUnavailable: no answer in time.
        """
        try:
            with requests.get(
                url, auth=_no_auth, timeout=self._timeout_s, allow_redirects=False, stream=True
            ) as answer:
                return answer.status_code, answer.headers
        except requests.RequestException as error:
            raise IdentityUnavailable(f"the provider does not answer ({type(error).__name__})") from error

    def post(self, url: str, form: Mapping[str, str], auth: tuple[str, str] | None) -> tuple[int, dict[str, Any]]:
        """Status and JSON object of a form post.

        Raises:
            IdentityUnavailable: no answer in time, or an error of the server.
            LoginRejected: an answer that is no JSON object.
        """
        status, body = self._ask("POST", url, form=form, auth=auth)
        if status >= 500 or status == 429:
            raise IdentityUnavailable(f"the provider answered {status}")
        return status, _object(body)

    def _ask(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
    ) -> tuple[int, bytes]:
        deadline = time.monotonic() + self._timeout_s
        try:
            with requests.request(
                method,
                url,
                headers={"Accept": "application/json", **(headers or {})},
                data=form,
                auth=auth or _no_auth,
                timeout=self._timeout_s,
                allow_redirects=False,
                stream=True,
            ) as answer:
                return answer.status_code, _read(answer, deadline)
        except requests.RequestException as error:
            raise IdentityUnavailable(f"the provider does not answer ({type(error).__name__})") from error


def _no_auth(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keeps ``requests`` from looking for passwords in a .netrc file."""
    return request


def _read(answer: requests.Response, deadline: float) -> bytes:
    parts: list[bytes] = []
    for chunk in answer.iter_content(CHUNK):
        parts.append(chunk)
        if sum(map(len, parts)) > MOST_BYTES:
            raise LoginRejected("the provider's answer is larger than a megabyte")
        if time.monotonic() > deadline:
            raise IdentityUnavailable("the provider's answer took too long")
    return b"".join(parts)


def _object(body: bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise LoginRejected("the provider's answer is no JSON") from error
    if not isinstance(parsed, dict):
        raise LoginRejected("the provider's answer is no JSON object")
    return parsed
