"""One FHIR request as a value: everything later steps need, so that none of them looks at the web framework again.

It is read from the WSGI environment itself, which is the same in front of the framework and behind it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import unquote_to_bytes

from flask import Request, request
from werkzeug.exceptions import RequestEntityTooLarge

from fhir_facade.web.errors import Problem, by_status
from fhir_facade.web.negotiation import check_form

MAXIMUM_URL = 8_192
MAXIMUM_BODY = 65_536
MAXIMUM_HEADERS = 16_384
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")

Pairs = tuple[tuple[str, str], ...]

Environ = dict[str, Any]
"""The WSGI environment of a request."""

_ONE_VALUE = frozenset({"_count", "_sort", "_total", "_summary", "_elements", "_format", "_pretty"})


class Incoming(NamedTuple):
    """What a client asks, as text.

    Args:
        path: path under the FHIR base, without slashes at its ends.
        pairs: search parameters of URL and form together, percent-decoded.
        prefer: the ``Prefer`` header.
        if_none_match: the ``If-None-Match`` header.
        if_modified_since: the ``If-Modified-Since`` header.
        authorization: the ``Authorization`` header.
        request_id: name of the request.
    """

    path: str
    pairs: Pairs
    prefer: str
    if_none_match: str
    if_modified_since: str
    authorization: str | None
    request_id: str


def current_environ() -> Environ:
    """The environment of Flask's current request."""
    return request.environ


def path_of(environ: Environ) -> str:
    """The path of a request, as text."""
    path: str = environ.get("PATH_INFO", "")
    return path if path.isascii() else path.encode("latin-1").decode("utf-8", "replace")


def read_request(environ: Environ, prefix: str, request_id: str) -> Incoming:
    """The request as a value.

    Raises:
        Problem: 400, 413, 414, 415 or 431, the request is malformed or too large.
    """
    check_size(environ)
    pairs = _decode(environ.get("QUERY_STRING", ""))
    if environ["REQUEST_METHOD"] == "POST":
        pairs += _decode(_form(Request(environ)))
    return Incoming(
        path=path_of(environ).removeprefix(prefix).strip("/"),
        pairs=pairs,
        prefer=environ.get("HTTP_PREFER", ""),
        if_none_match=environ.get("HTTP_IF_NONE_MATCH", ""),
        if_modified_since=environ.get("HTTP_IF_MODIFIED_SINCE", ""),
        authorization=environ.get("HTTP_AUTHORIZATION"),
        request_id=request_id,
    )


def last_of_each(incoming: Incoming) -> Incoming:
    """``incoming`` with the last value alone of each parameter that has one; criteria are several conditions."""
    last = {name: place for place, (name, _) in enumerate(incoming.pairs) if name in _ONE_VALUE}
    kept = (pair for place, pair in enumerate(incoming.pairs) if last.get(pair[0], place) == place)
    return incoming._replace(pairs=tuple(kept))


def check_size(environ: Environ) -> None:
    """Refuse a URL or headers that are too large.

    Raises:
        Problem: 414 or 431, the URL or the headers are too large.
    """
    if len(environ.get("QUERY_STRING", "")) + len(environ.get("PATH_INFO", "")) > MAXIMUM_URL:
        raise by_status(414)
    if sum([len(value) for name, value in environ.items() if name[:5] == "HTTP_"]) > MAXIMUM_HEADERS:
        raise by_status(431)


def _form(request: Request) -> str:
    check_form(request.headers.get("Content-Type", ""))
    request.max_content_length = MAXIMUM_BODY
    try:
        return request.get_data(cache=False).decode("latin-1")
    except RequestEntityTooLarge:
        raise by_status(413) from None


def _decode(query: str) -> Pairs:
    return tuple(_pairs(query)) if query else ()


def _pairs(query: str) -> Iterator[tuple[str, str]]:
    if _BAD_ESCAPE.search(query):
        raise Problem(400, "value", "A percent sign must be followed by two hexadecimal digits.")
    try:
        for piece in query.split("&"):
            name, _, value = piece.partition("=")
            if name:
                yield _text(name), _text(value)
    except UnicodeDecodeError:
        raise Problem(400, "value", "Parameters must be percent-encoded UTF-8.") from None


def _text(piece: str) -> str:
    if piece.isascii() and "%" not in piece and "+" not in piece:
        return piece
    return unquote_to_bytes(piece.replace("+", " ").encode("latin-1")).decode("utf-8")
