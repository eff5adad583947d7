"""Searches and reads, answered in front of the framework.

They need neither its contexts nor its hooks, which together cost as much as reading and checking a page of claims. What
is not plainly one of them (another method, a path that is not in its simplest form) goes through the framework, whose
routes lead to the same answers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask, request

from fhir_facade.web.fhir_answer import Sent, StartResponse
from fhir_facade.web.fhir_request import Environ
from fhir_facade.web.request_id import DIRECT, request_id

WsgiApp = Callable[[Environ, StartResponse], Iterable[bytes]]

_PLAIN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9.\-]{0,63}", re.ASCII)
_NAME = "fhir_direct"
_NOTHING = ("", None)

ROUTE = "fhir_facade.route"
"""Key of the WSGI environment: the route template of a request, once it is found."""


class Direct:
    """Stands before an application.

    Args:
        behind: the application, asked for everything else.
    """

    def __init__(self, behind: Any) -> None:
        self._behind: WsgiApp = behind
        self._searches: dict[str, Callable[[Environ], Sent]] = {}
        self._reads: dict[str, Callable[[Environ, str], Sent]] = {}

    @staticmethod
    def before(app: Flask) -> Direct:
        """What stands before ``app``; it takes its place at the first call."""
        if _NAME not in app.extensions:
            app.extensions[_NAME] = direct = Direct(app.wsgi_app)
            app.url_value_preprocessor(_note_rule)
            app.wsgi_app = direct  # type: ignore[method-assign]  # as Flask tells to add what stands before it
        found: Direct = app.extensions[_NAME]
        return found

    def add(self, path: str, search: Callable[[Environ], Sent], read: Callable[[Environ, str], Sent]) -> None:
        """Answer GET requests to ``path`` by ``search``, and to the ids below it by ``read``."""
        self._searches[path] = search
        self._reads[path] = read

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        route, found = self._found(environ.get("PATH_INFO", "")) if environ["REQUEST_METHOD"] == "GET" else _NOTHING
        if found is None:
            return self._behind(environ, start_response)
        environ[ROUTE] = route
        token = DIRECT.set(environ)
        try:
            return found(environ).through(environ, start_response)
        finally:
            DIRECT.reset(token)

    def _found(self, path: str) -> tuple[str, Callable[[Environ], Sent] | None]:
        search = self._searches.get(path)
        if search is not None:
            return path, search
        kind, _, resource_id = path.rpartition("/")
        read = self._reads.get(kind)
        if read is None or not _PLAIN_ID.fullmatch(resource_id):
            return _NOTHING
        return f"{kind}/<resource_id>", lambda environ: read(environ, resource_id)


def _note_rule(endpoint: str | None, values: dict[str, Any] | None) -> None:
    """Note the route that the framework found, before anything else may end the request."""
    del endpoint, values
    if request.url_rule is not None:
        request.environ[ROUTE] = request.url_rule.rule


def named(environ: Environ) -> tuple[str, str]:
    """The route template of a request that was answered, and the request's name."""
    return environ.get(ROUTE, ""), request_id(environ)
