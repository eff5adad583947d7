"""T-MSIS files of the sandbox's members keep every promise of the contract."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fhir_facade.conformance.claims import ExtractConformance
from fhir_facade.contracts.plugin import SourceContext
from fhir_facade_claims_tmsis import plugin, source
from tests.plugins.tmsis.state_files import BASE
from tests.plugins.tmsis.test_layouts import invented


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tmsis")
    assert plugin.write is not None
    plugin.write(invented(22), folder, {"layout": "2", "encoding": "flf", "state": "06", "created": "2026-10-31"})
    return folder


class TestTmsis(ExtractConformance):
    """Files in fixed-length records, with a checkpoint every now and then."""

    @pytest.fixture(autouse=True)
    def _folder(self, written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = written
        monkeypatch.setattr(source, "CLAIMS_PER_CHECKPOINT", 100)

    def open(self, scratch: Path) -> Any:
        settings = plugin.settings(folder=self.folder, base=BASE)
        return plugin.open(settings, SourceContext(name="tmsis", scratch=scratch))
