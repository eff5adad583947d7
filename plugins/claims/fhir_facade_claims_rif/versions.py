"""What INSERT, UPDATE and DELETE rows leave of a record, and which rows contradict each other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from fhir_facade.contracts.claims import Rejected
from fhir_facade_claims_rif.cells import Row
from fhir_facade_claims_rif.staging import StagedRow


@dataclass(slots=True)
class Outcome:
    """What is left of a record: its rows, one per line; none where it was deleted or could not be read whole.

    ``removed`` is the row that deleted it. ``broken`` says that a row of what is left could not be read: publishing the
    rest would show a claim without one of its lines.
    """

    rows: list[Row] = field(default_factory=list)
    removed: Row | None = None
    broken: bool = False
    rejected: list[Rejected] = field(default_factory=list)


def settle(rows: Iterable[StagedRow]) -> Outcome:
    """Play the versions of one record in the order in which they were read; the later one wins.

    A version is what one file says with one word. A second INSERT that says the same is no news; one that says
    something else contradicts the first, which stays.
    """
    outcome = Outcome()
    for version in _versions(rows):
        if version[0].action == "DELETE":
            outcome = Outcome(removed=version[-1].row, rejected=outcome.rejected)
        elif version[0].action == "INSERT" and outcome.rows:
            if _content(version) != _content_of(outcome.rows):
                outcome.rejected.append(
                    _reject(version[0], "was inserted before with different content; the first stays")
                )
        else:
            outcome = _take(version, outcome.rejected)
    return outcome


def _versions(rows: Iterable[StagedRow]) -> list[list[StagedRow]]:
    versions: dict[tuple[int, str], list[StagedRow]] = {}
    for row in rows:
        key = (row.file, row.action)
        version = versions.pop(key, [])
        version.append(row)
        versions[key] = version
    return list(versions.values())


def _take(version: Sequence[StagedRow], rejected: list[Rejected]) -> Outcome:
    lines: dict[str, StagedRow] = {}
    for row in version:
        first = lines.setdefault(row.line, row)
        if first is not row and first.row.cells != row.row.cells:
            rejected.append(
                _reject(row, "repeats an earlier line of its record with different content; the first stays")
            )
    broken = any(row.broken for row in version)
    return Outcome(rows=[row.row for row in lines.values()], broken=broken, rejected=rejected)


def _content(version: Sequence[StagedRow]) -> set[frozenset[tuple[str, str]]]:
    return _content_of([row.row for row in version])


def _content_of(rows: Sequence[Row]) -> set[frozenset[tuple[str, str]]]:
    return {frozenset((k, v) for k, v in row.cells.items() if k != "DML_IND") for row in rows}


def _reject(row: StagedRow, what: str) -> Rejected:
    return Rejected(position=row.row.position, reason=f"the row {what}")
