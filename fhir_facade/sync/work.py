"""What is done to a stretch of a source wherever it is done: in a forked process, or on a cluster."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from fhir_facade.contracts.claims import Change
from fhir_facade.contracts.errors import ClaimsInvalid, FacadeError
from fhir_facade.fhir.mapper import Mapper
from fhir_facade.resources.crosswalk import PatientOf
from fhir_facade.resources.frames import Dictionary, Packer
from fhir_facade.sync.batch import Batch, Labels
from fhir_facade.sync.harvest import Harvest, harvest
from fhir_facade.sync.prepare import pack


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Maps, indexes and compresses; can be sent to another machine.

    Args:
        source: name of the source.
        mapper: maps its records.
        labels: security labels of a claim.
        patient_of: a member's ``Patient.id``.
        dictionary: what rows are compressed under.
        stamp: says which rendering wrote a row.
    """

    source: str
    mapper: Mapper
    labels: Labels
    patient_of: PatientOf
    dictionary: Dictionary
    stamp: int

    def done(self, changes: Iterable[Change]) -> Harvest | FacadeError:
        """A stretch, every row of it ready to be written; or why the run must end."""
        packer = Packer(self.dictionary)
        try:
            found = self.mapped(changes)
            for batch in found.batches:
                for prepared in batch.prepared():
                    pack(prepared, self.stamp, packer)
        except FacadeError as error:
            return error
        except Exception as error:
            return ClaimsInvalid("cannot-map", f"{type(error).__name__} while mapping")
        return found

    def mapped(self, changes: Iterable[Change]) -> Harvest:
        """A stretch as resources.

        Raises:
            FacadeError: the source cannot be read, or broke a promise of its contract.
        """
        return harvest(changes, Batch(self.source, self.mapper, self.labels, self.patient_of))


class Cluster(Protocol):
    """Machines that read and map stretches of a source."""

    def harvests(self, stretches: Sequence[str], work: Work) -> Iterator[Harvest]:
        """Every stretch, done, in the order of ``stretches``.

        Raises:
            FacadeError: a stretch cannot be read or mapped, or the cluster does not answer.
        """
        ...
