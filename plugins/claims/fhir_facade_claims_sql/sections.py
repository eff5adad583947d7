"""What a mapping says about one kind of record: where its rows are, and how each field is read from them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from fhir_facade.contracts.records import Amount
from fhir_facade_claims_sql.convert import Converter, Quick, quick, to_text
from fhir_facade_claims_sql.fields import RECORDS
from fhir_facade_claims_sql.spec import Spec, numbered

_COLUMN = re.compile(r"[a-z_][a-z0-9_]*")


class Step(NamedTuple):
    """How one field is read from a row: looked up once, since it is done for every row."""

    name: str
    convert: Converter
    spec: Spec
    quick: Quick | None
    """What makes the field of its column's value, where it needs no other column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One kind of record: where its rows are, and its fields.

    ``claim_key`` and ``member_key`` are the columns by which rows of a claim, or of a member, are found; a section
    without ``table`` and ``select`` is read from the claim's own row, which is in ``beside``. ``repeat`` says how many
    lines one row holds, in columns with ``{n}``, and ``filled`` which of its columns show that a line is there.
    """

    record: str
    where_found: str
    table: str | None
    select: str | None
    where: str | None
    order: str | None
    claim_key: str | None
    member_key: str | None
    fields: Mapping[str, Spec]
    repeat: int = 0
    filled: tuple[str, ...] = ()
    beside: str | None = None
    place: str | None = field(init=False, repr=False, compare=False)
    """The column in whose order the rows stand; None where they have none, or only the database can tell it."""
    steps: Mapping[str, tuple[Step, ...]] = field(init=False, repr=False, compare=False)
    """Column → the fields that are read from it."""
    constants: tuple[Step, ...] = field(init=False, repr=False, compare=False)
    """Fields that no column fills."""
    columns: tuple[str, ...] = field(init=False, repr=False, compare=False)
    """Every column the section reads, once."""
    amounts: Mapping[str, Amount] = field(init=False, repr=False, compare=False)
    """Field → the amount that it is."""
    totals: Mapping[str, Amount] = field(init=False, repr=False, compare=False)
    """Field → the amount whose total it is."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "place", self.order if self.order and _COLUMN.fullmatch(self.order) else None)
        keys = [key for key in (self.claim_key, self.member_key, self.place) if key]
        shown = [column for place in self.places() for column in place.filled]
        used = [column for column, _ in self.fills()]
        object.__setattr__(self, "columns", tuple(dict.fromkeys([*keys, *shown, *used])))
        for kind in ("amounts", "totals"):
            of = {f"{kind}.{amount}": amount for amount in Amount}
            object.__setattr__(self, kind, {name: of[name] for name in self.fields if name in of})
        known = RECORDS[self.record]
        ways = [(name, known.get(name, to_text), spec) for name, spec in self.fields.items()]
        every = [Step(name, convert, spec, quick(convert, spec)) for name, convert, spec in ways]
        steps: dict[str, tuple[Step, ...]] = {}
        for step in every:
            for column in (column for one in step.spec.each or (step.spec,) for column in one.columns):
                steps[column] = (*steps.get(column, ()), step)
        object.__setattr__(self, "steps", steps)
        object.__setattr__(self, "constants", tuple(step for step in every if step.spec.constant is not None))

    @property
    def inline(self) -> bool:
        """Read from the claim's own row."""
        return self.table is None and self.select is None

    @property
    def source(self) -> str:
        """What a reject list calls the place."""
        return self.table or (self.inline and self.beside) or self.where_found

    def places(self) -> tuple[Section, ...]:
        """The section once per line that one of its rows may hold; itself where a row is one line."""
        return tuple(self._at(number) for number in range(1, self.repeat + 1)) or (self,)

    def _at(self, number: int) -> Section:
        fields = {name: spec.of(number) for name, spec in self.fields.items()}
        return replace(self, fields=fields, filled=tuple(numbered(column, number) for column in self.filled), repeat=0)

    def fills(self) -> Iterator[tuple[str, str]]:
        """Each column with the record field it fills."""
        for place in self.places():
            for name, spec in place.fields.items():
                yield from ((column, name) for column in spec.used())

    def numbered(self) -> tuple[Section, ...]:
        """The section once per number of its repeated columns; itself where none repeats."""
        count = max((spec.repeat for spec in self.fields.values()), default=0)
        if not count:
            return (self,)
        each = {name: spec.each if spec.repeat else (spec,) * count for name, spec in self.fields.items()}
        return tuple(
            replace(self, fields={name: specs[number] for name, specs in each.items()}) for number in range(count)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimSet:
    """One kind of claim table with its parts.

    ``lines`` is the line once per line that a row holds, ``each`` every part once per number of its repeated columns.
    """

    name: str
    claim: Section
    line: Section
    lines: tuple[Section, ...]
    parts: tuple[Section, ...]
    each: tuple[tuple[Section, ...], ...]
    columns: tuple[str, ...] = field(init=False, repr=False, compare=False)
    """Every column of the claim's row that any section reads."""

    def __post_init__(self) -> None:
        read = [self.claim, *(section for section in (self.line, *self.parts) if section.inline)]
        columns = dict.fromkeys(column for section in read for column in section.columns)
        object.__setattr__(self, "columns", tuple(columns))
