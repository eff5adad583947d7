"""Where resources under judgement come from: edge cases, the sandbox's invented members, real claims files."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from fhir_facade.contracts.claims import ExtractSource, MemberRecords, Rejected
from fhir_facade.fhir.encode import finish
from fhir_facade.fhir.mapper import Mapper, Rejection
from tests.conformance.edge_cases import edge_cases
from tests.conformance.guides import PROJECT, Guide


@dataclass(frozen=True)
class Source:
    """Records of one source, read anew for each guide so that memory holds one guide's resources at a time."""

    name: str
    records: tuple[MemberRecords, ...]
    rejected: tuple[str, ...] = ()


@dataclass(frozen=True)
class Emitted:
    """One resource as the facade would send it, or the reason why a record became none."""

    name: str
    body: bytes
    rejection: str = ""


def shared_data() -> Path:
    """The folder of real claims files: ``FHIR_FACADE_SHARED``, or ``../shared`` beside the project."""
    return Path(os.environ.get("FHIR_FACADE_SHARED") or PROJECT.parent / "shared") / "data"


def _read(name: str, source: ExtractSource) -> Source:
    changes = list(source.changes(None))
    source.close()
    rejected = tuple(f"{each.position.file}: {each.reason}" for each in changes if isinstance(each, Rejected))
    return Source(name, tuple(each for each in changes if isinstance(each, MemberRecords)), rejected)


def edges() -> Source:
    """The hand-made edge cases."""
    return Source("edge", tuple(edge_cases()))


def emit(source: Source, guide: Guide) -> Iterator[Emitted]:
    """Every resource of the source under the guide, each once."""
    mapper = Mapper("src", guide.carin, guide.pins)
    seen = set()
    for records in source.records:
        for mapped in mapper.resources(records):
            if isinstance(mapped, Rejection):
                yield Emitted(f"{source.name}:{mapped.record_id}", b"", mapped.reason)
                continue
            name = f"{source.name}:{mapped.type}/{mapped.id}"
            if name not in seen:
                seen.add(name)
                yield Emitted(name, finish(mapped.resource)[0])


def claims_in(records: Iterable[MemberRecords]) -> int:
    """How many claims the records hold."""
    return sum(len(each.claims) for each in records)
