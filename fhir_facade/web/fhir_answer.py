"""Answers as values, and what of one goes out: format, pretty print, compression, headers."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import parse_qs

import msgspec
from flask import Response
from isal import isal_zlib
from werkzeug.datastructures import Headers
from werkzeug.http import HTTP_STATUS_CODES

from fhir_facade.fhir.encode import encode
from fhir_facade.fhir.outcome import issue, outcome
from fhir_facade.fhir.xml import to_xml
from fhir_facade.web.errors import NO_HEADERS, Problem, problem_of
from fhir_facade.web.fhir_headers import Mount
from fhir_facade.web.fhir_html import POLICY, html_page
from fhir_facade.web.fhir_request import Environ
from fhir_facade.web.negotiation import PLAIN, Format, Wants, negotiate, takes_gzip
from fhir_facade.web.request_id import request_id

SMALL = 1_024
"""Bodies up to this many bytes are not compressed."""

MEMBER_DATA: Mapping[str, str] = MappingProxyType({"Cache-Control": "no-store"})

_GZIP = zlib.MAX_WBITS + 16

StartResponse = Callable[..., Any]


class Answer(NamedTuple):
    """What goes back.

    Args:
        body: compact JSON of one resource; ``b""`` for none.
        status: HTTP status.
        headers: besides those every answer has.
        matches: how many resources of the member are in it, for the audit trail.
    """

    body: bytes
    status: int = 200
    headers: Mapping[str, str] = MEMBER_DATA
    matches: int = 0


def refusal(problem: Problem, request_id: str) -> Answer:
    """The OperationOutcome that ``problem`` is answered with."""
    issues = [
        issue(fault.code, f"{fault.text}. Request {request_id}.", expression=f"http.{fault.parameter}")
        if fault.parameter
        else issue(fault.code, f"{fault.text}. Request {request_id}.")
        for fault in problem.faults
    ] or [issue(problem.code, f"{problem.text} Request {request_id}.")]
    headers = {**MEMBER_DATA, **(problem.headers or NO_HEADERS)}
    return Answer(encode(outcome(*issues)), problem.status, headers)


class Shape(NamedTuple):
    """How a body is written.

    Args:
        wants: its format.
        pretty: indented.
        gzip: the client takes gzip.
    """

    wants: Wants = PLAIN
    pretty: bool = False
    gzip: bool = False


def wanted_shape(environ: Environ, override: str = "", *, pretty: bool = False) -> Shape:
    """The shape that a request asks for; programs that name themselves as such get no page.

    Args:
        environ: of the request.
        override: its ``_format`` parameter.
        pretty: whether it wants indented text.

    Raises:
        Problem: 406, nothing that it accepts is offered.
    """
    is_program = "HTTP_X_REQUESTED_WITH" in environ or environ["REQUEST_METHOD"] == "POST"
    encoding = environ.get("HTTP_ACCEPT_ENCODING", "")
    return _shape(environ.get("HTTP_ACCEPT", ""), override, pretty, encoding, is_program)


@lru_cache(maxsize=1024)
def _shape(accept: str, override: str, pretty: bool, encoding: str, is_program: bool) -> Shape:
    if is_program:
        accept = accept.replace("text/html", "text/x-page").replace("application/xhtml+xml", "text/x-page")
    return Shape(negotiate(accept, override), pretty, takes_gzip(encoding))


def accepted_shape(environ: Environ) -> Shape:
    """The shape of an error: as ``_format`` or ``Accept`` ask, JSON where that cannot be."""
    try:
        asked = parse_qs(environ.get("QUERY_STRING", ""), errors="replace").get("_format", [""])
        return wanted_shape(environ, asked[0])
    except (Problem, ValueError):
        return Shape()


class Sent(NamedTuple):
    """An answer as it goes out.

    Args:
        status: HTTP status.
        headers: all of them.
        body: in its format, compressed where it is.
    """

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def response(self) -> Response:
        """It as Flask takes it."""
        if not self.body:
            return Response(status=self.status, headers=self.headers)
        return _Complete([self.body], self.status, self.headers)

    def through(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """It as a WSGI server takes it."""
        if not self.body:
            return self.response()(environ, start_response)
        start_response(_status_line(self.status), self.headers)
        return [self.body]


def sent(answer: Answer, shape: Shape, mount: Mount, environ: Environ) -> Sent:
    """``answer`` as it goes out; where it cannot be written, what says so instead.

    Args:
        answer: what goes back.
        shape: how it is written.
        mount: the FHIR server.
        environ: of the request.
    """
    try:
        return _sent(answer, shape, mount, environ)
    except Exception as error:
        return _sent(refusal(problem_of(error), request_id(environ)), Shape(), mount, environ)


def _sent(answer: Answer, shape: Shape, mount: Mount, environ: Environ) -> Sent:
    body = _written(answer, shape, mount.base)
    headers = [*answer.headers.items(), *mount.headers(environ)]
    if body:
        headers.append(_content_type(shape.wants))
        if shape.wants.format is Format.HTML:
            headers.append(("Content-Security-Policy", POLICY))
        if shape.gzip and len(body) > SMALL:
            body = _compressed(body)
            headers.append(("Content-Encoding", "gzip"))
        headers.append(("Content-Length", str(len(body))))
    return Sent(answer.status, headers, body)


@lru_cache(maxsize=64)
def _content_type(wants: Wants) -> tuple[str, str]:
    return "Content-Type", wants.content_type


@lru_cache(maxsize=64)
def _status_line(status: int) -> str:
    return f"{status} {HTTP_STATUS_CODES[status].upper()}"


class _Complete(Response):
    """A response whose headers need nothing more: they are not gone through once again."""

    def get_wsgi_headers(self, environ: dict[str, Any]) -> Headers:
        """The headers as they are."""
        return self.headers


def _compressed(body: bytes) -> bytes:
    return isal_zlib.compress(body, 0, _GZIP)  # level 1 takes a quarter more time for a fifth fewer bytes


def _written(answer: Answer, shape: Shape, base: str) -> bytes:
    if not answer.body:
        return b""
    if shape.wants.format is Format.XML:
        return to_xml(answer.body, indent=shape.pretty)
    if shape.wants.format is Format.HTML:
        return html_page(answer.status, msgspec.json.format(answer.body, indent=2), base)
    return msgspec.json.format(answer.body, indent=2) if shape.pretty else answer.body
