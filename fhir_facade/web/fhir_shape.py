"""``_summary`` and ``_elements``: resources with fewer elements, marked SUBSETTED.

What an instance must have stays, so that the rest can be read safely.

Source: R4 §3.1.1.5.8 (_summary), §3.1.1.5.9 (_elements).
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from fhir_facade.fhir.elements import elements
from fhir_facade.fhir.encode import encode
from fhir_facade.web.bundle import SUBSETTED

_ALWAYS = frozenset({"resourceType", "id", "meta", "implicitRules", "modifierExtension"})


def shaped(body: bytes, summary: str | None, names: tuple[str, ...]) -> bytes:
    """A resource as ``_summary`` or ``_elements`` ask for it; unchanged where they ask for nothing.

    Args:
        body: the resource as JSON; numbers keep their digits.
        summary: ``true``, ``text``, ``data`` or None.
        names: element names of ``_elements``; a choice is named without its type.
    """
    if summary is None and not names:
        return body
    resource: dict[str, Any] = json.loads(body, parse_float=Decimal)
    kept = {name: value for name, value in resource.items() if _stays(resource["resourceType"], name, summary, names)}
    meta = dict(kept.get("meta", {}))
    meta["tag"] = [*meta.get("tag", ()), SUBSETTED]
    kept["meta"] = meta
    return encode(kept)


def _stays(type_name: str, name: str, summary: str | None, names: tuple[str, ...]) -> bool:
    name = name.removeprefix("_")
    known = elements(type_name)
    if name in _ALWAYS or name in known.mandatory:
        return True
    if summary == "true":
        return name in known.summary
    if summary == "text":
        return name == "text"
    if summary == "data":
        return name != "text"
    return any(_is_named(name, wanted) for wanted in names)


def _is_named(name: str, wanted: str) -> bool:
    rest = name.removeprefix(wanted)
    return name == wanted or (name.startswith(wanted) and rest[:1].isupper())
