"""Answers to requests that never reach the application: they waited too long for their turn, or are none as they stand.

They are made without the application, because under overload that is what there is no time for.

Source: RFC 9110 §15.5 and §15.6.4; R4 RESTful API (OperationOutcome); RFC 6749 §4.1.2.1 and §5.2.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any, NamedTuple

from fhir_facade.fhir.outcome import issue, outcome

RETRY_S = 5


class _Reason(NamedTuple):
    """Why, for each kind of reader; pages in English and Spanish."""

    fhir: str
    oauth: str
    text: str
    page: tuple[str, str]
    advice: tuple[str, str]


_TOO_LONG = (
    ("What was sent is too long", "Lo enviado es demasiado largo"),
    ("Go back and send less at once.", "Vuelva atrás y envíe menos de una vez."),
)
_REASONS: Mapping[int, _Reason] = {
    400: _Reason(
        "structure",
        "invalid_request",
        "The request is not HTTP as it stands: its first line, a header or its length cannot be read.",
        ("The request cannot be read", "No se puede leer la solicitud"),
        ("Go back and try again.", "Vuelva atrás e inténtelo de nuevo."),
    ),
    413: _Reason("too-long", "invalid_request", "The body is longer than 1 MiB; send less at once.", *_TOO_LONG),
    431: _Reason("too-long", "invalid_request", "The headers are longer than 64 KiB; send fewer.", *_TOO_LONG),
    500: _Reason(
        "exception",
        "server_error",
        "The server failed. Try again; if it fails again, tell its operator when that was.",
        ("Something went wrong here", "Algo falló aquí"),
        ("Nothing was lost. Try again later.", "No se perdió nada. Inténtelo más tarde."),
    ),
    501: _Reason(
        "not-supported",
        "invalid_request",
        "The body is encoded in a way that is not supported; send it plain or chunked.",
        ("The request cannot be read", "No se puede leer la solicitud"),
        ("Go back and try again.", "Vuelva atrás e inténtelo de nuevo."),
    ),
    503: _Reason(
        "throttled",
        "temporarily_unavailable",
        "Too many requests are waiting; this one was not begun. Try again after the seconds in Retry-After.",
        ("Too many people are here at once", "Hay demasiadas personas a la vez"),
        (
            f"Nothing was lost. Wait {RETRY_S} seconds and load this page again.",
            f"No se perdió nada. Espere {RETRY_S} segundos y cargue esta página de nuevo.",
        ),
    ),
}


def unserved(status: int, environ: Mapping[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer instead of the application, in the words of who asks.

    Args:
        status: why: 400, 413, 431, 500, 501 or 503.
        environ: ``PATH_INFO`` and ``HTTP_ACCEPT`` of the request, as far as they could be read.
        start_response: as WSGI says.

    Returns:
        The body.
    """
    kind, body = _answer(_REASONS[status], environ.get("PATH_INFO", ""), environ.get("HTTP_ACCEPT", ""))
    headers = [("Content-Type", kind), ("Content-Length", str(len(body)))]
    headers += [("Cache-Control", "no-store"), ("Access-Control-Allow-Origin", "*")]
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers.append(("Retry-After", str(RETRY_S)))
    start_response(f"{status} {HTTPStatus(status).phrase}", headers)
    return [body]


def _answer(reason: _Reason, path: str, accept: str) -> tuple[str, bytes]:
    if "text/html" in accept:
        return "text/html; charset=utf-8", _page(reason)
    if "/fhir" in path:
        return "application/fhir+json", json.dumps(outcome(issue(reason.fhir, reason.text))).encode()
    return "application/json", json.dumps({"error": reason.oauth, "error_description": reason.text}).encode()


def _page(reason: _Reason) -> bytes:
    (title, titulo), (advice, consejo) = reason.page, reason.advice
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title><h1>{title}</h1><p>{advice}</p>'
        f'<div lang="es"><h1>{titulo}</h1><p>{consejo}</p></div></html>\n'
    ).encode()
