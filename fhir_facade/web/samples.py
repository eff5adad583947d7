"""Samples for developers: one file each, ready to run against this very server, and a collection for Postman."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.resources import files
from typing import Any

from flask import Blueprint, Response, abort, json

from fhir_facade.web.postman import FILE

TYPES = {"claims.py": "text/x-python; charset=utf-8", "claims.mjs": "text/javascript; charset=utf-8"}


def samples_blueprint(base: str, collection: Callable[[], Mapping[str, Any]]) -> Blueprint:
    """The samples below ``/samples/``.

    Args:
        base: public base URL without a final slash; it is written into the samples.
        collection: makes the Postman collection.
    """
    blueprint = Blueprint("samples", __name__)
    folder = files("fhir_facade.web") / "sample_files"

    @blueprint.get("/samples/<name>")
    def sample(name: str) -> Response:
        if name not in TYPES:
            abort(404)
        text = (folder / f"{name}.txt").read_text(encoding="utf-8").replace("__BASE__", base)
        return _attached(Response(text, content_type=TYPES[name]), name)

    @blueprint.get(f"/samples/{FILE}")
    def postman() -> Response:
        text = json.dumps(collection(), ensure_ascii=False, indent=2, sort_keys=False)
        return _attached(Response(text, content_type="application/json"), FILE)

    return blueprint


def _attached(response: Response, name: str) -> Response:
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
