"""Headers of every answer under a FHIR base, and CORS preflights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from flask import Response, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from fhir_facade.web.fhir_cors import cors_headers, preflight_headers
from fhir_facade.web.fhir_request import Environ, path_of
from fhir_facade.web.request_id import HEADER, request_id

LEFT = "fhir_facade.left"
"""Where in a request's environment the headers stand that say what is left of its limits."""

_PUBLIC = ("/metadata", "/.well-known/")
_EVERY = (
    ("X-Content-Type-Options", "nosniff"),
    ("Vary", "Accept, Accept-Encoding, Authorization, Origin, Prefer"),
)


@dataclass(frozen=True, slots=True)
class Mount:
    """One FHIR server of this application, as far as HTTP goes.

    Args:
        base: its absolute URL, without a final slash.
        allowed_origin: whether a browser app of that origin may call.
    """

    base: str
    allowed_origin: Callable[[str], bool]
    prefix: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "prefix", urlsplit(self.base).path)

    def holds(self, path: str) -> bool:
        """Whether a path of this host is below the base."""
        return path == self.prefix or path.startswith(f"{self.prefix}/")

    def headers(self, environ: Environ) -> list[tuple[str, str]]:
        """What every answer below the base carries."""
        headers = [(HEADER, request_id(environ)), *_EVERY, *environ.get(LEFT, ())]
        origin = environ.get("HTTP_ORIGIN", "")
        if origin:
            headers += cors_headers(origin, self.allowed_origin, is_public=self._is_public(path_of(environ))).items()
        return headers

    def finish(self, response: Response) -> Response:
        """``response`` of a document below the base, made by another room, with the headers that all carry there."""
        if self.holds(request.path):
            response.headers.update(self.headers(request.environ))
        return response

    def preflight(self, environ: Environ, error: Exception) -> Response | None:
        """The answer to a CORS preflight; None for anything else.

        Args:
            environ: of the request.
            error: why no route answers it; none of the FHIR routes takes OPTIONS.
        """
        is_preflight = environ["REQUEST_METHOD"] == "OPTIONS" and isinstance(error, HTTPException)
        if not is_preflight or not {"HTTP_ORIGIN", "HTTP_ACCESS_CONTROL_REQUEST_METHOD"} <= environ.keys():
            return None
        methods = "GET, HEAD, POST, OPTIONS"
        if isinstance(error, MethodNotAllowed):
            methods = ", ".join(sorted({*(error.valid_methods or ()), "OPTIONS"}))
        response = Response(status=204, headers=[*self.headers(environ), ("Cache-Control", "no-store")])
        if "Access-Control-Allow-Origin" in response.headers:
            response.headers.update(preflight_headers(methods))
        return response

    def _is_public(self, path: str) -> bool:
        return path[len(self.prefix) :].startswith(_PUBLIC)
