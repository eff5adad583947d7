"""R4 JSON to R4 XML. XML is written only; nothing here reads XML from anybody.

Source: R4 §2.6.1 (XML representation), §2.6.2 (JSON representation).
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from fhir_facade.fhir.elements import elements

_PROLOGUE = '<?xml version="1.0" encoding="UTF-8"?>'
_NAMESPACE = 'xmlns="http://hl7.org/fhir"'
_DIV = 'xmlns="http://www.w3.org/1999/xhtml"'
_TAG = re.compile(r"<[^>]*>")


def to_xml(body: bytes, *, indent: bool = False) -> bytes:
    """A resource as XML.

    Args:
        body: one resource as JSON; numbers keep their digits.
        indent: one element per line.

    Returns:
        The document in UTF-8.
    """
    resource = json.loads(body, parse_float=_Number, parse_int=_Number)
    lines = [_PROLOGUE, *_resource(resource, 0, _NAMESPACE)]
    if indent:
        return "\n".join(lines).encode()
    return "".join(line.lstrip(" ") for line in lines).encode()


class _Number(str):
    """The digits of a number as they stood in the JSON."""

    __slots__ = ()


def _resource(resource: Mapping[str, Any], depth: int, namespace: str = "") -> Iterator[str]:
    name = resource["resourceType"]
    tag = f"{name} {namespace}".strip()
    yield f"{' ' * depth}<{tag}>"
    yield from _children(resource, name, depth + 1)
    yield f"{' ' * depth}</{name}>"


def _children(node: Mapping[str, Any], type_name: str, depth: int) -> Iterator[str]:
    order = elements(type_name).order
    for name, kind in order.items():
        if name in node or f"_{name}" in node:
            if name == "id" and "resourceType" not in node:
                continue  # an attribute of the element around it
            if type_name == "Extension" and name == "url":
                continue
            yield from _element(name, kind, node.get(name), node.get(f"_{name}"), depth)


def _element(name: str, kind: str, value: Any, extra: Any, depth: int) -> Iterator[str]:
    values = value if isinstance(value, list) else [value]
    extras = extra if isinstance(extra, list) else [extra]
    for index in range(max(len(values), len(extras))):
        one = values[index] if index < len(values) else None
        more = extras[index] if index < len(extras) else None
        if name == "div":
            yield " " * depth + _narrative(one)
        elif isinstance(one, Mapping):
            yield from _complex(name, kind, one, depth)
        else:
            yield from _primitive(name, one, more, depth)


def _complex(name: str, kind: str, value: Mapping[str, Any], depth: int) -> Iterator[str]:
    indent = " " * depth
    if "resourceType" in value:
        yield f"{indent}<{name}>"
        yield from _resource(value, depth + 1)
    else:
        url = f" url={quoteattr(value['url'])}" if kind == "Extension" and "url" in value else ""
        yield f"{indent}<{name}{_id(value)}{url}>"
        yield from _children(value, kind, depth + 1)
    yield f"{indent}</{name}>"


def _primitive(name: str, value: Any, extra: Mapping[str, Any] | None, depth: int) -> Iterator[str]:
    text = {True: "true", False: "false"}[value] if isinstance(value, bool) else value
    attributes = _id(extra or {}) + (f" value={_attribute(text)}" if text is not None else "")
    extensions = (extra or {}).get("extension")
    if not extensions:
        yield f"{' ' * depth}<{name}{attributes}/>"
        return
    yield f"{' ' * depth}<{name}{attributes}>"
    yield from _element("extension", "Extension", extensions, None, depth + 1)
    yield f"{' ' * depth}</{name}>"


def _id(node: Mapping[str, Any]) -> str:
    return f" id={quoteattr(node['id'])}" if isinstance(node.get("id"), str) else ""


def _attribute(text: str) -> str:
    return quoteattr(_printable(text), {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"})


def _printable(text: str) -> str:
    """``text`` without the control characters that XML cannot hold."""
    return "".join(c for c in text if c >= " " or c in "\n\r\t")


def _narrative(text: str | None) -> str:
    """A narrative as its text alone: markup is not passed on unread, and nothing here reads XML."""
    return f"<div {_DIV}>{escape(_printable(html.unescape(_TAG.sub('', text or ''))))}</div>"
