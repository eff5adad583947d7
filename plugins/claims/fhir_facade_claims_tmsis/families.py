"""Claim families: an original, its replacements and voids are one claim's life, and are never added up.

Adjustment indicators: 0 original, 1 void, 4 replacement; 5 and 6 are gross adjustments and never claims. A void says
that the claim before it is no longer; its amounts are written in three ways and mean nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from fhir_facade_claims_tmsis.cells import CellFault
from fhir_facade_claims_tmsis.staging import Header

VOID = "1"
REPLACEMENT = "4"
_OLD_VOIDS = {"1", "2"}
_OLD_REPLACEMENTS = {"3", "4"}
"""Indicators 2 and 3 still stand in history."""

_EARLIEST = date(1960, 1, 1)


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a claim, with those just before and after it.

    Args:
        header: the record.
        before: the claim number that this version replaces, if any.
        after: the claim number that replaces it, if any.
        ended: the record that replaced or voided it; None for the version that counts.
    """

    header: Header
    before: str | None
    after: str | None
    ended: Header | None


@dataclass(frozen=True, slots=True)
class Unordered:
    """A version of a family that cannot be put in order: nobody knows which version counts, so none is shown.

    Args:
        header: the record.
        reason: what is wrong with the family.
    """

    header: Header
    reason: str


def number(header: Header) -> str:
    """The number of this very record: that of the adjustment, else the original's."""
    record = header.record
    return record.text("ICN-ADJ") or record.text("ICN-ORIG") or ""


def versions(headers: Iterable[Header], chain: str) -> Iterator[Version | Unordered]:
    """Every version of every claim among ``headers``; voids end the version before them and are none themselves."""
    for family in _families(list(headers), chain):
        try:
            found: list[Version | Unordered] = list(_ordered(sorted(family, key=_order)))
        except CellFault as fault:
            where = f"{fault.position.file}, line {fault.position.line}"
            others = f"a version of it cannot be put in order ({where}: {fault.reason})"
            own = {id(header): fault.reason for header in family if header.record.position == fault.position}
            found = [Unordered(header, own.get(id(header), others)) for header in family]
        yield from found


def missing(headers: Iterable[Header]) -> Iterator[tuple[Header, str]]:
    """Adjustments with the number of the claim that they void or replace, where no record of it is there."""
    told = list(headers)
    there = {_named(header, number(header)) for header in told if not _is_void(header)}
    for header in told:
        original = header.record.text("ICN-ORIG") or ""
        adjusts = header.record.text("ADJUSTMENT-IND") in _OLD_VOIDS | _OLD_REPLACEMENTS
        if adjusts and original and not header.broken and _named(header, original) not in there:
            yield header, original


def _ordered(family: Sequence[Header]) -> Iterator[Version]:
    for place, header in enumerate(family):
        if not _is_void(header):
            yield _version(family, place, header)


def _version(ordered: Sequence[Header], place: int, header: Header) -> Version:
    earlier = [h for h in ordered[:place] if not _is_void(h)]
    later = ordered[place + 1 :]
    successor = next((h for h in later if not _is_void(h)), None)
    return Version(
        header,
        before=number(earlier[-1]) if earlier else _named_before(header),
        after=number(successor) if successor else None,
        ended=later[0] if later else None,
    )


def _named_before(header: Header) -> str | None:
    """A replacement whose original is not in the files names it all the same."""
    original = header.record.text("ICN-ORIG")
    replaces = header.record.text("ADJUSTMENT-IND") in _OLD_REPLACEMENTS and number(header) != original
    return original if replaces else None


def _is_void(header: Header) -> bool:
    return header.record.text("ADJUSTMENT-IND") in _OLD_VOIDS


def _order(header: Header) -> tuple[date, bool, str]:
    """By adjudication date; on the same day the void comes before the replacement, and the original before both."""
    record = header.record
    original = record.text("ADJUSTMENT-IND") in (None, "0")
    return record.day("ADJUDICATION-DATE") or _EARLIEST, not original, f"{int(not _is_void(header))}{number(header)}"


def _order_of_any(header: Header) -> tuple[date, bool, str]:
    """The order for following names; one without a day that exists stands first, and its family is left out later."""
    try:
        return _order(header)
    except CellFault:
        return _EARLIEST, False, number(header)


def _families(headers: Sequence[Header], chain: str) -> Iterator[list[Header]]:
    root: dict[str, str] = {}
    if chain == "previous":
        for header in sorted(headers, key=_order_of_any):
            original = _named(header, header.record.text("ICN-ORIG") or "")
            root.setdefault(original, original)
            root[_named(header, number(header))] = root[original]
    families: dict[str, list[Header]] = {}
    for header in headers:
        original = _named(header, header.record.text("ICN-ORIG") or "")
        families.setdefault(root.get(original, original), []).append(header)
    yield from families.values()


def _named(header: Header, icn: str) -> str:
    """A claim number is unique within a state's files of one subject."""
    return "|".join((header.kind, header.record.cells.get("SUBMITTING-STATE", ""), icn.upper()))
