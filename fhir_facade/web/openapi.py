"""The OpenAPI 3.1 document at ``/openapi.json``, and a page at ``/api-docs`` to try it out.

The document is made by flask-smorest from the routes that exist; the page loads everything from this server.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from typing import Any

from flask import Blueprint, Flask, Response, abort
from flask_smorest import Api
from flask_smorest import Blueprint as DocumentedBlueprint

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_FILES = {
    "swagger-ui.css": "text/css; charset=utf-8",
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
    "portal.css": "text/css; charset=utf-8",
    "init.js": "text/javascript; charset=utf-8",
    "LICENSE.txt": "text/plain; charset=utf-8",
    "NOTICE.txt": "text/plain; charset=utf-8",
    "LICENSES-OF-BUNDLE.txt": "text/plain; charset=utf-8",
}
_PAGE = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    '<title>API reference</title><link rel="stylesheet" href="api-docs/swagger-ui.css">'
    '<link rel="stylesheet" href="api-docs/portal.css"></head><body>'
    '<p class="facade-back"><a href="guides">Guides for developers</a></p>'
    '<div id="swagger-ui"><noscript>This page needs JavaScript; the description is at '
    '<a href="openapi.json">openapi.json</a>.</noscript></div><script src="api-docs/swagger-ui-bundle.js"></script>'
    '<script src="api-docs/init.js"></script></body></html>'
)
_OUTCOME: dict[str, Any] = {
    "type": "object",
    "required": ["resourceType", "issue"],
    "properties": {
        "resourceType": {"const": "OperationOutcome"},
        "issue": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["severity", "code"],
                "properties": {
                    "severity": {"enum": ["fatal", "error", "warning", "information"]},
                    "code": {"type": "string"},
                    "diagnostics": {"type": "string"},
                    "expression": {"type": "array", "items": {"type": "string"}},
                },
            },
        },
    },
}


class _Document(Api):  # type: ignore[misc]  # flask-smorest has no types
    """flask-smorest for the description alone.

    Its app-wide error handler would drop the headers of errors (``WWW-Authenticate``, ``Retry-After``, ``Allow``) and
    answer in a format of its own; errors have their own table here.
    """

    DEFAULT_ERROR_RESPONSE_NAME = None

    def _register_error_handlers(self) -> None:
        pass


def publish(
    app: Flask, blueprint: DocumentedBlueprint, *, title: str, version: str, public_base: str
) -> Callable[[], dict[str, Any]]:
    """Register ``blueprint`` and describe its routes; gives what makes the description.

    Args:
        app: the application.
        blueprint: the FHIR endpoints of the main mount.
        title: name of the API.
        version: its version.
        public_base: absolute URL of the application.
    """
    app.config.update(
        API_TITLE=title,
        API_VERSION=version,
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/",
        OPENAPI_JSON_PATH="openapi.json",
    )
    document = _Document(app, spec_kwargs={"servers": [{"url": public_base}]})
    document.spec.components.schema("OperationOutcome", _OUTCOME)
    document.spec.components.security_scheme("bearer", {"type": "http", "scheme": "bearer"})
    document.register_blueprint(blueprint)
    app.register_blueprint(_page())
    describe: Callable[[], dict[str, Any]] = document.spec.to_dict
    return describe


def _page() -> Blueprint:
    blueprint = Blueprint("api_page", __name__)
    folder = files("fhir_facade.web") / "static" / "swagger-ui"

    @blueprint.get("/api-docs")
    def page() -> Response:
        return Response(_PAGE, headers={"Content-Security-Policy": PAGE_POLICY, "X-Content-Type-Options": "nosniff"})

    @blueprint.get("/api-docs/<name>")
    def asset(name: str) -> Response:
        if name not in _FILES:
            abort(404)
        headers = {"Cache-Control": "public, max-age=86400", "X-Content-Type-Options": "nosniff"}
        return Response((folder / name).read_bytes(), headers=headers, content_type=_FILES[name])

    return blueprint
