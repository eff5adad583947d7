"""The name of one request: in its answer, in every outcome, in the log and the audit trail."""

from __future__ import annotations

import os
import re
from contextvars import ContextVar
from typing import Any

from flask import has_request_context, request

HEADER = "X-Request-Id"
_SAFE = re.compile(r"[A-Za-z0-9._\-]{1,64}", re.ASCII)
_KEPT = "fhir_facade.request_id"

DIRECT: ContextVar[dict[str, Any] | None] = ContextVar("direct", default=None)
"""The environment of a request that is answered in front of the framework; the framework keeps that of others."""


def is_asked() -> bool:
    """Whether a request is being answered here."""
    return DIRECT.get() is not None or has_request_context()


def request_id(environ: dict[str, Any] | None = None) -> str:
    """The client's ``X-Request-Id`` where it is short and plain, otherwise a new one; one all through a request.

    Args:
        environ: of the request; that of the current one by default.
    """
    if environ is None:
        environ = DIRECT.get() or request.environ
    known: str | None = environ.get(_KEPT)
    if known is None:
        sent = environ.get("HTTP_X_REQUEST_ID", "")
        known = environ[_KEPT] = sent if _SAFE.fullmatch(sent) else os.urandom(16).hex()
    return known
