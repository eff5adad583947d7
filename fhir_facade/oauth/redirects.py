"""Redirect URIs: what may be registered, and which requested one is a registered one.

Source: RFC 9700 section 2.1 (exact string matching), RFC 8252 section 7 (native apps).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import urlencode, urlsplit

_LOOPBACK = re.compile(r"(http://(?:127\.0\.0\.1|\[::1\]))(?::([0-9]{1,5}))?(/[^#]*)?")
_PRINTABLE = re.compile(r"[!-~]{1,2000}")
_PRIVATE_SCHEME = re.compile(r"[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+")
_LOCAL_HOSTS = frozenset({"127.0.0.1", "::1", "localhost"})


def is_registered(requested: str, registered: Iterable[str]) -> bool:
    """Whether the URI is one of those: equal character by character, the port of a loopback address apart."""
    return any(requested == uri or _same_loopback(requested, uri) for uri in registered)


def _same_loopback(requested: str, registered: str) -> bool:
    one, other = _LOOPBACK.fullmatch(requested), _LOOPBACK.fullmatch(registered)
    if one is None or other is None or _PRINTABLE.fullmatch(requested) is None:
        return False
    return (one[1], one[3]) == (other[1], other[3]) and 0 < int(one[2] or 80) < 65536


def fault(uri: str) -> str | None:
    """Why the URI cannot be registered; None when it can."""
    if _PRINTABLE.fullmatch(uri) is None or "\\" in uri or "*" in uri:
        return "must be plain ASCII without spaces, backslashes and wildcards"
    try:
        parts = urlsplit(uri)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "is not a URI"
    if parts.fragment or "#" in uri or parts.username is not None or parts.password is not None:
        return "must have neither a fragment nor a user name"
    return _scheme_fault(parts.scheme, host)


def _scheme_fault(scheme: str, host: str | None) -> str | None:
    if scheme == "https":
        return None if host else "needs a host"
    if scheme == "http":
        return None if host in _LOCAL_HOSTS else "must use https; http is for this machine's own addresses only"
    return None if _PRIVATE_SCHEME.fullmatch(scheme) else "must use https, or a scheme like com.example.app"


def answer_url(redirect_uri: str, parameters: Mapping[str, str | None]) -> str:
    """The redirect URI with the parameters behind its own query; a lone surrogate is the byte it stands for."""
    given = {name: value for name, value in parameters.items() if value is not None}
    query = urlencode(given, errors="surrogateescape")
    return f"{redirect_uri}{'&' if '?' in redirect_uri else '?'}{query}"


def origin_of(uri: str) -> str | None:
    """The web origin of a redirect URI; None for a scheme that browsers' pages do not have."""
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme in {"http", "https"} and parts.netloc else None
