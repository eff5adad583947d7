"""One element of the mapping."""

from __future__ import annotations

from typing import NamedTuple


class Element(NamedTuple):
    """One element: what it means, which field holds it, where it stands in FHIR.

    Args:
        map_id: id in the Common Payer Consumer Data Set; empty where it has none.
        name: what it is.
        record: field of the contract's records (``ClaimLine.amounts[submitted]``); several are separated by commas;
            empty for what the mapping itself adds.
        path: where it stands: dots for elements, brackets for the slice, code or code system, ``->`` for what a
            reference leads to, `` | `` between alternatives.
    """

    map_id: str
    name: str
    record: str
    path: str


def under(resource_type: str, *rows: tuple[str, str, str, str]) -> tuple[Element, ...]:
    """Elements whose paths start at one resource type.

    Args:
        resource_type: where every path, and every alternative in it, starts.
        rows: the fields of ``Element`` in their order.
    """
    return tuple(
        Element(map_id, name, record, " | ".join(f"{resource_type}.{way}" for way in path.split(" | ")))
        for map_id, name, record, path in rows
    )
