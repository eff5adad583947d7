"""Which format an answer takes: ``_format``, then ``Accept``; JSON, XML, or a page for browsers.

Source: R4 RESTful API §3.1.0.1.10–11 (content types, ``_format``, ``fhirVersion``); RFC 9110 §12.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from fhir_facade.web.errors import Problem, by_status


class Format(StrEnum):
    """The formats an answer can take."""

    JSON = "application/fhir+json"
    XML = "application/fhir+xml"
    HTML = "text/html"


class Wants(NamedTuple):
    """What the client asked for.

    Args:
        format: the format of the body.
        version: ``fhirVersion`` to repeat in Content-Type, as it was asked for.
    """

    format: Format
    version: str | None = None

    @property
    def content_type(self) -> str:
        """The Content-Type header of the answer."""
        version = f"; fhirVersion={self.version}" if self.version else ""
        return f"{self.format}{version}; charset=utf-8"


PLAIN = Wants(Format.JSON)
_VERSIONS = ("4.0", "4.0.1")
TYPES: Mapping[str, Format] = MappingProxyType(
    {
        "application/fhir+json": Format.JSON,
        "application/json": Format.JSON,
        "application/json+fhir": Format.JSON,
        "text/json": Format.JSON,
        "*/*": Format.JSON,
        "application/*": Format.JSON,
        "application/fhir+xml": Format.XML,
        "application/xml": Format.XML,
        "application/xml+fhir": Format.XML,
        "text/xml": Format.XML,
        "text/html": Format.HTML,
        "application/xhtml+xml": Format.HTML,
    }
)
"""Media types and ranges, and the formats they are answered in."""
SHORT: Mapping[str, Format] = MappingProxyType({"json": Format.JSON, "xml": Format.XML, "html": Format.HTML})
"""Short forms that ``_format`` takes besides."""


@lru_cache(maxsize=1024)
def negotiate(accept: str, override: str) -> Wants:
    """The format to answer in.

    Args:
        accept: the ``Accept`` header, ``""`` for none.
        override: the ``_format`` parameter, ``""`` for none.

    Raises:
        Problem: 406, nothing that was asked for is offered.
    """
    if override:
        wants = _one(override.lower().replace(" ", "+"))
    elif not accept.strip():
        wants = PLAIN
    else:
        wants = _best(accept)
    if wants is None:
        raise by_status(406)
    return wants


def _best(accept: str) -> Wants | None:
    ranges = sorted(_ranges(accept.lower()), key=lambda weighted: -weighted[0])
    return next((wants for weight, text in ranges if weight > 0 and (wants := _one(text)) is not None), None)


def _ranges(header: str) -> Iterator[tuple[float, str]]:
    for part in header.split(","):
        text, _, weight = part.partition(";q=") if ";q=" in part else part.partition("; q=")
        yield _weight(weight) if weight else 1.0, text.strip()


def _weight(text: str) -> float:
    try:
        return min(1.0, max(0.0, float(text.partition(";")[0].strip())))
    except ValueError:
        return 0.0


def _one(text: str) -> Wants | None:
    name, *parameters = (piece.strip() for piece in text.split(";"))
    found = TYPES.get(name, SHORT.get(name))
    given = dict(piece.partition("=")[::2] for piece in parameters)
    version = given.get("fhirversion", "").strip('"') or None
    if found is None or (version is not None and version not in _VERSIONS):
        return None
    return Wants(found, version)


FORM = "application/x-www-form-urlencoded"


def check_form(content_type: str) -> None:
    """Refuse the body of a search that is no form.

    Raises:
        Problem: 415, the body of a search is no form.
    """
    if content_type.partition(";")[0].strip().lower() != FORM:
        raise by_status(415)


@lru_cache(maxsize=1024)
def takes_gzip(accept_encoding: str) -> bool:
    """Whether the client would rather have gzip than nothing, by its q-values."""
    weights = {name: weight for weight, name in _ranges(accept_encoding.lower())}
    return weights.get("gzip", weights.get("x-gzip", weights.get("*", 0.0))) > 0


def handling(prefer: str) -> str | None:
    """``strict`` or ``lenient`` of a ``Prefer`` header; None where it says neither.

    Raises:
        Problem: 400, it asks for a handling that does not exist.
    """
    for part in prefer.replace(";", ",").split(",") if prefer else ():
        name, _, value = part.partition("=")
        if name.strip().lower() == "handling":
            value = value.strip().strip('"').lower()
            if value not in ("strict", "lenient"):
                raise Problem(400, "value", "Prefer: handling is strict or lenient.")
            return value
    return None
