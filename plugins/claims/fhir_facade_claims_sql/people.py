"""Rows about people, plans and providers → records."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from fhir_facade.contracts.people import (
    Address,
    Contact,
    ContactSystem,
    Coverage,
    Identifier,
    MatchKey,
    Member,
    Name,
    Organization,
    Practitioner,
    Representative,
    SourcePosition,
)
from fhir_facade_claims_sql.convert import UnfitError
from fhir_facade_claims_sql.sections import Section
from fhir_facade_claims_sql.spec import Row, UnmappedError

T = TypeVar("T")
Values = dict[str, Any]

GENDERS = {"m": "male", "f": "female", "male": "male", "female": "female", "other": "other", "o": "other"}
"""Spellings of gender that need no mapping; everything else is ``unknown`` unless the mapping says more."""

PAYER = "payer"
"""Organization id of the payer named in the settings."""


class RowFault(Exception):
    """A row that cannot become a record; the message is for the reject list."""

    def __init__(self, position: SourcePosition, reason: str) -> None:
        self.position, self.reason = position, reason
        super().__init__(reason)


def position_of(section: Section, row: Row, key: str | None) -> SourcePosition:
    """Where a row stands: its table and its key."""
    return SourcePosition(file=section.source, line=str(row.get(key, "?")) if key else "?")


def values_of(section: Section, row: Row, absent: frozenset[str], key: str | None) -> Values:
    """The filled fields of a row.

    Raises:
        RowFault: a value cannot be converted, or a required one is missing.
    """
    values: Values = {}
    steps, texts_alone = section.steps, len(absent) < 2
    try:
        for column, raw in row.items():
            if raw is None or column not in steps:
                continue
            is_text = isinstance(raw, str)
            held = raw.strip() if is_text else raw
            there = held not in absent if is_text else texts_alone or str(held) not in absent
            for name, convert, spec, quick in steps[column]:
                if name in values:
                    continue
                if quick is None:
                    _put(values, name, convert(spec, row, absent))
                elif there and (value := quick.text(held) if is_text else quick.other(held)) is not None:
                    values[name] = value
        for name, convert, spec, _ in section.constants:
            _put(values, name, convert(spec, row, absent))
    except (UnfitError, UnmappedError) as error:
        raise RowFault(position_of(section, row, key), str(error)) from error
    return values


def _put(values: Values, name: str, value: Any) -> None:
    if value is not None and value != ():
        values[name] = value


def need(section: Section, row: Row, values: Values, names: tuple[str, ...], key: str | None) -> None:
    """Every one of ``names`` is there.

    Raises:
        RowFault: one is not.
    """
    missing = [name for name in names if name not in values]
    if missing:
        raise RowFault(position_of(section, row, key), f"{section.record} without {', '.join(missing)}")


def picked(values: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """The values that are there under the record's own names."""
    return {name: values[name] for name in names if name in values}


def name_of(values: Values) -> Name:
    """A person's name."""
    given = tuple(values[part] for part in ("given", "middle") if part in values)
    return Name(given=given, **picked(values, "family", "prefix", "suffix"))


def addresses_of(values: Values) -> tuple[Address, ...]:
    """One address, or none."""
    lines = tuple(values[part] for part in ("address_line", "address_line2") if part in values)
    parts = picked(values, "city", "state", "postal_code", "country")
    if "county" in values:
        parts["district"] = values["county"]
    return (Address(lines=lines, **parts),) if lines or parts else ()


def contacts_of(values: Values) -> tuple[Contact, ...]:
    """Telephone and e-mail."""
    pairs = ((ContactSystem.PHONE, "phone"), (ContactSystem.EMAIL, "email"))
    return tuple(Contact(system=system, value=values[name]) for system, name in pairs if name in values)


def match_keys_of(values: Values) -> tuple[MatchKey, ...]:
    """Identifiers shared with the log-in system."""
    return tuple(
        MatchKey(kind=name.removeprefix("match."), value=value)
        for name, value in values.items()
        if name.startswith("match.")
    )


def member(values: Values, position: SourcePosition) -> Member:
    """A member."""
    gender = GENDERS.get(str(values.get("gender", "")).lower(), "unknown")
    return Member(
        names=(name_of(values),),
        gender=gender,
        addresses=addresses_of(values),
        contacts=contacts_of(values),
        languages=tuple(picked(values, "language").values()),
        races=tuple(picked(values, "race").values()),
        match_keys=match_keys_of(values),
        position=position,
        **picked(
            values, "member_id", "member_number", "unique_member_id", "birth_date", "birth_sex", "deceased", "died_on",
            "ethnicity", "last_updated", "merged_into",
        ),
    )  # fmt: skip


def coverage(values: Values, position: SourcePosition) -> Coverage:
    """One span of cover."""
    return Coverage(payor_id=PAYER, position=position, **values)


def representative(values: Values, position: SourcePosition) -> Representative:
    """Somebody who may act for a member."""
    return Representative(
        name=name_of(values),
        addresses=addresses_of(values),
        contacts=contacts_of(values),
        match_keys=match_keys_of(values),
        position=position,
        **picked(
            values, "representative_id", "member_id", "relationship", "active", "starts_on", "ends_on", "birth_date",
            "last_updated",
        ),
    )  # fmt: skip


def organization(values: Values, position: SourcePosition) -> Organization:
    """A billing provider, pharmacy or facility of a provider table."""
    return Organization(
        addresses=addresses_of(values),
        contacts=contacts_of(values),
        other_identifiers=tuple(picked(values, "other_identifier").values()),
        position=position,
        **picked(values, "organization_id", "name", "active", "npi", "tax_id", "last_updated"),
    )


def practitioner(values: Values, position: SourcePosition) -> Practitioner:
    """A clinician of a provider table."""
    return Practitioner(
        name=name_of(values),
        addresses=addresses_of(values),
        contacts=contacts_of(values),
        other_identifiers=tuple(picked(values, "other_identifier").values()),
        position=position,
        **picked(values, "practitioner_id", "npi", "last_updated"),
    )


def payer(name: str, identifier: str, last_updated: datetime) -> Organization:
    """The payer that the settings name."""
    return Organization(
        organization_id=PAYER, name=name, payer_id=Identifier(system=None, value=identifier), last_updated=last_updated
    )


BUILDERS: dict[str, Callable[[Values, SourcePosition], Any]] = {
    "member": member,
    "coverage": coverage,
    "representative": representative,
    "organization": organization,
    "practitioner": practitioner,
}
"""Section → what builds its record."""
