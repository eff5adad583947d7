"""The ``fhir`` source: another R4 server, asked about one member at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fhir_facade.contracts.claims import Capabilities, Face
from fhir_facade.contracts.errors import ClaimsError, ClaimsInvalid
from fhir_facade.contracts.upstream import ResourcePage, ResourceQuery
from fhir_facade_claims_fhir.answers import Absent
from fhir_facade_claims_fhir.checks import faults_of
from fhir_facade_claims_fhir.client import UpstreamClient
from fhir_facade_claims_fhir.links import Base, relative
from fhir_facade_claims_fhir.members import MEMBER, is_of
from fhir_facade_claims_fhir.settings import FhirSettings

Json = dict[str, Any]

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_AT_ONCE = 25
_MOST_MATCHES = 10


@dataclass(slots=True)
class FhirSource:
    """An upstream R4 server.

    Args:
        settings: how it is asked.
        base: what lies inside it.
        client: asks it.
    """

    settings: FhirSettings
    base: Base
    client: UpstreamClient

    @property
    def capabilities(self) -> Capabilities:
        """Resources, and the identifiers by which members are found."""
        return Capabilities(faces=frozenset({Face.RESOURCES}), match_keys=tuple(self.settings.identifiers))

    def match(self, evidence: Mapping[str, str]) -> Sequence[str]:
        """Patients who carry every identifier in ``evidence`` of a kind that the settings name."""
        wanted = {(self.settings.identifiers[kind], value) for kind, value in evidence.items() if self._knows(kind)}
        if not wanted:
            return ()
        system, value = min(wanted)
        asked = {"identifier": [f"{escaped(system)}|{escaped(value)}"], "_count": [str(_MOST_MATCHES)]}
        found, _ = self._page(self.client.ask("Patient", asked), "Patient")
        return sorted({patient["id"] for patient in found if wanted <= set(_identifiers(patient))})

    def _knows(self, kind: str) -> bool:
        return kind in self.settings.identifiers

    def read(self, resource_type: str, resource_id: str, member_id: str) -> Json | None:
        """One resource of the member, or None."""
        if resource_type not in self.settings.types or _ID.fullmatch(resource_id) is None:
            return None
        try:
            found: Json = relative(self.client.ask(f"{resource_type}/{resource_id}"), self.base)
        except Absent:
            return None
        exact = (found["resourceType"], found.get("id")) == (resource_type, resource_id)
        return found if exact and is_of(member_id, found) else None

    def read_many(self, references: Sequence[str], member_id: str) -> Sequence[Json]:
        """The resources of these relative references; whether the member's resources name them, the facade knows."""
        del member_id
        wanted: dict[str, list[str]] = {}
        for reference in references:
            kind, _, identifier = reference.partition("/")
            if kind in self.settings.types and _ID.fullmatch(identifier):
                wanted.setdefault(kind, []).append(identifier)
        return [resource for kind, ids in wanted.items() for resource in self._by_ids(kind, ids)]

    def _by_ids(self, kind: str, ids: Sequence[str]) -> Iterator[Json]:
        for start in range(0, len(ids), _AT_ONCE):
            some = ids[start : start + _AT_ONCE]
            bundle = self.client.ask(kind, {"_id": [",".join(some)], "_count": [str(len(some))]})
            yield from (one for one in self._page(bundle, kind)[0] if one.get("id") in some)

    def search(self, query: ResourceQuery) -> ResourcePage:
        """One page of the member's resources; the cursor is the upstream's own next link, inside its base."""
        kind = query.resource_type
        if kind not in self.settings.types or kind not in MEMBER or _ID.fullmatch(query.member_id) is None:
            return ResourcePage(resources=(), next_cursor=None)
        try:
            bundle = self.client.ask(query.cursor) if query.cursor else self.client.ask(kind, self._asked(query))
        except Absent:
            raise ClaimsInvalid("upstream-refused", f"the upstream has nowhere to search for {kind}") from None
        resources, following = self._page(bundle, kind)
        return ResourcePage(resources=tuple(resources), next_cursor=following)

    def _asked(self, query: ResourceQuery) -> dict[str, list[str]]:
        asked = {MEMBER[query.resource_type]: [f"Patient/{query.member_id}"]}
        for name, value in query.parameters:
            if name in self.settings.parameters:
                asked.setdefault(name, []).append(value)
        return asked | {"_count": [str(max(1, min(query.count, self.settings.page_size)))]}

    def _page(self, bundle: Json, kind: str) -> tuple[list[Json], str | None]:
        """The matches of a searchset and its next link; outcomes and included resources are no matches."""
        entries, links = bundle.get("entry", []), bundle.get("link", [])
        if bundle["resourceType"] != "Bundle" or not isinstance(entries, list) or not isinstance(links, list):
            raise ClaimsInvalid("upstream-not-fhir", f"the upstream gave a {bundle['resourceType']} for a Bundle")
        matches = [relative(entry["resource"], self.base) for entry in entries if _is_match(entry, kind)]
        following = [link.get("url") for link in links if isinstance(link, dict) and link.get("relation") == "next"]
        return matches, self._inside(following[0]) if following else None

    def _inside(self, link: Any) -> str:
        url = self.base.inside(link) if isinstance(link, str) else None
        if url is None:
            raise ClaimsInvalid("upstream-link", "the upstream gave a next link that leads outside its base")
        return url

    def check(self) -> Sequence[str]:
        """What the upstream does not declare of what the settings say, or why it cannot be asked."""
        try:
            return faults_of(self.settings, self.client.ask("metadata"))
        except Absent:
            return [f"claims.fhir.base: {self.base.url} has no CapabilityStatement; check the address"]
        except ClaimsError as error:
            return [f"claims.fhir: {self.base.url} cannot be asked: {error}"]

    def close(self) -> None:
        """Give back the connections."""
        self.client.close()


def _is_match(entry: Any, kind: str) -> bool:
    if not isinstance(entry, dict) or not isinstance(entry.get("resource"), dict):
        return False
    search = entry.get("search")
    mode = search.get("mode", "match") if isinstance(search, dict) else "match"
    return mode == "match" and entry["resource"].get("resourceType") == kind


def _identifiers(patient: Json) -> Iterator[tuple[str, str]]:
    """System and value of what the Patient is known by; nothing of one whose id or identifiers are none."""
    found = patient.get("identifier", [])
    if not isinstance(found, list) or not isinstance(patient.get("id"), str) or not _ID.fullmatch(patient["id"]):
        return
    for one in found:
        if isinstance(one, dict) and isinstance(one.get("system"), str) and isinstance(one.get("value"), str):
            yield one["system"], one["value"]


def escaped(text: str) -> str:
    """A value as it stands in a search parameter.

    Source: R4 §3.1.1.3 (escaping).
    """
    return "".join(f"\\{letter}" if letter in "\\,|$" else letter for letter in text)
