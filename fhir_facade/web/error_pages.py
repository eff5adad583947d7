"""What people who went astray read, and apps: no such page, a method that is not offered, or a failure of ours."""

from __future__ import annotations

import re
from collections.abc import Callable

from flask import jsonify, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from fhir_facade.web.pages import DRESS, Pages

REASONS = {404: "missing", 405: "missing", 413: "large", 500: "failed"}
"""Status → the last part of the page's message keys; other errors keep their own answer."""

FOR_APPS = re.compile(r"/(oauth/|v[123]/o/|v[123]/connect/|\.well-known/)(?!authorize)")
"""Addresses that apps call and people never open: their errors are those of OAuth."""

ErrorPage = Callable[[HTTPException], Response | HTTPException]


def error_page(pages: Pages) -> ErrorPage:
    """What answers an error with a page where a browser asked, and with the error itself elsewhere."""

    def answer(error: HTTPException) -> Response | HTTPException:
        if FOR_APPS.match(request.path) and error.response is None:
            return oauth_error(error)
        reason = REASONS.get(error.code or 0)
        asks_for_page = request.accept_mimetypes.best_match(["application/json", "text/html"]) == "text/html"
        if error.response is not None:
            return error
        if reason is None or not asks_for_page:
            plain = error.get_response()
            plain.headers.update(DRESS)
            return plain
        texts = pages.texts()
        page = pages.render(
            "astray.html", error.code or 500, title=texts(f"astray.{reason}"), text=texts(f"astray.{reason}_text")
        )
        return _with_allow(page, error)

    return answer


def oauth_error(error: HTTPException) -> Response:
    """An HTTP error as an app of OAuth reads it (RFC 6749 section 5.2)."""
    code = error.code or 500
    named = "server_error" if code >= 500 else "invalid_request"
    answer = jsonify(error=named, error_description=error.name)
    answer.status_code = code
    answer.headers["Cache-Control"] = "no-store"
    return _with_allow(answer, error)


def _with_allow(answer: Response, error: HTTPException) -> Response:
    for name, value in error.get_headers():
        if name.lower() == "allow":
            answer.headers[name] = value
    return answer
