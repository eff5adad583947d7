"""CORS of the FHIR endpoints: known browser apps may call them, everybody may read how to.

Source: SMART App Launch 2.2 (CORS); WHATWG Fetch §3.2.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

_EXPOSED = (
    "Content-Location, ETag, Last-Modified, Location, Preference-Applied, Retry-After, WWW-Authenticate, "
    "X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, X-Request-Id"
)
_HEADERS = "Accept, Authorization, Content-Type, If-Modified-Since, If-None-Match, Prefer, X-Request-Id"
_AGE_S = 600


def cors_headers(origin: str, allowed: Callable[[str], bool], *, is_public: bool) -> Mapping[str, str]:
    """The headers that let a page of ``origin`` read an answer; none where it may not.

    Args:
        origin: the ``Origin`` header, ``""`` for none.
        allowed: whether an app of that origin is known.
        is_public: the answer is for everybody (metadata, discovery).
    """
    if not origin:
        return {}
    if is_public:
        return {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": _EXPOSED}
    if not allowed(origin):
        return {}
    return {"Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": _EXPOSED}


def preflight_headers(methods: str) -> Mapping[str, str]:
    """What a page may do once its origin is allowed."""
    return {
        "Access-Control-Allow-Methods": methods,
        "Access-Control-Allow-Headers": _HEADERS,
        "Access-Control-Max-Age": str(_AGE_S),
    }
