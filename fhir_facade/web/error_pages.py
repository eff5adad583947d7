"""Pages for people who went astray: no such page, or a failure of ours."""

from __future__ import annotations

from collections.abc import Callable

from flask import request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from fhir_facade.web.pages import Pages

REASONS = {404: "missing", 405: "missing", 413: "large", 500: "failed"}
"""Status → the last part of the page's message keys; other errors keep their own answer."""

ErrorPage = Callable[[HTTPException], Response | HTTPException]


def error_page(pages: Pages) -> ErrorPage:
    """What answers an error with a page where a browser asked, and with the error itself elsewhere."""

    def answer(error: HTTPException) -> Response | HTTPException:
        reason = REASONS.get(error.code or 0)
        asks_for_page = request.accept_mimetypes.best_match(["application/json", "text/html"]) == "text/html"
        if reason is None or error.response is not None or not asks_for_page:
            return error
        texts = pages.texts()
        page = pages.render(
            "astray.html", error.code or 500, title=texts(f"astray.{reason}"), text=texts(f"astray.{reason}_text")
        )
        for name, value in error.get_headers():
            if name.lower() == "allow":
                page.headers[name] = value
        return page

    return answer
