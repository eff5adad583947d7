"""Headers of every answer under the FHIR base, and CORS preflights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import Response, request
from werkzeug.exceptions import MethodNotAllowed

from fhir_facade.web.fhir_cors import cors_headers, preflight_headers
from fhir_facade.web.request_id import HEADER, request_id

_PUBLIC = ("/metadata", "/.well-known/")
_VARY = "Accept, Accept-Encoding, Authorization, Origin, Prefer"


@dataclass(frozen=True, slots=True)
class Headers:
    """Adds them.

    Args:
        prefix: path of the FHIR base.
        allowed_origin: whether a browser app of that origin may call.
    """

    prefix: str
    allowed_origin: Callable[[str], bool]

    def preflight(self) -> Response | None:
        """The answer to a CORS preflight under the base; None for anything else."""
        if request.method != "OPTIONS" or not self._is_ours():
            return None
        headers = request.headers
        if "Origin" not in headers or "Access-Control-Request-Method" not in headers:
            return None
        methods = "GET, HEAD, POST, OPTIONS"
        if isinstance(request.routing_exception, MethodNotAllowed):
            methods = ", ".join(sorted({*(request.routing_exception.valid_methods or ()), "OPTIONS"}))
        response = Response(status=204)
        if cors_headers(headers["Origin"], self.allowed_origin, is_public=self._is_public()):
            response.headers.update(preflight_headers(methods))
        return response

    def finish(self, response: Response) -> Response:
        """Add what every answer under the base carries."""
        if not self._is_ours():
            return response
        headers = response.headers
        headers[HEADER] = request_id()
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Vary"] = _VARY
        headers.setdefault("Cache-Control", "no-store")
        origin = request.environ.get("HTTP_ORIGIN", "")
        if origin:
            headers.update(cors_headers(origin, self.allowed_origin, is_public=self._is_public()))
        return response

    def _is_ours(self) -> bool:
        path = request.path
        return path.startswith(self.prefix) and path[len(self.prefix) :][:1] in ("", "/")

    def _is_public(self) -> bool:
        return request.path[len(self.prefix) :].startswith(_PUBLIC)
