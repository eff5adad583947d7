"""Answers as values, and how one is sent: format, pretty print, compression, headers."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple

import msgspec
from flask import Request, Response
from isal import isal_zlib
from werkzeug.datastructures import Headers

from fhir_facade.fhir.encode import encode
from fhir_facade.fhir.outcome import issue, outcome
from fhir_facade.fhir.xml import to_xml
from fhir_facade.web.errors import NO_HEADERS, Problem
from fhir_facade.web.fhir_headers import Mount
from fhir_facade.web.fhir_html import POLICY, html_page
from fhir_facade.web.negotiation import PLAIN, Format, Wants, negotiate, takes_gzip

SMALL = 1_024
"""Bodies up to this many bytes are not compressed."""

MEMBER_DATA: Mapping[str, str] = MappingProxyType({"Cache-Control": "no-store"})

_GZIP = zlib.MAX_WBITS + 16


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


def wanted_shape(asked: Request, override: str = "", *, pretty: bool = False) -> Shape:
    """The shape that a request asks for; programs that name themselves as such get no page.

    Args:
        asked: the request.
        override: its ``_format`` parameter.
        pretty: whether it wants indented text.

    Raises:
        Problem: 406, nothing that it accepts is offered.
    """
    environ = asked.environ
    is_program = "HTTP_X_REQUESTED_WITH" in environ or environ["REQUEST_METHOD"] == "POST"
    encoding = environ.get("HTTP_ACCEPT_ENCODING", "")
    return _shape(environ.get("HTTP_ACCEPT", ""), override, pretty, encoding, is_program)


@lru_cache(maxsize=1024)
def _shape(accept: str, override: str, pretty: bool, encoding: str, is_program: bool) -> Shape:
    if is_program:
        accept = accept.replace("text/html", "text/x-page").replace("application/xhtml+xml", "text/x-page")
    return Shape(negotiate(accept, override), pretty, takes_gzip(encoding))


def accepted_shape(asked: Request) -> Shape:
    """The shape of an error: as ``_format`` or ``Accept`` ask, JSON where that cannot be."""
    try:
        return wanted_shape(asked, asked.args.get("_format", ""))
    except Problem:
        return Shape()


def send(answer: Answer, shape: Shape, mount: Mount, asked: Request) -> Response:
    """``answer`` as a response.

    Args:
        answer: what goes back.
        shape: how it is written.
        mount: the FHIR server.
        asked: the request.
    """
    body = _written(answer, shape, mount.base)
    headers = [*answer.headers.items(), *mount.headers(asked)]
    if body:
        headers.append(("Content-Type", shape.wants.content_type))
        if shape.wants.format is Format.HTML:
            headers.append(("Content-Security-Policy", POLICY))
        if shape.gzip and len(body) > SMALL:
            body = _compressed(body)
            headers.append(("Content-Encoding", "gzip"))
        headers.append(("Content-Length", str(len(body))))
        return _Complete([body], answer.status, headers)
    return Response(status=answer.status, headers=headers)


class _Complete(Response):
    """A response whose headers need nothing more: they are not gone through once again."""

    def get_wsgi_headers(self, environ: dict[str, Any]) -> Headers:
        """The headers as they are."""
        return self.headers


def _compressed(body: bytes) -> bytes:
    compressor = isal_zlib.compressobj(1, zlib.DEFLATED, _GZIP)  # half the time of its one-shot function
    return compressor.compress(body) + compressor.flush()


def _written(answer: Answer, shape: Shape, base: str) -> bytes:
    if not answer.body:
        return b""
    if shape.wants.format is Format.XML:
        return to_xml(answer.body, indent=shape.pretty)
    if shape.wants.format is Format.HTML:
        return html_page(answer.status, msgspec.json.format(answer.body, indent=2), base)
    return msgspec.json.format(answer.body, indent=2) if shape.pretty else answer.body
