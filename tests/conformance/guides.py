"""The guides that resources are judged by, and the packages each needs."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]

_TERMINOLOGY = "hl7.terminology.r4-7.0.1.tgz"


@dataclass(frozen=True)
class Guide:
    """One set of packages, for what ``[fhir] carin`` and ``pin_coding_versions`` (``pins``) are set to."""

    name: str
    carin: str
    pins: bool
    packages: tuple[str, ...]


GUIDES = (
    Guide("2.0.0", "2.0.0", False, ("hl7.fhir.us.carin-bb-2.0.0.tgz", "hl7.fhir.us.core-3.1.1.tgz", _TERMINOLOGY)),
    Guide(
        "2.1.0",
        "2.1.0",
        False,
        ("hl7.fhir.us.carin-bb-2.1.0-compiled.tgz", "hl7.fhir.us.core-6.1.0.tgz", _TERMINOLOGY),
    ),
    Guide(
        "2.2.0",
        "2.2.0",
        False,
        ("hl7.fhir.us.carin-bb-2.2.0-master-20260605-compiled.tgz", "hl7.fhir.us.core-7.0.0.tgz", _TERMINOLOGY),
    ),
    Guide(
        "2.2.0-pinned",
        "2.2.0",
        True,
        ("hl7.fhir.us.carin-bb-2.2.0-compiled.tgz", "hl7.fhir.us.core-7.0.0.tgz", _TERMINOLOGY),
    ),
)


def packages_folder() -> Path:
    """Where the packages lie: ``FHIR_PACKAGES``, or ``../shared/ig`` beside the project."""
    return Path(os.environ.get("FHIR_PACKAGES") or PROJECT.parent / "shared" / "ig")


def missing_packages() -> list[str]:
    """Package files that are not in the folder."""
    folder = packages_folder()
    return sorted({name for guide in GUIDES for name in guide.packages if not (folder / name).is_file()})
