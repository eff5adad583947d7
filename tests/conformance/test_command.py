"""The command says what is missing, and fails."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.conformance.guides import PROJECT


def run(**environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.conformance"],
        cwd=PROJECT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_missing_packages_are_named_and_the_command_fails(tmp_path: Path) -> None:
    (tmp_path / "data" / "rif").mkdir(parents=True)
    result = run(FHIR_PACKAGES=str(tmp_path), FHIR_FACADE_SHARED=str(tmp_path))
    assert result.returncode == 2
    assert "hl7.fhir.us.carin-bb-2.0.0.tgz" in result.stderr
    assert "FHIR_PACKAGES" in result.stderr


def test_missing_claims_files_are_named_and_the_command_fails(tmp_path: Path) -> None:
    result = run(FHIR_FACADE_SHARED=str(tmp_path))
    assert result.returncode == 2
    assert "FHIR_FACADE_SHARED" in result.stderr
