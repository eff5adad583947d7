"""What is done to a stretch of a source wherever it is done: in another process, or on a cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from fhir_facade.contracts.claims import Change
from fhir_facade.contracts.errors import ClaimsInvalid, FacadeError, raised
from fhir_facade.fhir.mapper import Mapper
from fhir_facade.resources.crosswalk import PatientOf
from fhir_facade.resources.frames import Dictionary, Packer
from fhir_facade.sync.batch import Batch, Labels
from fhir_facade.sync.harvest import Harvest, harvest
from fhir_facade.sync.prepare import Prepared, pack


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Maps, indexes and compresses; can be sent to another machine.

    Args:
        source: name of the source.
        mapper: maps its records.
        labels: security labels of a claim.
        patient_of: a member's ``Patient.id``.
        stamp: says which rendering wrote a row.
        dictionary: what rows are compressed under; None leaves that to whoever writes them.
    """

    source: str
    mapper: Mapper
    labels: Labels
    patient_of: PatientOf
    stamp: int
    dictionary: Dictionary | None = None

    def done(self, changes: Iterable[Change]) -> Harvest | FacadeError:
        """A stretch, every row of it ready to be written; or why the run must end."""
        try:
            return harvest(changes, self.batch(self._packs()))
        except FacadeError as error:
            return error
        except Exception as error:
            return cannot(error)

    def batch(self, ready: Callable[[Prepared], None] | None = None) -> Batch:
        """An empty batch of the source."""
        return Batch(self.source, self.mapper, self.labels, self.patient_of, ready)

    def _packs(self) -> Callable[[Prepared], None]:
        """What makes a row of every resource at once: of a whole stretch, no more than one is held as elements."""
        packer = Packer(self.dictionary) if self.dictionary is not None else None

        def ready(prepared: Prepared) -> None:
            try:
                pack(prepared, self.stamp, packer)
            except Exception as error:
                raise cannot(error) from error

        return ready


def cannot(error: Exception) -> ClaimsInvalid:
    """Why the run must end, with the place where it was raised."""
    return ClaimsInvalid("cannot-map", f"{raised(error)} while mapping")


class Cluster(Protocol):
    """Machines that read and map stretches of a source."""

    def harvests(self, stretches: Sequence[str], work: Work) -> Iterator[Harvest]:
        """Every stretch, done, in the order of ``stretches``.

        Raises:
            FacadeError: a stretch cannot be read or mapped, or the cluster does not answer.
        """
        ...
