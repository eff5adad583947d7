"""Values of search parameters: from the text of a query string to typed values.

A value that is wrong is an error always, in lenient handling too: a filter that is ignored would widen the answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from fhir_facade.search.faults import BadSearch, Fault
from fhir_facade.search.folding import fold_code, fold_string
from fhir_facade.search.moments import span
from fhir_facade.search.query import DateValue, Modifier, Prefix, ReferenceValue, StringValue, TokenValue, Value
from fhir_facade.search.registry import Kind, Parameter

FHIR_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}", re.ASCII)
"""Source: R4 datatypes, id."""

_PREFIXED = re.compile(r"(eq|ne|gt|lt|ge|le|sa|eb|ap)?(.*)", re.DOTALL)
_ESCAPE = re.compile(r"\\(.?)", re.DOTALL)
_RELATIVE = re.compile(r"([A-Z][A-Za-z]*)/([A-Za-z0-9\-.]{1,64})(?:/_history/[A-Za-z0-9\-.]{1,64})?", re.ASCII)
_ABSOLUTE = re.compile(r"(?:https?://|urn:)[^\s]+")


def read_values(parameter: Parameter, modifier: Modifier | str | None, text: str, base: str) -> tuple[Value, ...]:
    """The ORed values of one parameter.

    Args:
        parameter: what the values are for.
        modifier: a modifier, or the resource type that a reference was narrowed to.
        text: the value part of the query string, percent-decoded.
        base: absolute URL of this FHIR server; references that start with it are its own.

    Raises:
        BadSearch: a value is not of the parameter's grammar.
    """
    values: dict[Value, None] = {}
    for part in split(text, ","):
        if not part:
            raise fault(parameter, "there is an empty value between commas")
        values.update(dict.fromkeys(_one(parameter, modifier, part, base)))
    return tuple(values)


def _one(parameter: Parameter, modifier: Modifier | str | None, part: str, base: str) -> Iterator[Value]:
    if modifier is Modifier.IDENTIFIER:
        return _token(parameter, part)
    if parameter.kind is Kind.REFERENCE:
        return _reference(parameter, None if modifier is None else str(modifier), part, base)
    return _READ[parameter.kind](parameter, part)


def split(text: str, separator: str) -> list[str]:
    r"""``text`` at each ``separator`` that no backslash protects; escapes stay in the parts."""
    parts = [""]
    escaped = False
    for character in text:
        if character == separator and not escaped:
            parts.append("")
            continue
        parts[-1] += character
        escaped = character == "\\" and not escaped
    return parts


def unescape(parameter: Parameter, text: str) -> str:
    r"""``text`` with ``\,``, ``\|``, ``\$`` and ``\\`` resolved; any other backslash is an error.

    Source: R4 §3.1.1.4.1 (escaping search parameters).
    """

    def resolve(match: re.Match[str]) -> str:
        if match[1] and match[1] in ",|$\\":
            return match[1]
        raise fault(parameter, "a backslash may only stand before a comma, a pipe, a dollar sign or a backslash")

    return _ESCAPE.sub(resolve, text)


def fault(parameter: Parameter, text: str) -> BadSearch:
    """A wrong value of ``parameter``."""
    return BadSearch(Fault("value", f"{parameter.name}: {text}", parameter.name))


def _date(parameter: Parameter, part: str) -> Iterator[Value]:
    match = _PREFIXED.fullmatch(unescape(parameter, part))
    if match is None:
        raise fault(parameter, "not a date")
    try:
        yield DateValue(Prefix(match[1] or "eq"), span(match[2]))
    except ValueError as error:
        reason = str(error) if str(error).startswith("not a date") else "there is no such day"
        raise fault(parameter, reason) from None


def _token(parameter: Parameter, part: str) -> Iterator[Value]:
    pieces = [unescape(parameter, piece) for piece in split(part, "|")]
    if parameter.name == "_id":
        pieces = pieces if len(pieces) == 1 and FHIR_ID.fullmatch(pieces[0]) else []
    if not 1 <= len(pieces) <= 2 or not any(pieces):
        raise fault(parameter, _TOKEN_FORM.get(parameter.name, "write code, system|code, |code or system|"))
    system = pieces[0] if len(pieces) == 2 else None
    yield TokenValue(system, fold_code(pieces[-1], parameter.folded) or None)


_TOKEN_FORM = {"_id": "write an id of 1 to 64 letters, digits, dashes and dots"}


def _reference(parameter: Parameter, narrowed: str | None, part: str, base: str) -> Iterator[Value]:
    text = unescape(parameter, part)
    relative = _RELATIVE.fullmatch(_relative_to(base, text))
    if relative is not None:
        yield ReferenceValue(_target(parameter, narrowed, relative[1]), relative[2])
    elif FHIR_ID.fullmatch(text):
        for target in (narrowed,) if narrowed else parameter.targets:
            yield ReferenceValue(target, text)
    elif _ABSOLUTE.fullmatch(text) and narrowed is None:
        yield ReferenceValue(None, text, foreign=True)
    else:
        raise fault(parameter, "write an id, Type/id or an absolute URL")


def _relative_to(base: str, text: str) -> str:
    """``text`` without this server's base; http and https are the same server (R4 RESTful API §3.1.0.1.1)."""
    own = base.partition("://")[2] + "/"
    scheme, _, rest = text.partition("://")
    return rest.removeprefix(own) if scheme in ("http", "https") and rest.startswith(own) else text


def _target(parameter: Parameter, narrowed: str | None, written: str) -> str:
    if written not in ((narrowed,) if narrowed else parameter.targets):
        raise fault(parameter, f"it points to {' or '.join(parameter.targets)} only")
    return written


def _string(parameter: Parameter, part: str) -> Iterator[Value]:
    text = unescape(parameter, part)
    if not fold_string(text):
        raise fault(parameter, "write at least one letter or digit")
    yield StringValue(text)


def _uri(parameter: Parameter, part: str) -> Iterator[Value]:
    yield StringValue(unescape(parameter, part))


_READ: Mapping[Kind, Callable[[Parameter, str], Iterator[Value]]] = {
    Kind.DATE: _date,
    Kind.TOKEN: _token,
    Kind.STRING: _string,
    Kind.URI: _uri,
}
