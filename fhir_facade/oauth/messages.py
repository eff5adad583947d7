"""What comes in and what goes out, free of any web framework."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_to_bytes

from authlib.oauth2.rfc6749 import InvalidRequestError, OAuth2Error

FORM = "application/x-www-form-urlencoded"
NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}

Pairs = tuple[tuple[str, str], ...]

_NO_TEXT = re.compile("[\ud800-\udfff]")
_NO_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request to the authorization server.

    Args:
        method: ``GET`` or ``POST``.
        query: parameters of the URL, in their order.
        form: parameters of the body, in their order.
        content_type: media type of the body, without parameters, lower case.
        authorization: the ``Authorization`` header.
        browser: the value of the browser-binding cookie.
        language: what the browser prefers of the languages there are.
        unreadable: names of parameters that are no percent-encoded UTF-8 (RFC 6749 appendix B); in their values, bytes
            that are none stand as lone surrogates, so that they can be given back as they came.
    """

    method: str = "GET"
    query: Pairs = ()
    form: Pairs = ()
    content_type: str = ""
    authorization: str | None = field(default=None, repr=False)
    browser: str | None = field(default=None, repr=False)
    language: str = "en"
    unreadable: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One answer: a JSON body, or a redirect, or an error page (``page``: the key of a text)."""

    status: int = 200
    body: Mapping[str, Any] | None = None
    location: str | None = None
    page: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    browser: str | None = field(default=None, repr=False)
    """A new value for the browser-binding cookie."""
    language: str | None = None
    """The language that the app says its user reads."""


def exact_pairs(sent: bytes) -> tuple[Pairs, frozenset[str]]:
    """The parameters of a URL or a form as they were sent, and the names of those that are no percent-encoded UTF-8."""
    pairs: list[tuple[str, str]] = []
    unreadable = set[str]()
    for piece in filter(None, sent.split(b"&")):
        name, value = (_as_sent(part) for part in piece.partition(b"=")[::2])
        pairs.append((name, value))
        if _NO_ESCAPE.search(piece) or _NO_TEXT.search(name + value):
            unreadable.add(name)
    return tuple(pairs), frozenset(unreadable)


def _as_sent(piece: bytes) -> str:
    return unquote_to_bytes(piece.replace(b"+", b" ")).decode("utf-8", "surrogateescape")


def once(pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Parameters by name, as ``given`` has them.

    Raises:
        InvalidRequestError: one of them comes twice (RFC 6749 section 3.1).
    """
    if len(dict(pairs)) != len(pairs):
        raise InvalidRequestError("a parameter is given more than once")
    return given(pairs)


def given(pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Parameters by name, the last of each; one without a value counts as left out (RFC 6749 section 3.1)."""
    return {name: value for name, value in dict(pairs).items() if value}


def refused(error: OAuth2Error) -> Reply:
    """The JSON answer of an endpoint that apps call directly (RFC 6749 section 5.2)."""
    body: dict[str, Any] = {str(name): value for name, value in error.get_body() if value}
    # authlib leaves out the realm, without which a Basic challenge is none (RFC 7617 section 2)
    extra = {
        name: value.replace("Basic ", 'Basic realm="OAuth", ', 1)
        for name, value in error.get_headers()
        if name == "WWW-Authenticate"
    }
    return Reply(status=error.status_code, body=body, headers=NO_STORE | extra)


def answering(handle: Callable[[], Mapping[str, Any] | None]) -> Reply:
    """The reply of a handler that gives a JSON body or raises an OAuth error."""
    try:
        return Reply(body=handle() or {}, headers=NO_STORE)
    except OAuth2Error as error:
        return refused(error)
