"""Where resources under judgement come from: edge cases, the sandbox's invented members, real claims files."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from fhir_facade.contracts.claims import ExtractSource, MemberRecords, Rejected
from fhir_facade.contracts.plugin import ClaimsPlugin, SourceContext
from fhir_facade.fhir.encode import finish
from fhir_facade.fhir.eob.draft import Known
from fhir_facade.fhir.mapper import Mapper, Rejection
from tests.conformance.edge_cases import edge_cases
from tests.conformance.examples import examples
from tests.conformance.guides import PROJECT, Guide
from tests.conformance.validator import CannotValidate


@dataclass(frozen=True)
class Emitted:
    """One resource as the facade would send it, or the reason why a record became none."""

    name: str
    body: bytes
    rejection: str = ""


class Source(Protocol):
    """Something that resources come from, under any guide."""

    @property
    def name(self) -> str:
        """What the report calls it."""
        ...

    @property
    def rejected(self) -> tuple[str, ...]:
        """What the source itself could not read."""
        ...

    def emit(self, guide: Guide) -> Iterator[Emitted]:
        """Every resource under the guide, each once."""
        ...


@dataclass(frozen=True)
class Records:
    """Records of a claims source, mapped as the facade maps them."""

    name: str
    records: tuple[MemberRecords, ...]
    rejected: tuple[str, ...] = ()

    def emit(self, guide: Guide) -> Iterator[Emitted]:
        """Every resource that the records become."""
        mapper = Mapper("src", guide.carin, guide.pins)
        seen = set()
        for records in self.records:
            for mapped in mapper.resources(records):
                if isinstance(mapped, Rejection):
                    yield Emitted(f"{self.name}:{mapped.record_id}", b"", mapped.reason)
                    continue
                name = f"{self.name}:{mapped.type}/{mapped.id}"
                if name not in seen:
                    seen.add(name)
                    yield Emitted(name, finish(mapped.resource)[0])


@dataclass(frozen=True)
class Basis:
    """The same records in the non-financial Basis profiles, which 2.0.0 has not; every claim labelled as sensitive."""

    of: Records

    @property
    def name(self) -> str:
        """The name of the records with a mark."""
        return f"{self.of.name}-basis"

    @property
    def rejected(self) -> tuple[str, ...]:
        """Nothing; the records' own source tells."""
        return ()

    def emit(self, guide: Guide) -> Iterator[Emitted]:
        """Each claim in its Basis profile, beside everything that it refers to."""
        yield from self.of.emit(guide)
        mapper = Mapper("src", guide.carin, guide.pins)
        for records in self.of.records if mapper.guide.basis else ():
            known, patient = Known.of(records), mapper.id(records.member.member_id)
            for claim in records.claims:
                mapped = mapper.basis(claim, patient, known=known, labels=frozenset({"42CFRPart2"}))
                if isinstance(mapped, Rejection):
                    yield Emitted(f"{self.name}:{mapped.record_id}", b"", mapped.reason)
                else:
                    resource = mapped.resource | {"id": f"{mapped.id[:58]}-basis"}
                    yield Emitted(f"{self.name}:{mapped.type}/{mapped.id}", finish(resource)[0])


@dataclass(frozen=True)
class Examples:
    """The guide's own published examples."""

    name: str = "examples"
    rejected: tuple[str, ...] = ()

    def emit(self, guide: Guide) -> Iterator[Emitted]:
        """Every example of the guide."""
        return (Emitted(name, body) for name, body in examples(guide))


def shared_data() -> Path:
    """The folder of real claims files: ``FHIR_FACADE_SHARED``, or ``../shared`` beside the project."""
    return Path(os.environ.get("FHIR_FACADE_SHARED") or PROJECT.parent / "shared") / "data"


def _read(name: str, source: ExtractSource) -> Records:
    changes = list(source.changes(None))
    source.close()
    rejected = tuple(f"{each.position.file}: {each.reason}" for each in changes if isinstance(each, Rejected))
    return Records(name, tuple(each for each in changes if isinstance(each, MemberRecords)), rejected)


def edges() -> Records:
    """The hand-made edge cases."""
    return Records("edge", tuple(edge_cases()))


def synthetic(members: int, years: int, *, most_claims: int | None = None) -> Records:
    """Invented members, the named ones first, with at most so many claims of each."""
    from fhir_facade_claims_synthetic import plugin

    settings = plugin.settings(members=members, years=years)
    whole = _read("synthetic", _open(plugin, settings))
    return replace(whole, records=tuple(replace(each, claims=each.claims[:most_claims]) for each in whole.records))


def rif(folder: str) -> Records:
    """One folder of real claims files in CMS's layout."""
    from fhir_facade_claims_rif import plugin

    return _read(f"rif-{folder}", _open(plugin, plugin.settings(folder=shared_data() / "rif" / folder)))


def tmsis(members: int, *, most_claims: int | None = None) -> Records:
    """Invented members written as fixed-length T-MSIS files and read back, with at most so many claims of each."""
    from fhir_facade_claims_synthetic import plugin as invented
    from fhir_facade_claims_tmsis import plugin

    folder = Path(tempfile.mkdtemp(prefix="conformance-tmsis-"))
    told = _open(invented, invented.settings(members=members, years=1)).changes(None)
    assert plugin.write is not None
    plugin.write(told, folder, {"layout": "2", "encoding": "flf", "state": "06", "created": "2026-10-31"})
    settings = plugin.settings(folder=folder, base="https://claims.example.gov")
    whole = _read("tmsis", _open(plugin, settings))
    return replace(whole, records=tuple(replace(each, claims=each.claims[:most_claims]) for each in whole.records))


def _open(plugin: ClaimsPlugin, settings: object) -> ExtractSource:
    scratch = Path(tempfile.mkdtemp(prefix="conformance-"))
    source = plugin.open(settings, SourceContext(name="src", scratch=scratch))
    if not isinstance(source, ExtractSource):
        raise CannotValidate(f"{plugin.name} has no extract face")
    return source
