"""Answers as values, and how one is sent: format, pretty print, compression, headers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

import msgspec
from flask import Response, request
from isal import igzip

from fhir_facade.fhir.encode import encode
from fhir_facade.fhir.outcome import issue, outcome
from fhir_facade.fhir.xml import to_xml
from fhir_facade.web.errors import NO_HEADERS, Problem
from fhir_facade.web.fhir_html import POLICY, html_page
from fhir_facade.web.negotiation import PLAIN, Format, Wants, negotiate, takes_gzip

SMALL = 1_024
"""Bodies up to this many bytes are not compressed."""

MEMBER_DATA: Mapping[str, str] = MappingProxyType({"Cache-Control": "no-store"})


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back.

    Args:
        body: compact JSON of one resource; ``b""`` for none.
        status: HTTP status.
        headers: besides those every answer has.
        matches: how many resources of the member are in it, for the audit trail.
    """

    body: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: MEMBER_DATA)
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


def wanted_shape(override: str = "", *, pretty: bool = False) -> Shape:
    """The shape that the current request asks for; programs that name themselves as such get no page.

    Args:
        override: its ``_format`` parameter.
        pretty: whether it wants indented text.

    Raises:
        Problem: 406, nothing that it accepts is offered.
    """
    headers = request.headers
    accept = ",".join(headers.getlist("Accept"))
    if "X-Requested-With" in headers or request.method == "POST":
        accept = accept.replace("text/html", "text/x-page").replace("application/xhtml+xml", "text/x-page")
    return Shape(negotiate(accept, override), pretty, takes_gzip(headers.get("Accept-Encoding", "")))


def accepted_shape() -> Shape:
    """The shape of an error: as ``_format`` or ``Accept`` ask, JSON where that cannot be."""
    try:
        return wanted_shape(request.args.get("_format", ""))
    except Problem:
        return Shape()


def send(answer: Answer, shape: Shape, base: str) -> Response:
    """``answer`` as a response.

    Args:
        answer: what goes back.
        shape: how it is written.
        base: absolute URL of the FHIR server.
    """
    body = _written(answer, shape, base)
    headers = dict(answer.headers)
    if body:
        headers["Content-Type"] = shape.wants.content_type
        if shape.wants.format is Format.HTML:
            headers["Content-Security-Policy"] = POLICY
        if shape.gzip and len(body) > SMALL:
            body = igzip.compress(body, 1)
            headers["Content-Encoding"] = "gzip"
    return Response(body, answer.status, headers)


def _written(answer: Answer, shape: Shape, base: str) -> bytes:
    if not answer.body:
        return b""
    if shape.wants.format is Format.XML:
        return to_xml(answer.body, indent=shape.pretty)
    if shape.wants.format is Format.HTML:
        return html_page(answer.status, msgspec.json.format(answer.body, indent=2), base)
    return msgspec.json.format(answer.body, indent=2) if shape.pretty else answer.body
