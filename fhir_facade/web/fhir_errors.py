"""Errors that no route sees (unknown paths, methods, failures of the framework), answered like all others."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from flask import Flask, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException, InternalServerError

from fhir_facade.web.error_pages import ErrorPage
from fhir_facade.web.errors import Problem, problem_of
from fhir_facade.web.fhir_answer import accepted_shape, refusal, send
from fhir_facade.web.fhir_request import check_size
from fhir_facade.web.request_id import request_id


def answer_errors(app: Flask, bases: tuple[str, ...], page: ErrorPage = lambda error: error) -> None:
    """Answer every error under one of the FHIR ``bases`` with an OperationOutcome.

    Elsewhere HTTP errors are answered by ``page``, and failures are logged and answered without details.

    Args:
        app: the application.
        bases: absolute URLs of FHIR servers that the application holds.
        page: makes the answer outside of them; the error's own without it.
    """
    mounts = {urlsplit(base).path: base for base in bases}

    def handle(error: Exception) -> ResponseReturnValue:
        base = _base(mounts, request.path)
        if base is not None:
            return send(refusal(_problem(error), request_id()), accepted_shape(), base)
        if isinstance(error, HTTPException):
            return page(error)
        problem_of(error)
        return page(InternalServerError())

    app.register_error_handler(HTTPException, handle)
    app.register_error_handler(Exception, handle)


def _base(mounts: Mapping[str, str], path: str) -> str | None:
    return next((base for prefix, base in mounts.items() if path == prefix or path.startswith(prefix + "/")), None)


def _problem(error: Exception) -> Problem:
    try:
        check_size(request)
    except Problem as too_large:
        return too_large
    return problem_of(error)
