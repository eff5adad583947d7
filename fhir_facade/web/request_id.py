"""The name of one request: in its answer, in every outcome, in the log and the audit trail."""

from __future__ import annotations

import re
import uuid

from flask import g, request

HEADER = "X-Request-Id"
_SAFE = re.compile(r"[A-Za-z0-9._\-]{1,64}", re.ASCII)


def request_id() -> str:
    """The client's ``X-Request-Id`` where it is short and plain, otherwise a new one; one all through a request."""
    known = g.get("request_id")
    if known is None:
        sent = request.headers.get(HEADER, "")
        known = g.request_id = sent if _SAFE.fullmatch(sent) else uuid.uuid4().hex
    return str(known)
