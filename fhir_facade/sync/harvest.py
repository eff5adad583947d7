"""What a stretch of a source gives: mapped batches, how far it goes, and what it read, for the progress bar."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from fhir_facade.contracts.claims import Change, Checkpoint, MemberRecords, Rejected, Removed
from fhir_facade.contracts.errors import ClaimsInvalid
from fhir_facade.sync.batch import Batch
from fhir_facade.sync.progress import Told, told


@dataclass(slots=True)
class Harvest:
    """A stretch, mapped.

    Args:
        batches: to be written one after another; records that follow a removal stand in the next one.
        watermark: of the last checkpoint; None where there was none.
        finished: whether it was the last of the run.
        told: members with their numbers of claims and lines.
    """

    batches: list[Batch]
    watermark: str | None = None
    finished: bool = False
    told: list[Told] = field(default_factory=list)


def harvest(changes: Iterable[Change], empty: Batch) -> Harvest:
    """Map everything of ``changes`` into batches like ``empty``.

    Raises:
        ClaimsInvalid: something else than a change of the contract was handed over.
    """
    found = Harvest([empty.another()])
    for change in changes:
        if isinstance(change, MemberRecords):
            if found.batches[-1].removed:
                found.batches.append(empty.another())
            found.batches[-1].add(change)
            found.told.append(told(change))
        elif isinstance(change, Checkpoint):
            found.watermark, found.finished = change.watermark, change.finished
        else:
            take_aside(found.batches[-1], change)
    return found


def take_aside(batch: Batch, change: object) -> None:
    """Put a removal or a reject into the batch.

    Raises:
        ClaimsInvalid: it is neither.
    """
    if isinstance(change, Removed):
        batch.remove(change)
    elif isinstance(change, Rejected):
        batch.reject(change.position, change.reason)
    else:
        raise ClaimsInvalid("unknown-change", f"the source handed over a {type(change).__name__}")
