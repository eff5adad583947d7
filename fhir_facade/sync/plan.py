"""What a run is told."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import URL

from fhir_facade.fhir.mapper import Mapper
from fhir_facade.resources.crosswalk import PatientOf, own_patient
from fhir_facade.resources.matching import MatchHash
from fhir_facade.sync.batch import Labels
from fhir_facade.sync.combining import Combinations
from fhir_facade.sync.work import Cluster

BATCH = 2_000
"""Resources in one transaction."""


def cores() -> int:
    """How many processes can work at once: the cores that this one may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncPlan:
    """Everything a run needs besides the source.

    Args:
        name: of the source, as in the config.
        replica: URL of the replica.
        mapper: maps the source's records.
        rendering: says how resources are rendered (guide version, pins, code lists); when it changes, everything is
            mapped again.
        labels: security labels of a claim.
        hashed: hashes match keys.
        combinations: kinds of evidence that match together; hashed as one match key each.
        state: folder for the lock and the reject list.
        patient_of: a member's ``Patient.id``: the source's own, or that of a crosswalk.
        moved: told which Patient ids are given up, before that is committed: whoever was let in to them has to be let
            go, since an id may become another person's.
        allow_removals: a snapshot may remove more than half of the members.
        batch: resources in one transaction.
        workers: processes that map, index and compress beside the one that writes; 1 for one process that does it all.
        cluster: machines that read and map, instead of processes here.
    """

    name: str
    replica: URL
    mapper: Mapper
    rendering: str
    labels: Labels
    hashed: MatchHash
    state: Path
    patient_of: PatientOf = own_patient
    combinations: Combinations = ()
    moved: Callable[[Collection[str]], object] = lambda patients: None
    allow_removals: bool = False
    batch: int = BATCH
    workers: int = 1
    cluster: Cluster | None = None

    @property
    def shares(self) -> bool:
        """Whether others map, who all need the dictionary."""
        return self.workers > 1 or self.cluster is not None
