"""Optional faces of a claims source that only the data-quality report looks at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable


@runtime_checkable
class KnowsColumns(Protocol):
    """Optional face of a source that knows which of its columns nothing is read from, for the data-quality report."""

    def unread(self) -> Mapping[str, Sequence[str]]:
        """Columns that are there and fill nothing, by file or table."""
        ...
