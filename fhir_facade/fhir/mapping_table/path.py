"""Finds what stands at a path of the mapping table in mapped resources."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from fhir_facade.fhir.values import Json

_STEP = re.compile(r"(\w+)(?:\[([^\]]+)\])?")
_SLICES = {
    "uniqueclaimid": "uc",
    "memberid": "MB",
    "uniquememberid": "um",
    "refillNum": "refillnum",
    "refillsAuthorized": "refillsauthorized",
    "rxoriginCode": "rxorigincode",
    "tax": "TAX",
    "NAIC": "naiccode",
}
"""Slices whose code is not their name."""


def find(resource: Json, path: str, others: Mapping[str, Json]) -> list[Any]:
    """Everything at a path.

    Args:
        resource: where to look.
        path: a path of ``Element``.
        others: what references lead to, by ``Type/id``.
    """
    return [value for way in path.split(" | ") for value in _along(resource, way, others)]


def _along(resource: Json, way: str, others: Mapping[str, Json]) -> Iterator[Any]:
    head, _, rest = way.partition(" -> ")
    types, _, rest_of_head = head.partition(".")
    if resource["resourceType"] not in types.split("|"):
        return
    steps = re.findall(r"\w+(?:\[[^\]]+\])?", rest_of_head)
    for value in _walk([resource], steps):
        if not rest:
            yield value
        elif target := _target(resource, value, others):
            yield from _along(target, rest, others)


def _target(resource: Json, value: Any, others: Mapping[str, Json]) -> Json | None:
    """What a reference leads to, contained or not."""
    reference = value.get("reference", "") if isinstance(value, dict) else ""
    contained = {f"#{one['id']}": one for one in resource.get("contained", ())}
    return contained.get(reference) or others.get(reference)


def _walk(values: list[Any], steps: list[str]) -> list[Any]:
    for step in steps:
        match = _STEP.fullmatch(step)
        if match is None:
            raise ValueError(f"no step of a path: {step}")
        name, selector = match.groups()
        values = [item for value in values if isinstance(value, dict) for item in _many(value.get(name))]
        if selector is not None:
            values = [value for value in values if any(_chosen(value, one) for one in selector.split("|"))]
    return values


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _chosen(value: Json, selector: str) -> bool:
    if selector.startswith("focal="):
        return value.get("focal") is (selector == "focal=true")
    if value.get("url", "").endswith(selector) or value.get("system", "").endswith(selector):
        return True
    wanted = _SLICES.get(selector, selector)
    concepts = [c for key in ("category", "type", "relationship", "role") for c in _many(value.get(key))]
    return any(coding.get("code") == wanted for c in concepts for coding in c.get("coding", ()))


def shown(value: Any) -> str:
    """A value as the table shows it: ``system#code``, ``150.10 USD``, ``2.50 visits``, text."""
    if not isinstance(value, dict):
        return str(value).lower() if isinstance(value, bool) else str(value)
    if "coding" in value:
        return ", ".join(shown(coding) for coding in value["coding"])
    if "code" in value and "system" in value and "value" not in value:
        return f"{value['system']}#{value['code']}"
    if isinstance(value.get("value"), Decimal):
        return " ".join(str(value[key]) for key in ("value", "currency", "unit") if key in value)
    return _parts(value)


def _parts(value: Json) -> str:
    """Names, periods, references and other small things: their texts in a row."""
    leaves = (leaf for item in value.values() for leaf in _many(item))
    return " ".join(shown(leaf) for leaf in leaves)
