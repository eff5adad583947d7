"""Everything that is judged, in the order in which it is read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from fhir_facade.contracts.claims import MemberRecords
from tests.conformance.answers import Answers
from tests.conformance.generated import generated, hostile
from tests.conformance.interchange_files import x12
from tests.conformance.sources import Basis, Records, Source, edges, rif, shared_data, synthetic, tmsis
from tests.conformance.tables import desynpuf, tuva
from tests.conformance.validator import CannotValidate

MOST_CLAIMS = 12
"""Claims of one invented member in a short run."""

MEMBERS = 3
"""Members of the Tuva seeds in a short run; a full one judges every claim of all."""

DESYNPUF_MEMBERS = 25
"""Members of DE-SynPUF in a full run: every claim of theirs, an eighth of all."""


def everything(*, full: bool, tables: int = 0) -> Iterator[Source]:
    """Every source, each read when it is its turn.

    Args:
        full: at least 2,000 claims of invented members; else a few of each member with a story.
        tables: the claims of database tables alone, with so many members of DE-SynPUF; 0 for every source.

    Raises:
        CannotValidate: the real claims files are not there.
    """
    if not (shared_data() / "rif").is_dir():
        raise CannotValidate(
            f"no claims files at {shared_data() / 'rif'}; set FHIR_FACADE_SHARED to the folder that holds data/"
        )
    return _tables(tables) if tables else _in_turn(full)


def _in_turn(full: bool) -> Iterator[Source]:
    yield Basis(edges())
    yield Answers()
    yield generated(1000 if full else 50)
    yield hostile(1000 if full else 50)
    yield synthetic(100, 2) if full else synthetic(21, 1, most_claims=MOST_CLAIMS)
    yield rif("synthea")
    yield rif("sample-a")
    yield tmsis(21, most_claims=None if full else MOST_CLAIMS)
    yield x12()
    if full:
        yield from _tables(DESYNPUF_MEMBERS)
    else:
        yield _few(tuva())
        yield _of_each_kind(desynpuf(1))


def _tables(members: int) -> Iterator[Source]:
    """Every claim of the Tuva seeds, and of DE-SynPUF's first members."""
    yield tuva()
    yield desynpuf(members)


def _of_each_kind(source: Records) -> Records:
    """Two claims of each kind of each member, with the providers that these name."""
    return replace(source, records=tuple(map(_two_of_each, source.records)))


def _two_of_each(records: MemberRecords) -> MemberRecords:
    kinds = {claim.kind for claim in records.claims}
    claims = [claim for kind in kinds for claim in [one for one in records.claims if one.kind is kind][:2]]
    named = {each.provider.party_id for claim in claims for each in claim.care_team}
    known = [one for one in records.practitioners if one.practitioner_id in named]
    return replace(records, claims=tuple(claims), practitioners=tuple(known))


def _few(source: Records) -> Records:
    some = source.records[:MEMBERS]
    return replace(source, records=tuple(replace(each, claims=each.claims[:MOST_CLAIMS]) for each in some))
