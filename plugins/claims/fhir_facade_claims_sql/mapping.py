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
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fhir_facade.contracts.errors import ConfigError
from fhir_facade_claims_sql.fields import RECORDS, REQUIRED
from fhir_facade_claims_sql.sections import ClaimSet, Section
from fhir_facade_claims_sql.spec import Spec, SpecReader

FORMAT = 1
MOST_LINES = 999
"""Lines that one row may hold."""
PEOPLE = ("member", "coverage", "representative", "organization", "practitioner")
PARTS = ("diagnosis", "procedure", "care_team")
_SECTION_KEYS = {"table", "select", "where", "fields", "order", "claim_id", "member_id"}
_LINE_KEYS = _SECTION_KEYS | {"repeat", "filled"}


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
        line = self.section("line", table.get("line", {}), f"{where}.line", claim.source)
        parts = tuple(
            self.section(part, entry, f"{where}.{part}[{index}]", claim.source)
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

    def section(self, record: str, table: Mapping[str, Any], where: str, beside: str | None = None) -> Section:
        """One section; ``beside`` is where the claim's own row is."""
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
            beside=beside,
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
