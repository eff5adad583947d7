"""The one table from cause to answer: status, issue code, headers.

Whatever goes wrong under a FHIR base is answered by an OperationOutcome; nothing of the inside is ever told.

Source: R4 RESTful API (HTTP status codes), IssueType value set; RFC 6750 §3; RFC 9110 §15.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from types import MappingProxyType

from werkzeug.exceptions import HTTPException

from fhir_facade.contracts.errors import ClaimsError, ClaimsInvalid, ClaimsUnavailable
from fhir_facade.oauth.bearer import BearerError, BearerExpired
from fhir_facade.search.faults import BadCursor, BadSearch, ExpiredCursor, Fault, ForeignCursor
from fhir_facade.store.engine import StoreUnavailable
from fhir_facade.web.request_id import is_asked, request_id

log = logging.getLogger(__name__)

NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class Problem(Exception):
    """An answer that says why there is none.

    Args:
        status: HTTP status.
        code: R4 IssueType.
        text: a sentence for the app's developer, without anything about a member.
        headers: what the status asks for (``Allow``, ``Retry-After``, ``WWW-Authenticate``).
        faults: several issues instead of one.
    """

    def __init__(
        self, status: int, code: str, text: str, headers: Mapping[str, str] = NO_HEADERS, faults: tuple[Fault, ...] = ()
    ) -> None:
        self.status, self.code, self.text = status, code, text
        self.headers, self.faults = headers, faults
        super().__init__(f"{status} {code}")


def not_found(text: str = "There is no such resource, or it is not this member's.") -> Problem:
    """The one answer for unknown ids, for those of other members, and for what the app must not see."""
    return Problem(404, "not-found", text)


UNKNOWN_PATH = "Nothing is served at this path; GET /metadata of the FHIR base says what is."
TOO_OLD = "This page link has expired; start the search again."
RETRY_S = 30

_CODES: Mapping[int, tuple[str, str]] = MappingProxyType(
    {
        400: ("invalid", "The request cannot be understood."),
        401: ("login", "An access token is needed."),
        403: ("forbidden", "That is not allowed."),
        404: ("not-supported", UNKNOWN_PATH),
        405: ("not-supported", "This method is not offered here; the Allow header names those that are."),
        406: ("not-supported", "None of the accepted formats is offered; JSON and XML of FHIR 4.0 are."),
        408: ("timeout", "The request took too long to arrive."),
        410: ("deleted", "The resource was deleted."),
        413: ("too-long", "The body is too large."),
        414: ("too-long", "The URL is too long; send the search as POST to _search."),
        415: ("not-supported", "A search is posted as application/x-www-form-urlencoded."),
        429: ("throttled", "Too many requests; wait as long as Retry-After says."),
        431: ("too-long", "The headers are too large."),
        500: ("exception", "Something went wrong here. The request id helps to find it in the log."),
        502: ("transient", "A system behind this one gave no proper answer; try again later."),
        503: ("transient", "The data cannot be reached now; try again later."),
        504: ("timeout", "The data could not be reached in time; try again later."),
    }
)
_WAITS = (429, 503, 504)


def by_status(status: int, headers: Mapping[str, str] = NO_HEADERS, text: str | None = None) -> Problem:
    """The problem that a status stands for; statuses that are not in the table are those of a broken server."""
    status = status if status in _CODES else 500 if status >= 500 else 400
    code, standard = _CODES[status]
    if status in _WAITS and "Retry-After" not in headers:
        headers = {**headers, "Retry-After": str(RETRY_S)}
    return Problem(status, code, text or standard, headers)


def _of_http(error: HTTPException) -> Problem:
    if error.response is not None:
        kept = {name: value for name, value in error.response.headers.items() if name in _KEPT}
        return by_status(error.response.status_code, kept)
    if error.code is None or 300 <= error.code < 400:  # a redirect that only tidies the path: there is no such path
        return by_status(404)
    return by_status(error.code, {name: value for name, value in error.get_headers() if name in _KEPT})


_KEPT = ("Allow", "Retry-After", "WWW-Authenticate")


def _of_bearer(error: BearerError) -> Problem:
    code = "expired" if isinstance(error, BearerExpired) else "login"
    return Problem(401, code, error.public, {"WWW-Authenticate": error.challenge_for("FHIR")})


_TABLE: Mapping[type[BaseException], Callable[..., Problem]] = MappingProxyType(
    {
        Problem: lambda error: error,
        BadSearch: lambda error: Problem(400, error.faults[0].code, "", faults=error.faults),
        BadCursor: lambda _: Problem(400, "value", "This page link was not given out for this search."),
        ForeignCursor: lambda _: Problem(403, "forbidden", "This page link was given to somebody else."),
        ExpiredCursor: lambda _: Problem(410, "not-found", TOO_OLD),
        ClaimsUnavailable: lambda error: by_status(503, {"Retry-After": str(max(1, error.retry_after_s))}),
        BearerError: _of_bearer,
        StoreUnavailable: lambda _: by_status(503),
        TimeoutError: lambda _: by_status(504),
        ClaimsInvalid: lambda error: by_status(500, text=f"{_CODES[500][1]} Cause: {error.code}."),
        HTTPException: _of_http,
    }
)


def problem_of(error: BaseException) -> Problem:
    """How ``error`` is answered; what nobody foresaw is logged in full and answered without details."""
    for kind in type(error).__mro__:
        if kind in _TABLE:
            problem = _TABLE[kind](error)
            break
    else:
        problem = by_status(500)
    if problem.status >= 500:
        level = logging.WARNING if problem.status in _WAITS else logging.ERROR
        name = {"request_id": request_id()} if is_asked() else {}
        if isinstance(error, ClaimsError) and error.source:
            name["source"] = error.source
        if isinstance(error, StoreUnavailable):  # words of our own; those of a plugin may name a member
            name["reason"] = str(error)
        log.log(level, "a request failed", exc_info=error, extra=name)
    return problem
