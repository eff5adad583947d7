"""What becomes of a record: a resource, or a rejection with its reason."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from fhir_facade.contracts.people import Coverage, Member, Organization, Practitioner, Representative, SourcePosition
from fhir_facade.contracts.records import Claim, ClaimKind
from fhir_facade.fhir.eob.draft import Known
from fhir_facade.fhir.values import Json

Record = Member | Coverage | Organization | Practitioner | Representative | Claim
_IDS: dict[type, str] = {
    Coverage: "coverage_id",
    Organization: "organization_id",
    Practitioner: "practitioner_id",
    Representative: "representative_id",
    Claim: "claim_id",
}

R = TypeVar("R", Coverage, Organization, Practitioner, Representative, Claim)

NO_LABELS: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Mapped:
    """A conformant resource.

    Args:
        type: resource type.
        id: resource id.
        resource: the resource; ``meta.versionId`` is still to be written by ``encode.finish``.
        labels: security labels of a claim.
        kind: kind of the claim; None for other resources.
        sort_date: first day of service of a claim, first day of a coverage; None for others.
        position: where the record was read.
        findings: what the payer's engineer should look at (amounts that do not add up, a left-out modifier), each to
            follow on "claim 123: "; the resource is conformant all the same.
    """

    type: str
    id: str
    resource: Json
    labels: frozenset[str] = NO_LABELS
    kind: ClaimKind | None = None
    sort_date: date | None = None
    position: SourcePosition | None = None
    findings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rejection:
    """A record that cannot become a conformant resource; nothing of it is published.

    Args:
        record_id: the source's id of the record.
        reason: a sentence for the payer's engineer, such as "claim 123: outpatient lines need a date of service; line 4
            has none".
        position: where the record was read.
    """

    record_id: str
    reason: str
    position: SourcePosition | None = None


class Held:
    """The records around a member's claims that became resources: what claims may refer to."""

    def __init__(self) -> None:
        self._records: dict[type, dict[str, Any]] = {}

    def each(
        self, records: Iterable[R], kind: type[R], resource: Callable[[R], Mapped | Rejection]
    ) -> Iterator[Mapped | Rejection]:
        """What becomes of each record; those that became resources are remembered."""
        name = kind.__name__.lower()
        if not isinstance(records, (tuple, list)):
            yield Rejection("", f"{name}: the source handed over something that is no list of records")
            return
        for record in records:
            if not isinstance(record, kind):
                yield Rejection("", f"{name}: it is not a record of the contract")
                continue
            found = resource(record)
            if isinstance(found, Mapped):
                self._records.setdefault(kind, {})[getattr(record, _IDS[kind])] = record
            yield found

    def has(self, kind: type, record_id: str) -> bool:
        """Whether a record became a resource."""
        return record_id in self._records.get(kind, {})

    def known(self) -> Known:
        """What claims may refer to."""
        return Known(
            coverages=self._records.get(Coverage, {}),
            organizations=self._records.get(Organization, {}),
            practitioners=self._records.get(Practitioner, {}),
            representatives=self._records.get(Representative, {}),
            complete=True,
        )
