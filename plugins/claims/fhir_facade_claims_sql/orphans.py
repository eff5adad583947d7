"""Rows that no member's records hold: lines without their claim, claims without their member.

A full read lists them. Keys are compared a thousand at a time, each asked for by its index, so that nothing depends on
how a database plans a comparison of whole tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from sqlalchemy.engine import Connection, Engine

from fhir_facade.contracts.claims import Rejected
from fhir_facade.contracts.people import SourcePosition
from fhir_facade_claims_sql.database import reading, without_time_limit
from fhir_facade_claims_sql.fetch import Fetcher
from fhir_facade_claims_sql.sections import Section

_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Bond:
    """Rows of ``child`` belong to a row of ``parent``, by these keys."""

    child: Section
    key: str
    parent: Section
    parent_key: str

    @property
    def trivial(self) -> bool:
        """Whether every row is its own parent: the same whole table."""
        return self.child.table is not None and self.child.table == self.parent.table and self.parent.where is None

    @property
    def reason(self) -> str:
        """Why a row without its parent is listed."""
        if self.parent.record == "member":
            return f"its member is not in {self.parent.source}, so nobody can be shown it"
        return f"its claim is not in {self.parent.source}, so there is nothing it could be a part of"


def orphans(engine: Engine, fetcher: Fetcher) -> Iterator[Rejected]:
    """Every such row, with its table and key.

    Raises:
        ClaimsUnavailable: the database does not answer.
    """
    with reading(engine) as connection:
        yield from _nameless(connection, fetcher)
    for bond in bonds(fetcher):
        with reading(engine) as streaming, reading(engine) as asking:
            yield from _without_parent(streaming, asking, fetcher, bond)


def _nameless(connection: Connection, fetcher: Fetcher) -> Iterator[Rejected]:
    member = fetcher.mapping.people["member"]
    with without_time_limit(connection):
        count = connection.execute(fetcher.statements.nameless(member)).scalar_one()
    if count:
        position = SourcePosition(file=member.source, line=f"{member.member_key} is NULL")
        yield Rejected(
            position=position, reason=f"{count:,} rows without {member.member_key}: nobody knows who they are"
        )


def bonds(fetcher: Fetcher) -> Iterator[Bond]:
    """Every bond of the mapping that a row can lack."""
    member = fetcher.mapping.people["member"]
    for claim_set in fetcher.mapping.claims:
        claim = claim_set.claim
        yield Bond(claim, str(claim.member_key), member, str(member.member_key))
        for section in (claim_set.line, *claim_set.parts):
            bond = Bond(section, str(section.claim_key), claim, str(claim.claim_key))
            if not section.inline and not bond.trivial:
                yield bond


def _without_parent(streaming: Connection, asking: Connection, fetcher: Fetcher, bond: Bond) -> Iterator[Rejected]:
    named = str(bond.child.claim_key)
    statement = fetcher.statements.rows_of(bond.child, dict.fromkeys([bond.key, named]))
    with without_time_limit(streaming):
        found = streaming.execution_options(yield_per=_AT_ONCE).execute(statement)
        for rows in found.mappings().partitions():
            known = _known(asking, fetcher, bond, {str(row[bond.key]) for row in rows if row[bond.key] is not None})
            for row in rows:
                if str(row[bond.key]) not in known:
                    yield Rejected(
                        position=SourcePosition(file=bond.child.source, line=str(row[named])), reason=bond.reason
                    )


def _known(connection: Connection, fetcher: Fetcher, bond: Bond, keys: set[str]) -> set[str]:
    """Those of the keys that a parent has."""
    held = fetcher.samples.keys(connection, bond.parent, bond.parent_key, sorted(keys))
    alone = replace(bond.parent, where_found=f"{bond.parent.where_found} by key", fields={}, order=None)
    (parents,) = fetcher.gather(connection, [(alone, bond.parent_key, held)])
    return {str(row[bond.parent_key]) for row in parents}
