"""An optional face of an extract source: several processes, on one machine or on many, read it at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol, runtime_checkable

from fhir_facade.contracts.claims import Change


@runtime_checkable
class ReadsInStretches(Protocol):
    """Cuts what ``changes`` hands over into stretches that can be read apart from each other.

    Reading all stretches one after another gives the same records in the same order as ``changes``; a stretch ends with
    a ``Checkpoint`` up to which everything is complete once all stretches before it are read, too; the last one's is
    ``finished``. No member's records lie in two stretches.
    """

    def stretches(self, watermark: str | None) -> Sequence[str]:
        """The stretches of ``changes(watermark)``, in their order, each an opaque text for ``read``.

        Raises:
            ClaimsUnavailable: the source cannot be read now.
        """
        ...

    def read(self, stretch: str) -> Iterator[Change]:
        """One stretch, in this process or in another that opened the source with the same settings.

        Raises:
            ClaimsUnavailable: the source cannot be read now, or is not what it was when it was cut.
        """
        ...
