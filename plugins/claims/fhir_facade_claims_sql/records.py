"""Rows about people → records, and what claims need of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from fhir_facade.contracts.claims import Rejected
from fhir_facade.contracts.people import Coverage
from fhir_facade_claims_sql.claims import Spans
from fhir_facade_claims_sql.mapping import Section
from fhir_facade_claims_sql.people import BUILDERS, RowFault, need, position_of, values_of
from fhir_facade_claims_sql.spec import Row


def record(section: Section, row: Row, absent: frozenset[str]) -> Any:
    """The record of a row, or the ``Rejected`` that says why there is none."""
    try:
        values = values_of(section, row, absent, section.member_key)
        need(section, row, values, ("last_updated",), section.member_key)
        return BUILDERS[section.record](values, position_of(section, row, section.member_key))
    except RowFault as fault:
        return Rejected(position=fault.position, reason=fault.reason)


def good(records: Iterable[Any]) -> list[Any]:
    """Those that are records."""
    return [one for one in records if not isinstance(one, Rejected)]


def newest_first(coverages: Iterable[Coverage]) -> list[Coverage]:
    """Cover by its first day, newest first."""
    return sorted(coverages, key=lambda one: (one.starts_on or date.min, one.coverage_id), reverse=True)


def spans_of(coverages: Iterable[Coverage]) -> Spans:
    """What a claim needs to know of its member's cover."""
    return [(one.coverage_id, one.starts_on, one.ends_on) for one in coverages]
