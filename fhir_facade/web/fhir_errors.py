"""Errors that no route sees (unknown paths, methods, failures of the framework), answered like all others."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Flask
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException, InternalServerError

from fhir_facade.web.error_pages import ErrorPage
from fhir_facade.web.errors import Problem, problem_of
from fhir_facade.web.fhir_answer import accepted_shape, refusal, sent
from fhir_facade.web.fhir_headers import Mount
from fhir_facade.web.fhir_request import check_size, current_environ, path_of
from fhir_facade.web.request_id import request_id


def answer_errors(app: Flask, mounts: Sequence[Mount], page: ErrorPage = lambda error: error) -> None:
    """Answer every error below one of the FHIR ``mounts`` with an OperationOutcome, a preflight with what is allowed.

    Elsewhere HTTP errors are answered by ``page``, and failures are logged and answered without details.

    Args:
        app: the application.
        mounts: the FHIR servers that the application holds.
        page: makes the answer outside of them; the error's own without it.
    """

    def handle(error: Exception) -> ResponseReturnValue:
        environ = current_environ()
        mount = next((each for each in mounts if each.holds(path_of(environ))), None)
        if mount is not None:
            answer = refusal(_problem(error), request_id(environ))
            preflight = mount.preflight(environ, error)
            return preflight or sent(answer, accepted_shape(environ), mount, environ).response()
        if isinstance(error, HTTPException):
            return page(error)
        problem_of(error)
        return page(InternalServerError())

    app.register_error_handler(HTTPException, handle)
    app.register_error_handler(Exception, handle)


def _problem(error: Exception) -> Problem:
    try:
        check_size(current_environ())
    except Problem as too_large:
        return too_large
    return problem_of(error)
