"""Facts about R4's elements that answers are shaped by: their order, which are mandatory, which belong to a summary.

Taken from the definitions that fhir.resources carries (R4B, equal to R4 4.0.1 for the types served here), one type at
a time and only when asked for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from fhir.resources.R4B import get_fhir_model_class

_TYPE_NAME = re.compile(r"(?:List\[)?abc\.(\w+)Type\b")


@dataclass(frozen=True, slots=True)
class Elements:
    """One type's elements.

    Args:
        order: every element, in the order of the definition, with the name of its complex type (``""`` for primitives).
        mandatory: elements that every instance has; of a choice, all its forms.
        summary: elements that ``_summary=true`` keeps.
    """

    order: Mapping[str, str]
    mandatory: frozenset[str]
    summary: frozenset[str]


@lru_cache(maxsize=256)
def elements(type_name: str) -> Elements:
    """The elements of a resource type, data type or backbone element.

    Args:
        type_name: as the model is named: ``Period``, ``ExplanationOfBenefitItem``.

    Raises:
        KeyError: there is no such type.
    """
    model: Any = get_fhir_model_class(type_name)
    fields = {field.alias or name: field for name, field in model.model_fields.items()}
    extra = {name: fields[name].json_schema_extra or {} for name in model.elements_sequence()}
    return Elements(
        order={name: _complex(fields[name].annotation) for name in extra},
        mandatory=frozenset(name for name in extra if fields[name].is_required() or _is_marked(extra[name])),
        summary=frozenset(name for name in extra if extra[name].get("summary_element_property")),
    )


def _is_marked(extra: Mapping[str, Any]) -> bool:
    return bool(extra.get("element_required") or extra.get("one_of_many_required"))


def _complex(annotation: Any) -> str:
    match = _TYPE_NAME.search(str(annotation))
    return match[1] if match else ""
