"""Every bundled claims plugin passes the suite that outside authors subclass; a lying one fails it by name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fhir_facade.conformance.claims import ExtractConformance, LiveConformance
from fhir_facade.conformance.promises import broken
from fhir_facade.contracts.claims import Change, Checkpoint, MemberRecords
from fhir_facade.contracts.plugin import SourceContext
from fhir_facade_claims_rif import plugin as rif
from fhir_facade_claims_synthetic import plugin as synthetic

MEMBERS = 24


def open_synthetic(scratch: Path) -> Any:
    settings = synthetic.settings(members=MEMBERS)
    return synthetic.open(settings, SourceContext(name="sandbox", scratch=scratch))


class TestSynthetic(ExtractConformance, LiveConformance):
    """The sandbox's members."""

    def open(self, scratch: Path) -> Any:
        return open_synthetic(scratch)


class TestRif(ExtractConformance):
    """CMS's claims files."""

    @pytest.fixture(autouse=True)
    def _folder(self, shared: Path) -> None:
        self.folder = shared / "data/rif/synthea"

    def open(self, scratch: Path) -> Any:
        return rif.open(rif.settings(folder=self.folder), SourceContext(name="rif", scratch=scratch))


class Liar:
    """A source that passes everything on but what a test spoils."""

    def __init__(self, scratch: Path, spoil: Any) -> None:
        self._source, self._spoil = open_synthetic(scratch), spoil

    def __getattr__(self, name: str) -> Any:
        return getattr(self._source, name)

    def changes(self, watermark: str | None) -> Iterator[Change]:
        for change in self._source.changes(watermark):
            yield self._spoil(change) if isinstance(change, MemberRecords) and change.claims else change


def first_claim(records: MemberRecords, **changed: Any) -> MemberRecords:
    return replace(records, claims=(replace(records.claims[0], **changed), *records.claims[1:]))


@pytest.mark.parametrize(
    ("changed", "promise"),
    [
        ({"member_id": "somebody-else"}, "belongs to another member"),
        ({"claim_id": "not an id"}, "is no id"),
        ({"coverage_id": "gone"}, "is not handed over with it"),
        ({"totals": {"submitted": Decimal("1.5")}}, "exactly two decimals"),
        ({"medical_record_number": "UNKNOWN"}, "unknown must be None"),
        ({"lines": ()}, "has no line"),
    ],
)
def test_a_source_that_breaks_a_promise_is_told_which(tmp_path: Path, changed: dict[str, Any], promise: str) -> None:
    liar = Liar(tmp_path, lambda records: first_claim(records, **changed))

    with pytest.raises(AssertionError, match=promise):
        ExtractConformance().test_the_records_keep_the_promises_of_the_contract(liar)  # type: ignore[arg-type]


def test_a_source_without_a_finished_checkpoint_fails(tmp_path: Path) -> None:
    class Unfinished(Liar):
        def changes(self, watermark: str | None) -> Iterator[Change]:
            return (change for change in super().changes(watermark) if not getattr(change, "finished", False))

    with pytest.raises(AssertionError):
        ExtractConformance().test_a_run_ends_with_a_finished_checkpoint(Unfinished(tmp_path, lambda records: records))  # type: ignore[arg-type]


def test_good_records_break_nothing(tmp_path: Path) -> None:
    source = open_synthetic(tmp_path)

    assert [
        fault for change in source.changes(None) if isinstance(change, MemberRecords) for fault in broken(change)
    ] == []
    assert isinstance(list(source.changes(None))[-1], Checkpoint)
