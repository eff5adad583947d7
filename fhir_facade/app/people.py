"""Members as the log-in sees them; in a sandbox a generated test log-in names its member outright."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fhir_facade.login.sandbox_accounts import PATIENT
from fhir_facade.resources.page import Rendered, Resources, Viewer
from fhir_facade.search.values import FHIR_ID
from fhir_facade.web.login_people import ResourcePeople


class SandboxPeople(ResourcePeople):
    """``ResourcePeople`` that also believes a generated test log-in; never used in production."""

    def match(self, evidence: Mapping[str, str]) -> Sequence[str]:
        """As everywhere, or the member that a generated test log-in names."""
        named = evidence.get(PATIENT)
        if named is None:
            return super().match(evidence)
        return [f"Patient/{named}"] if self.name(named) is not None else []


def is_member(resources: Resources, patient: str) -> bool:
    """Whether a ``Patient.id`` is served here; what can be no id is never looked up."""
    if FHIR_ID.fullmatch(patient) is None:
        return False
    return isinstance(resources.read(Viewer(patient=patient), "Patient", patient), Rendered)
