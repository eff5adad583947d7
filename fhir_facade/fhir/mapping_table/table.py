"""The rows of the mapping table, each held against the mapping itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from fhir_facade.contracts.claims import MemberRecords
from fhir_facade.fhir.mapper import Mapped, Mapper
from fhir_facade.fhir.mapping_table import claim_elements, line_elements, money_elements, people_elements
from fhir_facade.fhir.mapping_table.element import Element
from fhir_facade.fhir.mapping_table.path import find, shown
from fhir_facade.fhir.mapping_table.sample_claims import EVERYTHING
from fhir_facade.fhir.mapping_table.sample_people import FORMER_MEMBER
from fhir_facade.fhir.values import Json

ELEMENTS: tuple[Element, ...] = (
    *claim_elements.HEADER,
    *claim_elements.CLINICAL,
    *line_elements.LINES,
    *line_elements.INFORMATION,
    *money_elements.MONEY,
    *people_elements.PATIENT,
    *people_elements.COVERAGE,
    *people_elements.ORGANIZATION,
    *people_elements.PRACTITIONER,
    *people_elements.RELATEDPERSON,
)
"""Every element that the mapping fills."""

COLUMNS = ("table", "source field", "record field", "map id", "element", "FHIR path", "profiles", "example")


@dataclass(frozen=True)
class Sample:
    """What a completely filled member becomes in one version of the guide."""

    carin: str
    records: MemberRecords = field(default=EVERYTHING)

    @cached_property
    def resources(self) -> dict[str, Json]:
        """The resources by ``Type/id``."""
        mapper = Mapper("sample", self.carin)
        mapped = [*mapper.resources(self.records), mapper.patient(FORMER_MEMBER)]
        return {f"{one.type}/{one.id}": one.resource for one in mapped if isinstance(one, Mapped)}

    def found(self, element: Element) -> tuple[list[str], str]:
        """The profiles in which an element stands, and an example; nothing where the mapping does not fill it."""
        profiles: dict[str, None] = {}
        example = ""
        for resource in self.resources.values():
            values = find(resource, element.path, self.resources)
            if values:
                profiles[resource["meta"]["profile"][0].rsplit("/C4BB-", 1)[1].split("|")[0]] = None
                example = example or shown(values[0])
        return list(profiles), example


@lru_cache(maxsize=4)
def _sample(carin: str) -> Sample:
    return Sample(carin)


def mapping_rows(carin: str, fields: Mapping[str, Mapping[str, str]] | None = None) -> list[dict[str, str]]:
    """The mapping as rows of ``COLUMNS``.

    Args:
        carin: version of the guide.
        fields: how a source fills records (``Capabilities.fields``): file or table → source field → record fields,
            separated by commas. Without it the rows start at the record fields.

    Returns:
        With ``fields``: every source field with each element it becomes, one row where it becomes none of its own.
        Without: every element.
    """
    sample = _sample(carin)
    if fields is None:
        return [_row("", "", element.record, element, sample) for element in ELEMENTS]
    return [
        row
        for table, columns in fields.items()
        for column, records in columns.items()
        for row in _source_rows(table, column, records, sample)
    ]


def rows_of_layouts(carin: str, layouts: Mapping[str, Mapping[str, Mapping[str, str]]]) -> list[dict[str, str]]:
    """The mapping of several sources as rows of ``COLUMNS``, the layout's name before the table's.

    Args:
        carin: version of the guide.
        layouts: as ``ClaimsPlugin.layouts`` gives them; one without tables starts at the record fields.
    """
    rows = []
    for name, tables in layouts.items():
        own = mapping_rows(carin, tables or None)
        rows += [row | {"table": f"{name}: {row['table']}" if tables else name} for row in own]
    return rows


def _source_rows(table: str, column: str, records: str, sample: Sample) -> Iterator[dict[str, str]]:
    for record in records.split(", "):
        elements = [element for element in ELEMENTS if _tells(record, element)]
        for element in elements:
            yield _row(table, column, record, element, sample)
        if not elements:
            passed_on = record.removeprefix("resource:") if record.startswith("resource:") else ""
            yield dict(zip(COLUMNS, (table, column, record, "", "", passed_on, "", ""), strict=True))


def _tells(record: str, element: Element) -> bool:
    """Whether a record field, or a part of it, is what the element comes from: ``Claim.drg.value`` is ``Claim.drg``.

    What follows the field's name is for people: ``Coverage.ends_on of part A``.
    """
    own = record.replace("[]", "").split(" ")[0].rstrip(";")
    return any(own == held or own.startswith((f"{held}.", f"{held}[")) for held in element.record.split(", ") if held)


def _row(table: str, column: str, record: str, element: Element, sample: Sample) -> dict[str, str]:
    profiles, example = sample.found(element)
    cells = (table, column, record, element.map_id, element.name, element.path, ", ".join(profiles), example)
    return dict(zip(COLUMNS, cells, strict=True))
