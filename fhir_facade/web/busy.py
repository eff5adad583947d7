"""The answer to a request that waited too long for its turn: 503, at once, and when to come back.

It is made without the application, because under overload that is what there is no time for.

Source: RFC 9110 §15.6.4; R4 RESTful API (OperationOutcome); RFC 6749 §4.1.2.1 (temporarily_unavailable).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from fhir_facade.fhir.outcome import issue, outcome

RETRY_S = 5
TEXT = "Too many requests are waiting; this one was not begun. Try again after the seconds in Retry-After."

_FHIR = json.dumps(outcome(issue("throttled", TEXT))).encode()
_OAUTH = json.dumps({"error": "temporarily_unavailable", "error_description": TEXT}).encode()
_PAGE = f"""<!doctype html><html lang="en"><meta charset="utf-8"><title>Busy</title>
<h1>Too many people are here at once</h1><p>Nothing was lost. Wait {RETRY_S} seconds and load this page again.</p>
<div lang="es"><h1>Hay demasiadas personas a la vez</h1>
<p>No se perdió nada. Espere {RETRY_S} segundos y cargue esta página de nuevo.</p></div></html>
""".encode()


def busy(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """The WSGI application that answers instead of the facade's own."""
    kind, body = _answer(environ)
    headers = [("Content-Type", kind), ("Content-Length", str(len(body)))]
    headers += [("Retry-After", str(RETRY_S)), ("Cache-Control", "no-store"), ("Access-Control-Allow-Origin", "*")]
    start_response("503 Service Unavailable", headers)
    return [body]


def _answer(environ: dict[str, Any]) -> tuple[str, bytes]:
    if "text/html" in environ.get("HTTP_ACCEPT", ""):
        return "text/html; charset=utf-8", _PAGE
    if "/fhir" in environ["PATH_INFO"]:
        return "application/fhir+json", _FHIR
    return "application/json", _OAUTH
