"""With which files of its drop folder a source was synced last: a file that comes with an old date is new, too."""

from __future__ import annotations

import json
import logging
from collections.abc import Collection
from pathlib import Path

from fhir_facade.contracts.sections import Settings, SourceSettings
from fhir_facade.state import state_folder

log = logging.getLogger("fhir_facade.sync")


def seen_files(settings: Settings, entry: SourceSettings) -> Collection[str] | None:
    """The files of the last finished run; None where nothing is remembered."""
    try:
        return frozenset(json.loads(_place(settings, entry).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return None


def remember_files(settings: Settings, entry: SourceSettings, files: Collection[str]) -> None:
    """Keep what a finished run has seen, whole or not at all.

    Where it cannot be kept, the run stays a good one: the next one reads the same files again.
    """
    place = _place(settings, entry)
    fresh = place.with_suffix(".new")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_text(json.dumps(sorted(files)), encoding="utf-8")
        fresh.replace(place)
    except OSError as error:
        log.warning("%s: which files were read is not remembered (%s)", entry.name, error.strerror)


def _place(settings: Settings, entry: SourceSettings) -> Path:
    return state_folder(settings) / "arrived" / f"{entry.name}.json"
