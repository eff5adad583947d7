"""What an answer of the upstream means: a resource, nothing, not now, or a broken promise. Numbers keep every digit."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn

import requests
import urllib3

from fhir_facade.contracts.errors import ClaimsInvalid, ClaimsUnavailable

LONGEST_WAIT_S = 3_600
_PIECE = 65_536


class Absent(Exception):
    """The upstream has no such resource (404), or has it no more (410)."""


class Refused(Exception):
    """The upstream did not accept the token (401)."""


class Stumbled(Exception):
    """A fault that may be over at the next try."""


def body_of(response: requests.Response, until: float, most: int) -> bytes:
    """The body, read piece by piece: no longer than until ``until`` (monotonic), no bigger than ``most`` bytes."""
    body = bytearray()
    for piece in _pieces(response):
        body += piece
        if len(body) > most:
            raise ClaimsInvalid("upstream-too-big", f"the upstream gave an answer of more than {most} bytes")
        if time.monotonic() > until:
            raise ClaimsUnavailable("the upstream took too long over an answer")
    return bytes(body)


def _pieces(response: requests.Response) -> Iterator[bytes]:
    """What has come, as it comes; a reader that waits for a full piece waits for ever on one byte a second."""
    try:
        while piece := response.raw.read1(_PIECE, decode_content=True):
            yield piece
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise Stumbled(type(error).__name__) from error


def check_status(response: requests.Response) -> None:
    """Raise what a status other than 200 means.

    Raises:
        Absent, Refused, Stumbled: see there.
        ClaimsUnavailable: the upstream wants to be left alone for a while, or lets the facade in no more.
        ClaimsInvalid: it does not understand the facade, or sends it elsewhere.
    """
    status = response.status_code
    if status == 200:
        return
    if status in (404, 410):
        raise Absent
    if status == 401:
        raise Refused
    if status in (429, 503):
        wait = retry_after(response.headers.get("Retry-After"))
        raise ClaimsUnavailable(f"the upstream answered {status}", retry_after_s=wait)
    if status >= 500:
        raise Stumbled(f"the upstream answered {status}")
    if status == 403:
        raise ClaimsUnavailable("the upstream answered 403: see what the facade's token may do")
    raise ClaimsInvalid("upstream-refused", f"the upstream answered {status}")


def retry_after(header: str | None) -> int:
    """Seconds to wait, 1 to an hour; half a minute where the header says nothing.

    Source: RFC 9110 §10.2.3.
    """
    try:
        seconds = int(header or "30")
    except ValueError:
        seconds = _until(header or "")
    return max(1, min(seconds, LONGEST_WAIT_S))


def _until(moment: str) -> int:
    try:
        then = parsedate_to_datetime(moment)
        return round((then.replace(tzinfo=then.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
    except (ValueError, OverflowError):
        return 30


def resource_of(body: bytes) -> dict[str, Any]:
    """The resource in a body, numbers as ``Decimal``.

    Raises:
        ClaimsInvalid: it is no JSON, or no resource.
    """
    try:
        found = json.loads(body.decode("utf-8"), parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise ClaimsInvalid("upstream-not-fhir", "the upstream gave something else than FHIR JSON") from error
    if not isinstance(found, dict) or not isinstance(found.get("resourceType"), str):
        raise ClaimsInvalid("upstream-not-fhir", "the upstream gave JSON that is no resource")
    return found


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number in JSON")
