"""What each search parameter sees of a resource."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import cache, lru_cache
from typing import Any, NamedTuple

from fhir_facade.search.folding import fold_code
from fhir_facade.search.moments import period_span, span
from fhir_facade.search.query import IndexValue, IndexValues, ReferenceIndex, StringIndex, TokenIndex
from fhir_facade.search.registry import REGISTRY, Kind, Parameter

Resource = Mapping[str, Any]
_Read = Callable[[Any, Parameter], Iterable[IndexValue]]


class _Step(NamedTuple):
    """One parameter of a type, its paths, and what reads the elements there."""

    parameter: Parameter
    paths: list[tuple[str, ...]]
    read: _Read


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
    walked: dict[tuple[str, ...], Iterable[Any]] = {}
    for parameter, paths, read in _plan(resource["resourceType"]):
        if wanted is not None and parameter.name not in wanted:
            continue
        found: list[IndexValue] = []
        for path in paths:
            if path[0] in resource:
                if path not in walked:
                    walked[path] = _reached(resource, path)
                for element in walked[path]:
                    found += read(element, parameter)
        if found:
            values[parameter.name] = tuple(dict.fromkeys(found)) if len(found) > 1 else (found[0],)
    return values


def _reached(resource: Resource, path: tuple[str, ...]) -> Iterable[Any]:
    """Everything at a path whose first element is there, each once."""
    value = resource[path[0]]
    if len(path) == 1 and value is not None and type(value) is not list:
        return (value,)
    return _distinct(_walked([resource], path))


@cache
def _plan(resource_type: str) -> list[_Step]:
    """How to read every parameter of a type."""
    return [
        _Step(parameter, [*map(_steps, parameter.paths)], _READ[parameter.kind])
        for parameter in REGISTRY[resource_type].parameters.values()
    ]


def elements(node: Any, path: str) -> list[Any]:
    """Everything at a dotted ``path`` under ``node``; lists are walked."""
    return _walked([node], _steps(path))


@lru_cache(maxsize=256)
def _steps(path: str) -> tuple[str, ...]:
    return tuple(path.split("."))


def _walked(found: list[Any], steps: tuple[str, ...]) -> list[Any]:
    for step in steps:
        found = [item[step] for item in found if isinstance(item, dict) and step in item]
        if list in map(type, found):
            found = _flat(found)
    return [item for item in found if item is not None] if None in found else found


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


def _dates(element: Any, _: Parameter) -> Iterable[IndexValue]:
    found = period_span(element) if isinstance(element, dict) else span(element)
    return () if found is None else (found,)


def _tokens(element: Any, parameter: Parameter) -> Iterable[IndexValue]:
    if isinstance(element, bool):
        return (TokenIndex("", "true" if element else "false"),)
    if isinstance(element, str):
        return (TokenIndex(parameter.system, fold_code(element, parameter.folded)),)
    if "coding" in element:
        return [token for coding in element["coding"] for token in _tokens(coding, parameter)]
    code = element.get("code", element.get("value"))
    if isinstance(code, str):
        return (TokenIndex(element.get("system", ""), fold_code(code, parameter.folded)),)
    return ()


def _references(element: Any, parameter: Parameter) -> Iterable[IndexValue]:
    reference, identifier = element.get("reference"), element.get("identifier")
    found: list[IndexValue] = [ReferenceIndex(reference)] if isinstance(reference, str) else []
    if isinstance(identifier, Mapping):
        found += _tokens(identifier, parameter)
    return found


def _strings(element: Any, _: Parameter) -> Iterable[IndexValue]:
    return (StringIndex(element),) if isinstance(element, str) else ()


def _uris(element: Any, parameter: Parameter) -> Iterable[IndexValue]:
    found = _strings(element, parameter)
    return (*found, StringIndex(element.partition("|")[0])) if found and "|" in element else found


_READ: Mapping[Kind, _Read] = {
    Kind.DATE: _dates,
    Kind.TOKEN: _tokens,
    Kind.REFERENCE: _references,
    Kind.STRING: _strings,
    Kind.URI: _uris,
}
