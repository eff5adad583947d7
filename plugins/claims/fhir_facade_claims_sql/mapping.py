"""A mapping file → what to select and how to build records from it. All faults of a file are in one error.

::

    mapping = 1
    absent = ["", "~"]                 # texts that mean "nothing"

    [files]                            # optional: table → name pattern of the CSV files that ``load-csv`` puts into it
    members = "*member*"

    [member]                           # also: coverage, representative, organization, practitioner
    table = "members"                  # or: select = "SELECT …"
    where = "active = 1"               # optional, plain SQL
    [member.fields]
    member_id = "member_id"

    [[claims]]                         # one per kind of claim table
    [claims.claim]                     # one row per claim
    [claims.line]                      # one row per line; without a table of its own, the claim's row is the line
    repeat = 13                        # optional: a row holds up to 13 lines, in columns with ``{n}``
    filled = ["code_{n}"]              # with repeat: a line is there where one of these columns is filled
    [[claims.diagnosis]]               # as many as there are places where diagnoses stand; likewise
    [[claims.procedure]]               # procedure and care_team
    [[claims.care_team]]
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from fhir_facade.contracts.errors import ConfigError
from fhir_facade_claims_sql.convert import Converter, Quick, quick, to_text
from fhir_facade_claims_sql.fields import RECORDS, REQUIRED
from fhir_facade_claims_sql.spec import Spec, SpecReader, numbered

FORMAT = 1
MOST_LINES = 999
"""Lines that one row may hold."""
PEOPLE = ("member", "coverage", "representative", "organization", "practitioner")
PARTS = ("diagnosis", "procedure", "care_team")
_SECTION_KEYS = {"table", "select", "where", "fields", "order", "claim_id", "member_id"}
_LINE_KEYS = _SECTION_KEYS | {"repeat", "filled"}


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
    without ``table`` and ``select`` is read from the claim's own row. ``repeat`` says how many lines one row holds, in
    columns with ``{n}``, and ``filled`` which of its columns show that a line is there.
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
    steps: Mapping[str, tuple[Step, ...]] = field(init=False, repr=False, compare=False)
    """Column → the fields that are read from it."""
    constants: tuple[Step, ...] = field(init=False, repr=False, compare=False)
    """Fields that no column fills."""
    columns: tuple[str, ...] = field(init=False, repr=False, compare=False)
    """Every column the section reads, once."""

    def __post_init__(self) -> None:
        keys = [key for key in (self.claim_key, self.member_key) if key]
        shown = [column for place in self.places() for column in place.filled]
        used = [column for column, _ in self.fills()]
        object.__setattr__(self, "columns", tuple(dict.fromkeys([*keys, *shown, *used])))
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
        return self.table or self.where_found

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


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingFile:
    """A whole mapping."""

    people: Mapping[str, Section]
    claims: tuple[ClaimSet, ...]
    absent: frozenset[str]
    files: Mapping[str, str] = field(default_factory=dict)

    def sections(self) -> Iterator[Section]:
        """Every section."""
        yield from self.people.values()
        for claim_set in self.claims:
            yield from (claim_set.claim, claim_set.line, *claim_set.parts)


@dataclass(slots=True)
class MappingReader:
    """Reads a mapping, collecting every fault."""

    specs: SpecReader = field(default_factory=SpecReader)

    @property
    def faults(self) -> list[str]:
        """Every fault so far."""
        return self.specs.faults

    def read(self, document: Mapping[str, Any]) -> MappingFile:
        """The mapping; only to be used where ``faults`` stayed empty."""
        if document.get("mapping") != FORMAT:
            self.faults.append(f"mapping: must be {FORMAT}, the format this version reads")
        for key in document.keys() - {"mapping", "absent", "files", "claims", *PEOPLE}:
            self.faults.append(
                f"{key}: unknown; known are member, coverage, representative, organization, practitioner, claims"
            )
        people = {name: self.section(name, document[name], name) for name in PEOPLE if name in document}
        for name in ("member", "coverage"):
            if name not in people:
                self.faults.append(f"{name}: missing; say where {name} rows are")
        sets = document.get("claims") or []
        if not isinstance(sets, list) or not sets:
            self.faults.append("claims: missing; say where claims are with [[claims]]")
            sets = []
        claims = tuple(self.claim_set(table, f"claims[{index}]") for index, table in enumerate(sets))
        absent = frozenset(document.get("absent", [""])) | {""}
        return MappingFile(people=people, claims=claims, absent=absent, files=self.files(document.get("files", {})))

    def files(self, table: Any) -> Mapping[str, str]:
        """Table → name pattern of its CSV files."""
        if not isinstance(table, Mapping) or not all(isinstance(pattern, str) for pattern in table.values()):
            self.faults.append("files: must be a table of name patterns, one for each database table")
            return {}
        return dict(table)

    def claim_set(self, table: Mapping[str, Any], where: str) -> ClaimSet:
        """One ``[[claims]]`` entry."""
        for key in table.keys() - {"name", "claim", "line", *PARTS}:
            self.faults.append(f"{where}.{key}: unknown key")
        claim = self.section("claim", table.get("claim", {}), f"{where}.claim")
        line = self.section("line", table.get("line", {}), f"{where}.line")
        parts = tuple(
            self.section(part, entry, f"{where}.{part}[{index}]")
            for part in PARTS
            for index, entry in enumerate(table.get(part, []))
        )
        if claim.inline:
            self.faults.append(f"{where}.claim: needs a table or a select")
        return ClaimSet(
            name=str(table.get("name", where)),
            claim=claim,
            line=line,
            lines=line.places(),
            parts=parts,
            each=tuple(part.numbered() for part in parts),
        )

    def section(self, record: str, table: Mapping[str, Any], where: str) -> Section:
        """One section."""
        known = _LINE_KEYS if record == "line" else _SECTION_KEYS
        for key in table.keys() - known:
            self.faults.append(f"{where}.{key}: unknown key; known keys are {', '.join(sorted(known))}")
        repeat = self._repeat(table, where)
        fields = {name: self.specs.read(raw, f"{where}.fields.{name}") for name, raw in table.get("fields", {}).items()}
        self._check_names(record, fields, where, counted=repeat > 0)
        section = Section(
            record=record,
            where_found=where,
            table=table.get("table"),
            select=table.get("select"),
            where=table.get("where"),
            order=table.get("order"),
            claim_key=table.get("claim_id") or _column(fields.get("claim_id")),
            member_key=table.get("member_id") or _column(fields.get("member_id")),
            fields=fields,
            repeat=repeat,
            filled=tuple(table.get("filled", ())),
        )
        if record in ("line", *PARTS) and not section.inline and not section.claim_key:
            self.faults.append(f"{where}.claim_id: missing; name the column that holds the claim's id")
        return section

    def _repeat(self, table: Mapping[str, Any], where: str) -> int:
        repeat, filled = table.get("repeat", 0), table.get("filled", [])
        if type(repeat) is not int or not 0 <= repeat <= MOST_LINES:
            self.faults.append(f"{where}.repeat: must be a whole number up to {MOST_LINES}")
            return 0
        if bool(repeat) != bool(filled) or not isinstance(filled, list):
            self.faults.append(f"{where}.filled: repeat and filled go together; list the columns that show a line")
        return repeat

    def _check_names(self, record: str, fields: Mapping[str, Spec], where: str, *, counted: bool) -> None:
        known = RECORDS[record]
        for name in fields.keys() - known.keys():
            if not (name.startswith("match.") and record in ("member", "representative")):
                self.faults.append(f"{where}.fields.{name}: unknown field; known are {', '.join(sorted(known))}")
        for name in sorted(REQUIRED[record] - fields.keys() - ({"number"} if counted else set())):
            self.faults.append(f"{where}.fields.{name}: missing; a {record} needs it")


def _column(spec: Spec | None) -> str | None:
    return spec.columns[0] if spec and spec.columns else None


def load(path: Path) -> MappingFile:
    """The mapping in a file.

    Raises:
        ConfigError: it cannot be read, is not TOML, or has faults: all of them.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([f"mapping {path}: cannot be read ({type(error).__name__}); check the path"]) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([f"mapping {path}: not valid TOML: {error}"]) from error
    reader = MappingReader()
    mapping = reader.read(document)
    if reader.faults:
        raise ConfigError([f"mapping {path.name}: {fault}" for fault in reader.faults])
    return mapping
