"""Whether the fields of records hold what they are declared to hold: a fault names the field and both types."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import is_dataclass
from datetime import date, datetime
from enum import EnumType
from functools import cache
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints


def mistyped(record: Any, where: str) -> Iterator[str]:
    """Every field, all the way down, whose value is of another type than the record declares.

    Args:
        record: a dataclass of the contract.
        where: what the sentences call it.

    Returns:
        Sentences with the names of fields and types, never with a value.
    """
    for name, wanted in _declared(record.__class__).items():
        yield from _faults(getattr(record, name), wanted, f"{where}.{name}")


@cache
def _declared(record: Hashable) -> dict[str, Any]:
    return get_type_hints(record)


def _faults(value: Any, wanted: Any, where: str) -> Iterator[str]:
    choices = get_args(wanted) if get_origin(wanted) in (Union, UnionType) else (wanted,)
    fitting = next((choice for choice in choices if _fits(value, choice)), None)
    if fitting is None:
        names = " or ".join(_name(choice) for choice in choices)
        yield f"{where}: {type(value).__name__}, where {names} is wanted"
    elif isinstance(value, tuple):
        for one in value:
            yield from _faults(one, get_args(fitting)[0], where)
    elif is_dataclass(value):
        yield from mistyped(value, where)


def _fits(value: Any, wanted: Any) -> bool:
    plain = get_origin(wanted) or wanted
    if isinstance(plain, EnumType):
        return value in list(plain)
    if plain in (int, bool):
        return type(value) is plain
    if plain is date:
        return isinstance(value, date) and not isinstance(value, datetime)
    return isinstance(value, plain)


def _name(wanted: Any) -> str:
    plain = get_origin(wanted) or wanted
    return str({NoneType: "None", Mapping: "a mapping"}.get(plain, plain.__name__))
