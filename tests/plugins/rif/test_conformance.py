"""CMS's densest sample, and files with every kind of claim, keep every promise of the contract."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fhir_facade.conformance.claims import ExtractConformance
from fhir_facade.contracts.plugin import SourceContext
from fhir_facade_claims_rif import plugin, source
from tests.plugins.rif.extract import DEFAULTS, write


class TestSampleA(ExtractConformance):
    """One member whose rows fill almost every column."""

    @pytest.fixture(autouse=True)
    def _folder(self, shared: Path) -> None:
        self.folder = shared / "data/rif/sample-a"

    def open(self, scratch: Path) -> Any:
        return plugin.open(plugin.settings(folder=self.folder), SourceContext(name="rif", scratch=scratch))


class TestEveryKind(ExtractConformance):
    """Several members with every kind of claim, with a checkpoint after each."""

    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = tmp_path_factory.mktemp("rif")
        monkeypatch.setattr(source, "CLAIMS_PER_CHECKPOINT", 1)
        people = [{"BENE_ID": str(number)} for number in range(1, 6)]
        write(self.folder, "beneficiary", *people)
        for kind in DEFAULTS.keys() - {"beneficiary", "history"}:
            record = "PDE_ID" if kind == "pde" else "CLM_ID"
            write(self.folder, kind, *({**person, record: f"{person['BENE_ID']}7"} for person in people))

    def open(self, scratch: Path) -> Any:
        return plugin.open(plugin.settings(folder=self.folder), SourceContext(name="rif", scratch=scratch))
