"""One field of a mapping: where its value comes from, and how the column's value becomes the record's.

A field is written as ``"column"``, or as a table with some of these keys::

    column    a column, or a list of columns of which the first one that says something counts
    value     a constant instead of a column
    values    source value → record value; "12*" stands for every value that begins so, "" as record value means that
              the column says nothing; a filled value that is not listed is a fault of the row
    otherwise what a value that is not listed becomes, instead of a fault
    system    code system or identifier system: a constant, a list of constants in the order of the columns, or another
              field
    version   version of the code system: a constant, or another field
    format    strptime format of a date that is kept as text
    prefix    text put before the value (ids: so that two tables cannot give the same one)
    encode    "hex": an id with characters that FHIR ids do not allow
    repeat    n: the columns hold ``{n}``, counted from 1 to n; the field has many values
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

KEYS = {"column", "value", "values", "otherwise", "system", "version", "format", "prefix", "encode", "repeat"}

Row = Mapping[str, Any]
"""The filled columns of a row; what is NULL is not there."""


class UnmappedError(ValueError):
    """A filled source value that the mapping does not know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """Where one value comes from."""

    columns: tuple[str, ...] = ()
    constant: str | None = None
    named: tuple[str, ...] = ()
    """A constant for each column: that of the first one that says something is the value."""
    values: Mapping[str, str] | None = None
    otherwise: str | None = None
    system: Spec | None = None
    version: Spec | None = None
    format: str | None = None
    prefix: str = ""
    encode: str = ""
    repeat: int = 0
    each: tuple[Spec, ...] = field(init=False, repr=False, compare=False)
    """This field once per number of ``repeat``; none where it does not repeat."""
    beginnings: tuple[tuple[str, str], ...] = field(init=False, repr=False, compare=False)
    """How values begin, and what they become; the longest first."""

    def __post_init__(self) -> None:
        starred = [
            (key[:-1], value) for key, value in (self.values or {}).items() if len(key) > 1 and key.endswith("*")
        ]
        object.__setattr__(self, "beginnings", tuple(sorted(starred, key=lambda one: -len(one[0]))))
        object.__setattr__(self, "each", tuple(self.of(number) for number in range(1, self.repeat + 1)))

    def used(self) -> Iterator[str]:
        """Every column this field reads."""
        for number in range(1, self.repeat + 1) if self.repeat else (0,):
            for column in self.columns:
                yield column.replace("{n}", str(number))
        for part in (self.system, self.version):
            if part:
                yield from part.used()

    def of(self, number: int) -> Spec:
        """This field of one number."""
        return replace(
            self,
            columns=tuple(numbered(column, number) for column in self.columns),
            system=self.system.of(number) if self.system else None,
            version=self.version.of(number) if self.version else None,
            repeat=0,
        )

    def read(self, row: Row, absent: frozenset[str]) -> Any:
        """What the first column says that says something, or the constant; None where nothing is there.

        Raises:
            UnmappedError: the value is filled and not in ``values``.
        """
        if self.constant is not None:
            return self.constant
        for place, column in enumerate(self.columns):
            raw = row.get(column)
            if isinstance(raw, str):
                raw = raw.strip()
            if raw is not None and str(raw) not in absent and (said := self.known(raw, column)) is not None:
                return self.named[place] if self.named else said
        return None

    def known(self, raw: Any, column: str) -> Any:
        """What the mapping says for a column's value, None for nothing; the value itself where it has no ``values``.

        Raises:
            UnmappedError: the value is not in ``values``.
        """
        if self.values is None:
            return raw
        key = str(raw)
        if key in self.values:
            return self.values[key] or None
        for beginning, value in self.beginnings:
            if key.startswith(beginning):
                return value or None
        if self.otherwise is not None:
            return self.otherwise or None
        shown = key if len(key) <= 20 else key[:20] + "…"
        raise UnmappedError(f"{column} has the value {shown!r}, which the mapping does not know")


def numbered(column: str, number: int) -> str:
    """The column of that number."""
    return column.replace("{n}", str(number))


def filled_in(names: Sequence[str], row: Sequence[Any]) -> Row:
    """The filled columns of a row as a driver gives it."""
    return {name: value for name, value in zip(names, row, strict=True) if value is not None}


@dataclass(slots=True)
class SpecReader:
    """Reads field specifications, collecting every fault."""

    faults: list[str] = field(default_factory=list)

    def read(self, raw: Any, where: str) -> Spec:
        """The specification; an empty one where ``faults`` grew."""
        if isinstance(raw, str):
            return Spec(columns=(raw,))
        if not isinstance(raw, Mapping):
            self.faults.append(f"{where}: must be a column name or a table")
            return Spec()
        for key in raw.keys() - KEYS:
            self.faults.append(f"{where}.{key}: unknown key; known keys are {', '.join(sorted(KEYS))}")
        if ("column" in raw) == ("value" in raw):
            self.faults.append(f"{where}: needs either column or value")
            return Spec()
        return self._table(raw, where)

    def _table(self, raw: Mapping[str, Any], where: str) -> Spec:
        column = raw.get("column", [])
        values = raw.get("values")
        columns = tuple([column] if isinstance(column, str) else column)
        return Spec(
            columns=columns,
            constant=None if "value" not in raw else str(raw["value"]),
            values=None if values is None else {str(key): str(value) for key, value in values.items()},
            otherwise=raw.get("otherwise"),
            system=self._system(raw, columns, f"{where}.system"),
            version=self._part(raw.get("version"), f"{where}.version"),
            format=raw.get("format"),
            prefix=raw.get("prefix", ""),
            encode=raw.get("encode", ""),
            repeat=int(raw.get("repeat", 0)),
        )

    def _system(self, raw: Mapping[str, Any], columns: tuple[str, ...], where: str) -> Spec | None:
        system = raw.get("system")
        if not isinstance(system, list):
            return self._part(system, where)
        if len(system) != len(columns) or not all(isinstance(one, str) for one in system):
            self.faults.append(f"{where}: a list needs one constant for each column, in their order")
            return None
        return replace(self._table({**raw, "system": None, "version": None}, where), named=tuple(system))

    def _part(self, raw: Any, where: str) -> Spec | None:
        if raw is None:
            return None
        return Spec(constant=raw) if isinstance(raw, str) else self.read(raw, where)
