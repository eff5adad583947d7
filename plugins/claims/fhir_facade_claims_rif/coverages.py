"""Beneficiary rows → cover under parts A, B, C and D, span by span, and the span that held on a day.

Each reference year tells twelve months. Months of one part and one plan that follow each other are one span. Where
CMS gives the days of a part's cover, those are the span.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from fhir_facade.contracts.codes import PAYER_TYPE, Code
from fhir_facade.contracts.people import Coverage
from fhir_facade_claims_rif.cells import Row
from fhir_facade_claims_rif.members import latest, mbi

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEPT", "OCT", "NOV", "DEC")
_ENTITLED = {"a": frozenset("13AC"), "b": frozenset("23BC")}
"""MDCR_ENTLMT_BUYIN_n_IND: part A alone, part B alone, both; letters where the state pays the premium."""

_TYPES = {"a": "121", "b": "121", "c": "11", "d": "122"}
"""Source of Payment Typology: Medicare fee for service, managed care, drug benefit."""

_NAMES = {"a": "Medicare Part A", "b": "Medicare Part B", "c": "Medicare Part C", "d": "Medicare Part D"}


@dataclass(frozen=True, slots=True)
class Span:
    """Cover under one part and plan; open ends are None."""

    part: str
    plan: str | None
    starts_on: date | None
    ends_on: date | None

    def holds(self, part: str, day: date) -> bool:
        """Whether it is cover under ``part`` on ``day``."""
        begun = self.starts_on is None or self.starts_on <= day
        return self.part == part and begun and (self.ends_on is None or day <= self.ends_on)


class Covers:
    """All cover of one member.

    Raises:
        CellFault: a date of the beneficiary rows cannot be read.
    """

    def __init__(self, years: Sequence[Row], payer_id: str) -> None:
        self._row = latest(years)
        self._payer_id = payer_id
        self._spans = [span for part in "abcd" for span in _spans(part, years)]
        self._known: dict[Span, Coverage] = {}

    def all(self) -> tuple[Coverage, ...]:
        """Every span as a record."""
        return tuple(self._coverage(span) for span in self._spans)

    def on(self, part: str, day: date) -> Coverage:
        """The cover under ``part`` on ``day``; cover without days where enrolment tells of none."""
        held = (span for span in self._spans if span.holds(part, day))
        return self._coverage(next(held, None) or Span(part, None, None, None))

    def _coverage(self, span: Span) -> Coverage:
        if span not in self._known:
            self._known[span] = self._record(span)
        return self._known[span]

    def _record(self, span: Span) -> Coverage:
        bene_id = self._row.need("BENE_ID")
        start = f"-{span.starts_on:%Y%m%d}" if span.starts_on else ""
        return Coverage(
            coverage_id=f"part-{span.part}-{bene_id}{start}",
            member_id=bene_id,
            payor_id=self._payer_id,
            subscriber_id=mbi(self._row) or bene_id,
            kind=Code(PAYER_TYPE, _TYPES[span.part]),
            starts_on=span.starts_on,
            ends_on=span.ends_on,
            plan_id=span.plan or f"part-{span.part}",
            plan_name=_NAMES[span.part],
            last_updated=self._row.read_from,
            position=self._row.position,
        )


def _spans(part: str, years: Sequence[Row]) -> Iterator[Span]:
    row = latest(years)
    start, end = (row.day(f"PT{part.upper()}_CVRG_{which}_DT") for which in ("STRT", "END"))
    months = sorted({month: plan for year in years for month, plan in _months(part, year)}.items())
    if start:
        yield Span(part, months[-1][1] if months else None, start, end)
        return
    first = 0
    for place in range(1, len(months) + 1):
        if place == len(months) or not _follows(months[place - 1], months[place]):
            yield _span(part, months[first], months[place - 1])
            first = place


def _follows(before: tuple[int, str], after: tuple[int, str]) -> bool:
    return after == (before[0] + 1, before[1])


def _span(part: str, first: tuple[int, str], last: tuple[int, str]) -> Span:
    year, month = divmod(last[0], 12)
    end = date(year, month + 1, monthrange(year, month + 1)[1])
    return Span(part, first[1] or None, date(first[0] // 12, first[0] % 12 + 1, 1), end)


def _months(part: str, row: Row) -> Iterator[tuple[int, str]]:
    """Months of cover, counted from the year 0, each with its plan (empty for original Medicare)."""
    year = row.whole("RFRNC_YR")
    if year is None or not 1966 <= year <= 2999:
        return
    for number, name in enumerate(_MONTHS):
        plan = _plan(part, row, number, name)
        if plan is not None:
            yield year * 12 + number, plan


def _plan(part: str, row: Row, number: int, name: str) -> str | None:
    if part in _ENTITLED:
        entitled = row.text(f"MDCR_ENTLMT_BUYIN_{number + 1}_IND") in _ENTITLED[part]
        return "" if entitled else None
    contract = row.text(f"PT{part.upper()}_CNTRCT_{name}_ID")
    if contract is None or not contract.strip("0N*"):
        return None
    return "-".join(filter(None, (contract, row.text(f"PT{part.upper()}_PBP_{name}_ID"))))
