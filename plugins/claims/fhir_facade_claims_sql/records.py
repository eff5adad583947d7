"""Rows about people → records, and what claims need of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from fhir_facade.contracts.claims import Rejected
from fhir_facade.contracts.people import Coverage
from fhir_facade_claims_sql.claims import Spans
from fhir_facade_claims_sql.fields import REQUIRED
from fhir_facade_claims_sql.people import BUILDERS, RowFault, need, position_of, values_of
from fhir_facade_claims_sql.sections import Section
from fhir_facade_claims_sql.spec import Row

_NEEDED = {name: tuple(sorted(fields)) for name, fields in REQUIRED.items()}


def record(section: Section, row: Row, absent: frozenset[str]) -> Any:
    """The record of a row, or the ``Rejected`` that says why there is none."""
    try:
        values = values_of(section, row, absent, section.member_key)
        need(section, row, values, _NEEDED[section.record], section.member_key)
        return BUILDERS[section.record](values, position_of(section, row, section.member_key))
    except RowFault as fault:
        return Rejected(position=fault.position, reason=fault.reason)


@dataclass(slots=True)
class Directory:
    """Records of organizations and practitioners, kept by the very rows they were made of.

    The same providers stand on page after page, so that making their records anew took a tenth of a page. They are read
    each time all the same; what is kept holds nothing of a member.
    """

    absent: frozenset[str]
    _known: dict[tuple[Any, ...], Any] = field(default_factory=dict)

    def record(self, section: Section, row: Row) -> Any:
        """What ``record`` makes of the row."""
        if not all(type(value) in _TOLD_BY_EQUALITY for value in row.values()):
            return record(section, row, self.absent)
        key = (section.where_found, *row, *row.values())
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= _MOST_KEPT:
                self._known.clear()
            found = self._known[key] = record(section, row, self.absent)
        return found


_MOST_KEPT = 8_192
_TOLD_BY_EQUALITY = (str, int, date, datetime)
"""Types of which equal values are written alike; decimals of other scales, and True and 1, are not."""


def good(records: Iterable[Any]) -> list[Any]:
    """Those that are records."""
    return [one for one in records if not isinstance(one, Rejected)]


def newest_first(coverages: Iterable[Coverage]) -> list[Coverage]:
    """Cover by its first day, newest first."""
    return sorted(coverages, key=lambda one: (one.starts_on or date.min, one.coverage_id), reverse=True)


def spans_of(coverages: Iterable[Coverage]) -> Spans:
    """What a claim needs to know of its member's cover."""
    return [(one.coverage_id, one.starts_on, one.ends_on) for one in coverages]
