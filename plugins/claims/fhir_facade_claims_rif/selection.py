"""Which columns of a kind of file fill amounts and details: looked up once per kind, not once per row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from fhir_facade.contracts.records import Amount
from fhir_facade_claims_rif import columns
from fhir_facade_claims_rif.kinds import FileKind


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """Columns of the claim, or of its lines.

    Args:
        amounts: those that have an element, with what they mean.
        local_amounts: amounts of CMS's own kinds.
        details: facts of CMS's own; the flag says that the column's own text is all there is to know.
    """

    amounts: Sequence[tuple[str, Amount]]
    local_amounts: Sequence[str]
    details: Sequence[tuple[str, bool]]


@cache
def of_claim(kind: FileKind) -> Columns:
    """The columns of the claim; all of them where a row is a whole claim."""
    return _columns(kind.claim_columns, columns.TOTALS)


@cache
def of_line(kind: FileKind) -> Columns:
    """The columns of a line; the claim's where a row is a whole claim."""
    return _columns(kind.line_columns or kind.claim_columns, columns.LINE_AMOUNTS)


def _columns(names: Sequence[str], amounts: Mapping[str, Amount]) -> Columns:
    plain = columns.CODES | columns.DRUG_CODES | columns.TEXTS
    details = plain | columns.QUANTITIES.keys() | columns.DAYS
    return Columns(
        amounts=[(name, amounts[name]) for name in names if name in amounts],
        local_amounts=[name for name in names if name in columns.LOCAL_AMOUNTS],
        details=[(name, name in plain) for name in names if name in details],
    )
