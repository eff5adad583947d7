"""What each search parameter sees of a resource."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import cache, lru_cache
from typing import Any

from fhir_facade.search.folding import fold_code
from fhir_facade.search.moments import period_span, span
from fhir_facade.search.query import (
    DateIndex,
    IndexValue,
    IndexValues,
    ReferenceIndex,
    StringIndex,
    TokenIndex,
)
from fhir_facade.search.registry import REGISTRY, Kind, Parameter

Resource = Mapping[str, Any]
_Extract = Callable[[Any, Parameter], Iterator[IndexValue]]


def index(resource: Resource, wanted: Collection[str] | None = None) -> IndexValues:
    """Search parameter → everything of ``resource`` it looks at, each value once, in the order of the resource.

    ``wanted`` names the parameters that matter; None for all.

    Codes of case-insensitive parameters are folded already. A reference with an identifier gives a token too, for
    ``:identifier``. A profile with a version is found with and without it.

    Raises:
        KeyError: the type is not served here.
        ValueError: an indexed date of the resource is no FHIR date.
    """
    values: IndexValues = {}
    for parameter, extract, paths in _plan(resource["resourceType"]):
        if wanted is not None and parameter.name not in wanted:
            continue
        found: dict[IndexValue, None] = {}
        for first, path in paths:
            if first in resource:
                for element in _distinct(elements(resource, path)):
                    found.update(dict.fromkeys(extract(element, parameter)))
        if found:
            values[parameter.name] = tuple(found)
    return values


@cache
def _plan(resource_type: str) -> list[tuple[Parameter, _Extract, list[tuple[str, str]]]]:
    """Every parameter of a type with what reads it, and its paths, each after the element that it begins with."""
    return [
        (parameter, _EXTRACT[parameter.kind], [(_steps(path)[0], path) for path in parameter.paths])
        for parameter in REGISTRY[resource_type].parameters.values()
    ]


def elements(node: Any, path: str) -> list[Any]:
    """Everything at a dotted ``path`` under ``node``; lists are walked."""
    found = [node]
    for step in _steps(path):
        found = [item[step] for item in found if isinstance(item, dict) and step in item]
        if list in map(type, found):
            found = _flat(found)
    return [item for item in found if item is not None]


@lru_cache(maxsize=256)
def _steps(path: str) -> tuple[str, ...]:
    return tuple(path.split("."))


def _flat(found: list[Any]) -> list[Any]:
    flat: list[Any] = []
    for item in found:
        if type(item) is list:
            flat += _flat(item)
        else:
            flat.append(item)
    return flat


def references(resource: Resource, parameter: Parameter) -> Iterator[str]:
    """The literal references that ``parameter`` sees in ``resource``."""
    for path in parameter.paths:
        for element in elements(resource, path):
            if isinstance(element, Mapping) and isinstance(element.get("reference"), str):
                yield element["reference"]


def _distinct(found: list[Any]) -> Iterable[Any]:
    """Each text once, and each object that several places share."""
    return found if len(found) < 2 else {item if type(item) is str else id(item): item for item in found}.values()


def _dates(element: Any, _: Parameter) -> Iterator[IndexValue]:
    found = period_span(element) if isinstance(element, dict) else _span(element)
    if found is not None:
        yield DateIndex(found)


_span = lru_cache(maxsize=8_192)(span)  # the lines of a claim share their days


def _tokens(element: Any, parameter: Parameter) -> Iterator[IndexValue]:
    if isinstance(element, bool):
        yield TokenIndex("", "true" if element else "false")
    elif isinstance(element, str):
        yield TokenIndex(parameter.system, fold_code(element, parameter.folded))
    elif "coding" in element:
        for coding in element["coding"]:
            yield from _tokens(coding, parameter)
    else:
        code = element.get("code", element.get("value"))
        if isinstance(code, str):
            yield TokenIndex(element.get("system", ""), fold_code(code, parameter.folded))


def _references(element: Any, parameter: Parameter) -> Iterator[IndexValue]:
    if isinstance(element.get("reference"), str):
        yield ReferenceIndex(element["reference"])
    if isinstance(element.get("identifier"), Mapping):
        yield from _tokens(element["identifier"], parameter)


def _strings(element: Any, _: Parameter) -> Iterator[IndexValue]:
    if isinstance(element, str):
        yield StringIndex(element)


def _uris(element: Any, _: Parameter) -> Iterator[IndexValue]:
    if isinstance(element, str):
        yield StringIndex(element)
        if "|" in element:
            yield StringIndex(element.partition("|")[0])


_EXTRACT: Mapping[Kind, _Extract] = {
    Kind.DATE: _dates,
    Kind.TOKEN: _tokens,
    Kind.REFERENCE: _references,
    Kind.STRING: _strings,
    Kind.URI: _uris,
}
