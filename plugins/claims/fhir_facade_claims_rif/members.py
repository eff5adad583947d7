"""Beneficiary rows → members: the latest reference year tells who somebody is, the history which MBIs they had."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from fhir_facade.contracts.codes import RACE_ETHNICITY, Code
from fhir_facade.contracts.people import Address, Identifier, MatchKey, Member, Name
from fhir_facade_claims_rif.cells import Row
from fhir_facade_claims_rif.header import variable
from fhir_facade_claims_rif.states import SSA_STATES, USPS

MBI = "http://hl7.org/fhir/sid/us-mbi"

_MBI = re.compile(r"[1-9][A-Z][A-Z0-9]\d[A-Z][A-Z0-9]\d[A-Z]{2}\d{2}|[1-9]S[A-Z0-9]{9}")
"""CMS's pattern, and that of its synthetic members, whose second letter is the S that real ones never have."""

_GENDERS = {"1": "male", "2": "female"}
_RACES = {"1": "2106-3", "2": "2054-5", "3": "2131-1", "4": "2028-9", "6": "1002-5"}
_HISPANIC = "5"


def mbi(row: Row) -> str | None:
    """The Medicare Beneficiary Identifier; None for anything else that stands in its column (older numbers do)."""
    value = (row.text("MBI_NUM") or "").replace("-", "").upper()
    return value if _MBI.fullmatch(value) else None


def latest(years: Sequence[Row]) -> Row:
    """The row of the latest reference year; the later row where two tell the same year."""
    return max(enumerate(years), key=lambda pair: (pair[1].whole("RFRNC_YR") or 0, pair[0]))[1]


def member(years: Sequence[Row], history: Iterable[Row]) -> Member:
    """The member of these rows.

    Raises:
        CellFault: the row names nobody, or a cell cannot be read.
    """
    row = latest(years)
    bene_id = row.need("BENE_ID")
    enterprise = Identifier(system=variable("BENE_ID"), value=bene_id)
    current = mbi(row)
    return Member(
        member_id=bene_id,
        member_number=Identifier(system=MBI, value=current) if current else enterprise,
        unique_member_id=enterprise,
        names=(_name(row),),
        gender=_GENDERS.get(row.text("BENE_SEX_IDENT_CD") or "", "unknown"),
        birth_date=row.day("BENE_BIRTH_DT"),
        died_on=row.day("DEATH_DT"),
        addresses=_addresses(row),
        races=_races(row),
        ethnicity=Code(RACE_ETHNICITY, "2135-2") if row.text("BENE_RACE_CD") == _HISPANIC else None,
        match_keys=_match_keys(bene_id, [row, *years, *history]),
        last_updated=row.read_from,
        position=row.position,
    )


def _match_keys(bene_id: str, rows: Iterable[Row]) -> tuple[MatchKey, ...]:
    """The MBI of today and those of other days; CMS's own number where there is none.

    Never the claim number (HICN), which is a form of the Social Security number.
    """
    numbers = dict.fromkeys(number for row in rows if (number := mbi(row)))
    own = (MatchKey(kind="bene-id", value=bene_id),)
    return tuple(MatchKey(kind="mbi", value=number) for number in numbers) or own


def _name(row: Row) -> Name:
    given = tuple(name for column in ("BENE_GVN_NAME", "BENE_MDL_NAME") if (name := row.text(column)))
    family = row.text("BENE_SRNM_NAME")
    if not given and not family:
        raise row.fault("BENE_SRNM_NAME and BENE_GVN_NAME are blank, but every member has a name")
    return Name(family=family, given=given)


def _races(row: Row) -> tuple[Code, ...]:
    race = _RACES.get(row.text("BENE_RACE_CD") or "")
    return (Code(RACE_ETHNICITY, race),) if race else ()


def _addresses(row: Row) -> tuple[Address, ...]:
    lines = tuple(line for number in range(1, 7) if (line := row.text(f"DRVD_LINE_{number}_ADR")))
    state, postal_code, city = _state(row), _postal_code(row), row.text("CITY_NAME")
    if not (lines or state or postal_code or city):
        return ()
    country = "US" if state else None
    return (Address(lines=lines, city=city, state=state, postal_code=postal_code, country=country),)


def _state(row: Row) -> str | None:
    """The mailing address's state, else that of residence, which is the Social Security Administration's code."""
    for column in ("STATE_CD", "STATE_CODE"):
        value = (row.text(column) or "").upper()
        found = value if value in USPS else SSA_STATES.get(value.zfill(2))
        if found:
            return found
    return None


def _postal_code(row: Row) -> str | None:
    """ZIP codes lose leading zeros in some extracts; nine digits are ZIP+4."""
    value = row.text("STATE_CNTY_ZIP_CD") or row.text("BENE_ZIP_CD")
    if value is None or not value.isdigit() or len(value) > 9:
        return None
    if len(value) <= 5:
        return value.zfill(5)
    whole = value.zfill(9)
    return whole[:5] if whole.endswith("0000") else f"{whole[:5]}-{whole[5:]}"
