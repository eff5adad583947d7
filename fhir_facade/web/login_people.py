"""What the log-in asks about members, answered from the resources that are served anyway."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from fhir_facade.resources.page import Rendered, Resources, Viewer


class ResourcePeople:
    """The log-in's ``People``, on any source of resources.

    Args:
        resources: the replica, a live source or a federation.
    """

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def match(self, evidence: Mapping[str, str]) -> Sequence[str]:
        """References whose match keys equal the unique identifiers in ``evidence``."""
        return self._resources.match(evidence)

    def represented(self, representative: str) -> Sequence[str]:
        """Patient ids for whom the representative may act today."""
        return self._resources.represented(representative)

    def name(self, patient: str) -> str | None:
        """The member's first name on record as text; the id where the record has no name; None without a record."""
        found = self._resources.read(Viewer(patient=patient), "Patient", patient)
        if not isinstance(found, Rendered):
            return None
        names = msgspec.json.decode(found.body).get("name") or [{}]
        first = names[0]
        words = [*first.get("given", ()), first.get("family", "")]
        return str(first.get("text") or " ".join(word for word in words if word) or patient)
