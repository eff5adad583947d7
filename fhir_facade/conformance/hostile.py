"""Records that break the contract: a good record in which some fields, however deep, hold something hostile."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar

from hypothesis import strategies as st

R = TypeVar("R")

VALUES: tuple[Any, ...] = (
    None,
    "",
    " ",
    "~",
    "UNKNOWN",
    " padded ",
    "two  spaces",
    "tab\tin\tit",
    "nul\x00",
    "bell\x07",
    "half\ud800surrogate",
    "x" * 5000,
    "../../etc/passwd",
    "<script>alert(1)</script>",
    "Ünïcödé ☃",
    "\u202eright to left",
    0,
    -1,
    2**40,
    1.5,
    float("nan"),
    True,
    Decimal("NaN"),
    Decimal("-Infinity"),
    Decimal("888888888.88"),
    Decimal("1E+400"),
    Decimal("-0.00"),
    date.min,
    date.max,
    datetime.fromisoformat("2024-01-01T00:00:00"),
    "2024-02-30",
    (),
    (None,),
    ("",),
    {},
    {"submitted": Decimal("1.00")},
    {"bogus": Decimal("1.00")},
    b"bytes",
    frozenset(),
    object(),
)
"""Things that no field, or not every field, may hold."""


@st.composite
def broken(draw: st.DrawFn, good: st.SearchStrategy[R]) -> R:
    """A record of ``good`` in which one to three fields hold something hostile."""
    record = draw(good)
    for _ in range(draw(st.integers(1, 3))):
        record = _damage(draw, record)
    return record


def _damage(draw: st.DrawFn, value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        name = draw(st.sampled_from([spec.name for spec in fields(value)]))
        return replace(value, **{name: _inside(draw, getattr(value, name))})
    if isinstance(value, tuple) and value:
        place = draw(st.integers(0, len(value) - 1))
        worse = _inside(draw, value[place])
        return (*value[:place], worse, *value[place + 1 :], *([value[place]] if draw(st.booleans()) else []))
    if isinstance(value, dict) and value:
        return value | {draw(st.sampled_from(list(value))): draw(st.sampled_from(VALUES))}
    return draw(st.sampled_from(VALUES))


def _inside(draw: st.DrawFn, value: Any) -> Any:
    """Deeper where there is a deeper, else something hostile here; one time in four here in any case."""
    deep = (is_dataclass(value) or isinstance(value, (tuple, dict))) and bool(value)
    return _damage(draw, value) if deep and draw(st.integers(0, 3)) else draw(st.sampled_from(VALUES))
