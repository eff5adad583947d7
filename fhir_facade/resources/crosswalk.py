"""One person in several sources: a ``Patient.id`` made of an identifier that all of them carry.

The id is a keyed hash, so that it says nothing; members without the identifier keep the id of their own source.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field

from fhir_facade.contracts.people import Member
from fhir_facade.fhir.ids import facade_id
from fhir_facade.resources.matching import normal

PatientOf = Callable[[str, Member], str]
"""Source and member → ``Patient.id``."""

_LENGTH = 26


def own_patient(source: str, member: Member) -> str:
    """The id of a member whom one source alone knows."""
    return facade_id(source, member.member_id)


@dataclass(frozen=True, slots=True)
class Crosswalk:
    """Ids of people by one kind of match key.

    Args:
        kind: of the match key that every source carries, such as ``medicaid-id``.
        key: secret of the facade, 32 bytes or more.
    """

    kind: str
    key: bytes = field(repr=False)

    def __call__(self, source: str, member: Member) -> str:
        """``Patient.id`` of a member of a source."""
        for match_key in member.match_keys:
            if match_key.kind == self.kind:
                text = f"crosswalk\0{self.kind}\0{normal(match_key.value)}"
                digest = base64.b32encode(hmac.digest(self.key, text.encode(), "sha256")).decode().lower()
                return f"person-{digest[:_LENGTH]}"
        return own_patient(source, member)
