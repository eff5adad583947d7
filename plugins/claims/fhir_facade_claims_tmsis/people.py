"""Eligibility records → members and cover."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time

from fhir_facade.contracts.codes import PAYER_TYPE, RACE_ETHNICITY, Code
from fhir_facade.contracts.people import (
    Address,
    Contact,
    ContactSystem,
    Coverage,
    Identifier,
    MatchKey,
    Member,
    Name,
)
from fhir_facade_claims_tmsis.cells import CellFault, Record
from fhir_facade_claims_tmsis.providers import address

People = Mapping[str, Sequence[Record]]
"""A member's records by segment."""

_LANGUAGES = {
    "ENG": "en", "SPA": "es", "CHI": "zh", "ZHO": "zh", "VIE": "vi", "KOR": "ko", "RUS": "ru", "ARA": "ar",
    "FRE": "fr", "FRA": "fr", "TGL": "tl", "POR": "pt", "HAT": "ht", "GER": "de", "POL": "pl", "SOM": "so",
    "HMN": "hmn",
}  # fmt: skip
_GENDERS = {"M": "male", "F": "female"}
_RACES = {"001": "2106-3", "002": "2054-5", "003": "1002-5", "018": "2131-1"}
_ASIAN = {f"{number:03}" for number in range(4, 12)}
_PACIFIC = {f"{number:03}" for number in range(12, 17)}
_HISPANIC, _NOT_HISPANIC = set("12345"), "0"
_MEDICAID, _CHIP = "1", "2"
"""ENROLLMENT-TYPE."""

_TYPES = {_MEDICAID: ("2", "Medicaid"), _CHIP: ("231", "Children's Health Insurance Program")}
"""Source of Payment Typology and name."""

_OLD = date(1900, 1, 1)


def latest(records: Sequence[Record], begins: str, ends: str) -> Record | None:
    """The span that is open, else the one that began last."""
    if not records:
        return None
    return max(records, key=lambda r: (r.day(ends) is None, r.day(begins) or _OLD))


def member(people: People, member_id: str, base: str, exposes: bool) -> Member | None:
    """The member of these records; None where no demographics are among them.

    Args:
        people: the member's records by segment.
        member_id: the member's id in this source.
        base: URI under which the agency's numbers are named.
        exposes: whether the state's own number may be shown; False where it is a Social Security number.

    Raises:
        CellFault: a cell cannot be read, or the member has no name.
    """
    row = latest(people.get("ELG00002", ()), *_span("PRIMARY-DEMOGRAPHIC-ELEMENT"))
    if row is None:
        return None
    number = row.need("MSIS-IDENTIFICATION-NUM")
    shown = number if exposes else member_id
    ethnicity = latest(people.get("ELG00015", ()), *_span("ETHNICITY-DECLARATION"))
    return Member(
        member_id=member_id,
        member_number=Identifier(system=f"{base}/member", value=shown),
        unique_member_id=Identifier(system=f"{base}/member", value=shown),
        names=(_name(row),),
        gender=_GENDERS.get(row.text("SEX") or "", "unknown"),
        birth_date=row.day("DATE-OF-BIRTH"),
        died_on=row.day("DATE-OF-DEATH"),
        addresses=_addresses(people),
        contacts=_contacts(people),
        languages=_languages(people),
        races=_races(people.get("ELG00016", ())),
        ethnicity=_ethnicity(ethnicity.text("ETHNICITY-CODE") if ethnicity else None),
        match_keys=_match_keys(people, number),
        last_updated=datetime.combine(row.created, time(), UTC),
        position=row.position,
    )


def _span(stem: str) -> tuple[str, str]:
    return f"{stem}-EFF-DATE", f"{stem}-END-DATE"


def _name(row: Record) -> Name:
    given = tuple(filter(None, (row.text("ELIGIBLE-FIRST-NAME"), row.text("ELIGIBLE-MIDDLE-INIT"))))
    family = row.text("ELIGIBLE-LAST-NAME")
    if not given and not family:
        raise row.fault("ELIGIBLE-FIRST-NAME and ELIGIBLE-LAST-NAME are blank, but every member has a name")
    return Name(family=family, given=given)


def _addresses(people: People) -> tuple[Address, ...]:
    row = latest(people.get("ELG00004", ()), *_span("ELIGIBLE-ADDR"))
    if row is None:
        return ()
    return address(row, "ELIGIBLE-ADDR-LN{}", "ELIGIBLE-CITY", "ELIGIBLE-STATE", "ELIGIBLE-ZIP-CODE")


def _contacts(people: People) -> tuple[Contact, ...]:
    row = latest(people.get("ELG00004", ()), *_span("ELIGIBLE-ADDR"))
    phone = row.text("ELIGIBLE-PHONE-NUM") if row else None
    return (Contact(system=ContactSystem.PHONE, value=phone, use="home"),) if phone else ()


def _languages(people: People) -> tuple[str, ...]:
    row = latest(people.get("ELG00003", ()), *_span("VARIABLE-DEMOGRAPHIC-ELEMENT"))
    found = _LANGUAGES.get((row.text("PRIMARY-LANGUAGE-CODE") or "").upper()) if row else None
    return (found,) if found else ()


def _races(records: Sequence[Record]) -> tuple[Code, ...]:
    found = dict.fromkeys(_race(record.text("RACE") or "") for record in records)
    return tuple(Code(RACE_ETHNICITY, code) for code in found if code)


def _race(code: str) -> str | None:
    if code in _ASIAN:
        return "2028-9"
    return "2076-8" if code in _PACIFIC else _RACES.get(code)


def _ethnicity(code: str | None) -> Code | None:
    if code in _HISPANIC:
        return Code(RACE_ETHNICITY, "2135-2")
    return Code(RACE_ETHNICITY, "2186-5") if code == _NOT_HISPANIC else None


def _match_keys(people: People, number: str) -> tuple[MatchKey, ...]:
    row = latest(people.get("ELG00003", ()), *_span("VARIABLE-DEMOGRAPHIC-ELEMENT"))
    mbi = row.text("MEDICARE-BENEFICIARY-IDENTIFIER") if row else None
    keys = [MatchKey(kind="medicaid-id", value=number)]
    return (*keys, MatchKey(kind="mbi", value=mbi)) if mbi else tuple(keys)


@dataclass(frozen=True, slots=True)
class Covers:
    """All cover of one member: enrolment spans, each with the managed care plan and eligibility group it began with."""

    people: People
    member: Member
    payer_id: str
    spans: list[Coverage] = field(default_factory=list, init=False)
    """Every span that can be read."""
    faults: list[CellFault] = field(default_factory=list, init=False)
    """Why the others cannot."""

    def __post_init__(self) -> None:
        for record in self.people.get("ELG00021", ()):
            try:
                self.spans.append(self._coverage(record))
            except CellFault as fault:
                self.faults.append(fault)

    def on(self, day: date) -> Coverage:
        """The cover on ``day``; cover without days where no enrolment tells of it."""
        held = (coverage for coverage in self.spans if _holds(coverage.starts_on, coverage.ends_on, day))
        return next(held, None) or self._plain()

    def _coverage(self, record: Record) -> Coverage:
        start, end = record.day("ENROLLMENT-EFF-DATE"), record.day("ENROLLMENT-END-DATE")
        code, name = _TYPES.get(record.text("ENROLLMENT-TYPE") or "", _TYPES[_MEDICAID])
        plan = _at(self.people.get("ELG00014", ()), _span("MANAGED-CARE-PLAN-ENROLLMENT"), start, end)
        group = _at(self.people.get("ELG00005", ()), _span("ELIGIBILITY-DETERMINANT"), start, end)
        plan_id = plan.text("MANAGED-CARE-PLAN-ID") if plan else None
        return Coverage(
            coverage_id=f"{self.member.member_id}-{start:%Y%m%d}" if start else self.member.member_id,
            member_id=self.member.member_id,
            payor_id=self.payer_id,
            subscriber_id=self.member.member_number.value,
            kind=Code(PAYER_TYPE, code),
            starts_on=start,
            ends_on=end,
            group_id=group.code("ELIGIBILITY-GROUP") if group else None,
            plan_id=plan_id or f"type-{code}",
            plan_name=None if plan_id else name,
            last_updated=datetime.combine(record.created, time(), UTC),
            position=record.position,
        )

    def _plain(self) -> Coverage:
        code, name = _TYPES[_MEDICAID]
        return Coverage(
            coverage_id=self.member.member_id,
            member_id=self.member.member_id,
            payor_id=self.payer_id,
            subscriber_id=self.member.member_number.value,
            kind=Code(PAYER_TYPE, code),
            plan_id=f"type-{code}",
            plan_name=name,
            last_updated=self.member.last_updated,
            position=self.member.position,
        )


def _at(records: Sequence[Record], names: tuple[str, str], start: date | None, end: date | None) -> Record | None:
    """The newest of the spans that overlap the days from ``start`` to ``end``."""
    begins, ends = names
    touching = [r for r in records if (r.day(begins) or _OLD) <= (end or date.max) and _ends_after(r, ends, start)]
    return max(touching, key=lambda r: r.day(begins) or _OLD, default=None)


def _ends_after(record: Record, ends: str, start: date | None) -> bool:
    return (record.day(ends) or date.max) >= (start or _OLD)


def _holds(start: date | None, end: date | None, day: date) -> bool:
    return (start or _OLD) <= day <= (end or date.max)
