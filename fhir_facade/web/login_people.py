"""What the log-in asks about members, answered from the resources that are served anyway."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import msgspec

from fhir_facade.resources.page import Rendered, Resources, Viewer

PARENTS = {"PRN", "MTH", "FTH", "NMTH", "NFTH", "STPPRN", "STPMTH", "STPFTH", "ADOPTP", "ADOPTM", "ADOPTF", "PRNFOST"}
"""Relationships (v3 RoleCode) whose right to act ends when the member grows up; a guardian's does not."""


class ResourcePeople:
    """The log-in's ``People``, on any source of resources.

    Args:
        resources: the replica, a live source or a federation.
        parents_until: age of a member from which a parent may act for them no longer.
        today: the day it is.
    """

    def __init__(
        self,
        resources: Resources,
        parents_until: int = 18,
        today: Callable[[], date] = lambda: datetime.now(UTC).date(),
    ) -> None:
        self._resources = resources
        self._parents_until = parents_until
        self._today = today

    def match(self, evidence: Mapping[str, str]) -> Sequence[str]:
        """References whose match keys equal the unique identifiers in ``evidence``."""
        return self._resources.match(evidence)

    def represented(self, representative: str) -> Sequence[str]:
        """Patient ids for whom ``RelatedPerson/…`` may act today."""
        acting = self._resources.represented(representative.removeprefix("RelatedPerson/"))
        return [patient for patient in acting if not self._has_outgrown(patient, representative)]

    def age(self, patient: str) -> int | None:
        """The member's age in years; None without a complete date of birth."""
        born = str(self._read(patient, "Patient", patient).get("birthDate", ""))
        try:
            day, today = date.fromisoformat(born), self._today()
        except ValueError:
            return None
        return today.year - day.year - ((today.month, today.day) < (day.month, day.day))

    def name(self, patient: str) -> str | None:
        """The member's first name on record as text; the id where the record has no name; None without a record."""
        found = self._read(patient, "Patient", patient)
        if not found:
            return None
        first = (found.get("name") or [{}])[0]
        words = [*first.get("given", ()), first.get("family", "")]
        return str(first.get("text") or " ".join(word for word in words if word) or patient)

    def stands(self, patient: str) -> bool:
        """Whether there is such a member, whose record was not merged into another."""
        found = self._read(patient, "Patient", patient)
        return bool(found) and all(link.get("type") != "replaced-by" for link in found.get("link", ()))

    def _has_outgrown(self, patient: str, representative: str) -> bool:
        person = self._read(patient, "RelatedPerson", representative.partition("/")[2])
        codes = {code.get("code") for one in person.get("relationship", []) for code in one.get("coding", [])}
        age = self.age(patient) if codes & PARENTS else None
        return age is not None and age >= self._parents_until

    def _read(self, patient: str, resource_type: str, resource_id: str) -> Mapping[str, Any]:
        """One resource of the member as JSON; empty when there is none."""
        found = self._resources.read(Viewer(patient=patient), resource_type, resource_id)
        return msgspec.json.decode(found.body) if isinstance(found, Rendered) else {}
