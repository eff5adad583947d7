"""From the pairs of a query string (or form body) to a typed search.

Unknown parameter names are dropped and reported, or refused where handling is strict. Everything else that cannot be
understood is refused always: modifiers, prefixes, chains, values, result parameters.

Source: R4 §3.1.1.3 (errors), §3.1.1.4 (parameters), RESTful API (search).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from fhir_facade.search.faults import BadSearch, Fault
from fhir_facade.search.query import Criterion, Modifier, SearchQuery
from fhir_facade.search.registry import REGISTRY, Kind, Parameter, ResourceType
from fhir_facade.search.results import INCLUDES, SINGLE, Results
from fhir_facade.search.values import read_values

MAXIMUM_PARAMETERS = 60
MAXIMUM_VALUES = 200
_NEVER = ("_query", "_filter", "_text", "_content", "_list", "_has")
"""Parameters that would change what is found, so that dropping them would widen the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """A search that can be run.

    Args:
        query: the typed search.
        applied: name and value of everything that took part, as the self link states it.
        dropped: unknown parameter names that were left out.
        warnings: sentences about what was left out or understood differently.
        cursor: the opaque page position, not yet verified.
    """

    query: SearchQuery
    applied: tuple[tuple[str, str], ...]
    dropped: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    cursor: str | None = None


def parse(
    resource_type: str, pairs: Iterable[tuple[str, str]], *, base: str, page_size: int = 10, strict: bool = False
) -> Parsed:
    """The search that ``pairs`` ask for.

    Args:
        resource_type: a type of the registry.
        pairs: names and values, percent-decoded once, in the order of the request.
        base: absolute URL of this FHIR server, without a final slash.
        page_size: matches per page where ``_count`` is absent.
        strict: unknown names are errors.

    Raises:
        BadSearch: with every fault that was found.
    """
    kind = REGISTRY[resource_type]
    sent = tuple(dict.fromkeys((name, value) for name, value in pairs if value))
    _check_size(sent)
    results = Results(kind=kind, page_size=page_size, strict=strict)
    criteria: list[tuple[Criterion, tuple[str, str]]] = []
    dropped: dict[str, None] = {}
    faults: list[Fault] = []
    for name, value in sent:
        try:
            if name in SINGLE or name in INCLUDES:
                results.sent.setdefault(name, []).append(value)
            elif (criterion := _criterion(kind, name, value, base)) is not None:
                criteria.append((criterion, (name, value)))
            else:
                dropped[name] = None
        except BadSearch as error:
            faults.extend(error.faults)
    try:
        results.read()
    except BadSearch as error:
        faults.extend(error.faults)
    if strict and dropped:
        faults.append(_unknown(kind, dropped))
    if faults:
        raise BadSearch(*faults)
    return _parsed(kind, criteria, results, tuple(dropped))


def _parsed(
    kind: ResourceType, criteria: list[tuple[Criterion, tuple[str, str]]], results: Results, dropped: tuple[str, ...]
) -> Parsed:
    query = SearchQuery(
        resource_type=kind.name,
        criteria=tuple(dict.fromkeys(criterion for criterion, _ in criteria)),
        count=results.count,
        sort=results.sort,
        includes=results.includes,
        revincludes=results.revincludes,
        total=results.total,
        summary=results.summary,
        elements=results.elements,
    )
    applied = (*(pair for _, pair in criteria), *results.applied)
    return Parsed(
        query=query,
        applied=applied,
        dropped=dropped,
        warnings=(*results.warnings, *_version_warnings(query, applied)),
        cursor=results.cursor,
    )


def _version_warnings(query: SearchQuery, applied: tuple[tuple[str, str], ...]) -> list[str]:
    parameters = REGISTRY[query.resource_type].parameters
    versioned = {name.partition(":")[0] for name, value in applied if "/_history/" in value}
    return [
        f"{name}: the version of a reference was left out"
        for name in sorted(versioned)
        if name in parameters and parameters[name].kind is Kind.REFERENCE
    ]


def _check_size(sent: tuple[tuple[str, str], ...]) -> None:
    if len(sent) > MAXIMUM_PARAMETERS or sum(value.count(",") + 1 for _, value in sent) > MAXIMUM_VALUES:
        text = f"A search has at most {MAXIMUM_PARAMETERS} parameters and {MAXIMUM_VALUES} values"
        raise BadSearch(Fault("too-costly", text))
    if any(_unprintable(name) or _unprintable(value) for name, value in sent):
        raise BadSearch(Fault("value", "Parameters must be UTF-8 text without control characters"))


def _unprintable(text: str) -> bool:
    return _UNPRINTABLE.search(text) is not None


_WORD = re.compile(r"[A-Za-z_][A-Za-z:_\-]{0,39}")
"""A name that may be repeated: without digits it is nobody's number."""
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")


def _unknown(kind: ResourceType, names: Iterable[str]) -> Fault:
    told = ", ".join(name for name in names if _WORD.fullmatch(name)) or "a parameter"
    return Fault("not-supported", f"Unknown: {told}; {kind.name} is searched by {', '.join(kind.parameters)}")


def _criterion(kind: ResourceType, name: str, value: str, base: str) -> Criterion | None:
    written, chain, _ = name.partition(".")
    code, _, modifier = written.partition(":")
    if code in _NEVER:
        raise BadSearch(Fault("not-supported", f"{code} is not offered", code))
    parameter = kind.parameters.get(code)
    if parameter is None:
        if code in (*SINGLE, *INCLUDES):
            raise BadSearch(Fault("not-supported", f"{code}: it does not take that modifier", code))
        return None
    if chain:
        raise BadSearch(Fault("not-supported", f"{code}: chained parameters are not offered", code))
    if modifier == Modifier.MISSING:
        return _missing(parameter, value)
    narrowed = _modifier(parameter, modifier)
    values = read_values(parameter, narrowed, value, base)
    return Criterion(code, values, narrowed if isinstance(narrowed, Modifier) else None)


def _missing(parameter: Parameter, value: str) -> Criterion:
    if value not in ("true", "false"):
        raise BadSearch(Fault("value", f"{parameter.name}:missing takes true or false", parameter.name))
    return Criterion(parameter.name, (), Modifier.MISSING, value == "true")


def _modifier(parameter: Parameter, modifier: str) -> Modifier | str | None:
    if not modifier:
        return None
    if modifier in parameter.modifiers:
        return Modifier(modifier)
    if modifier in parameter.targets:
        return modifier
    offered = ", ".join(":" + name for name in (*parameter.modifiers, *parameter.targets))
    raise BadSearch(
        Fault("not-supported", f"{parameter.name}: that modifier is not offered; {offered} are", parameter.name)
    )
