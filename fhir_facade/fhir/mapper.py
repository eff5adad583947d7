"""Records → FHIR resources, in the shape of one version of the CARIN Blue Button guide.

Pure: the same record gives the same resource, and nothing is read or written. Subtrees are shared between resources,
so nobody may change what comes out; ``encode.finish`` alone writes the version id into a resource's own ``meta``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from fhir_facade.contracts.claims import MemberRecords
from fhir_facade.contracts.errors import ConfigError
from fhir_facade.contracts.people import Coverage, Member, Organization, Practitioner, Representative
from fhir_facade.contracts.records import Claim, ClaimKind
from fhir_facade.fhir import coverage, organization, patient, practitioner, related_person
from fhir_facade.fhir.eob.base import Kind, build
from fhir_facade.fhir.eob.draft import NOTHING_KNOWN, Draft, Known
from fhir_facade.fhir.eob.inpatient import INPATIENT
from fhir_facade.fhir.eob.oral import ORAL
from fhir_facade.fhir.eob.outpatient import OUTPATIENT
from fhir_facade.fhir.eob.pharmacy import PHARMACY
from fhir_facade.fhir.eob.professional import PROFESSIONAL, VISION
from fhir_facade.fhir.guide import guide_for
from fhir_facade.fhir.ids import facade_id
from fhir_facade.fhir.mapped import NO_LABELS, Held, Mapped, Record, Rejection
from fhir_facade.fhir.unfit import Unfit

__all__ = ["KINDS", "NO_LABELS", "Mapped", "Mapper", "Rejection", "no_labels"]

KINDS: Mapping[ClaimKind, Kind] = {
    ClaimKind.INPATIENT: INPATIENT,
    ClaimKind.OUTPATIENT: OUTPATIENT,
    ClaimKind.PROFESSIONAL: PROFESSIONAL,
    ClaimKind.VISION: VISION,
    ClaimKind.PHARMACY: PHARMACY,
    ClaimKind.ORAL: ORAL,
}


def no_labels(claim: Claim) -> frozenset[str]:
    """The default of ``Mapper.resources``: no claim is labelled."""
    return NO_LABELS


Labels = Callable[[Claim], frozenset[str]]


class Mapper:
    """Maps records of one source.

    Args:
        source: short name of the claims source, part of every id.
        carin: version of the guide, ``2.0.0``, ``2.1.0`` or ``2.2.0``.
        pin_coding_versions: write ``coding.version`` where the published 2.2.0 package pins it.
    """

    def __init__(self, source: str, carin: str = "2.2.0", pin_coding_versions: bool = False) -> None:
        self.source = source
        self.guide = guide_for(carin, pin_coding_versions=pin_coding_versions)

    def id(self, local: str) -> str:
        """The resource id of a record's id."""
        return facade_id(self.source, local)

    def resources(
        self, records: MemberRecords, patient_id: str | None = None, labels: Labels = no_labels
    ) -> Iterator[Mapped | Rejection]:
        """Everything of one member: the Patient, then organizations, cover, clinicians, representatives and claims.

        Args:
            records: the records; those of another member than ``records.member`` are rejected.
            patient_id: ``Patient.id`` where it is not the source's own (several sources, one person).
            labels: security labels of a claim.
        """
        member = records.member
        if not isinstance(member, Member):
            yield Rejection("", "member: it is not a record of the contract")
            return
        owner = patient_id or _safe_id(self.source, member)
        yield self.patient(member, owner)
        held = Held()
        yield from held.each(records.organizations, Organization, self.organization)
        yield from held.each(records.coverages, Coverage, lambda one: self._own_cover(one, member, owner, held))
        yield from held.each(records.practitioners, Practitioner, self.practitioner)
        yield from held.each(records.representatives, Representative, self._related_to(member, owner))
        known = held.known()
        yield from held.each(records.claims, Claim, lambda one: self._own_claim(one, member, owner, known, labels))

    def _own_cover(self, cover: Coverage, member: Member, owner: str, held: Held) -> Mapped | Rejection:
        if not held.has(Organization, cover.payor_id):
            return Rejection(
                cover.coverage_id, "coverage: its payer is not among the records handed over", cover.position
            )
        return self.coverage(cover, owner, member=member)

    def _related_to(self, member: Member, owner: str) -> Callable[[Representative], Mapped | Rejection]:
        return lambda person: self.related_person(person, owner, member_id=_text_id(member))

    def _own_claim(self, claim: Claim, member: Member, owner: str, known: Known, labels: Labels) -> Mapped | Rejection:
        if claim.member_id != member.member_id:
            return Rejection(claim.claim_id, f"claim {claim.claim_id}: it is another member's", claim.position)
        return self._labelled(claim, owner, known, labels)

    def _labelled(self, claim: Claim, owner: str, known: Known, labels: Labels) -> Mapped | Rejection:
        try:
            marks = labels(claim)
        except (AttributeError, TypeError) as error:
            return _rejected("claim", claim, claim.claim_id, error)
        return self.claim(claim, owner, known=known, labels=marks)

    def patient(self, member: Member, patient_id: str | None = None) -> Mapped | Rejection:
        """The Patient of a member."""

        def resource() -> Mapped:
            own = patient_id or self.id(member.member_id)
            survivor = self.id(member.merged_into) if member.merged_into is not None else None
            return Mapped("Patient", own, patient.patient(self.guide, own, member, survivor), position=member.position)

        return _attempt("member", member, member.member_id, resource)

    def coverage(
        self, record: Coverage, patient_id: str | None = None, *, member: Member | None = None
    ) -> Mapped | Rejection:
        """The Coverage of a span of cover; with the member's record it carries the member number too."""

        def resource() -> Mapped:
            if member is not None and member.member_id != record.member_id:
                raise Unfit("it is another member's")
            own, payor = self.id(record.coverage_id), self.id(record.payor_id)
            number = patient.member_identifier(self.guide, member) if member is not None else None
            owner = patient_id or self.id(record.member_id)
            found = coverage.coverage(self.guide, own, record, owner, payor, number)
            return Mapped("Coverage", own, found, sort_date=record.starts_on, position=record.position)

        return _attempt("coverage", record, record.coverage_id, resource)

    def organization(self, record: Organization) -> Mapped | Rejection:
        """The Organization of a payer, provider, pharmacy or facility."""

        def resource() -> Mapped:
            own = self.id(record.organization_id)
            found = organization.organization(self.guide, own, record)
            return Mapped("Organization", own, found, position=record.position)

        return _attempt("organization", record, record.organization_id, resource)

    def practitioner(self, record: Practitioner) -> Mapped | Rejection:
        """The Practitioner of a clinician."""

        def resource() -> Mapped:
            own = self.id(record.practitioner_id)
            found = practitioner.practitioner(self.guide, own, record)
            return Mapped("Practitioner", own, found, position=record.position)

        return _attempt("practitioner", record, record.practitioner_id, resource)

    def related_person(
        self, record: Representative, patient_id: str | None = None, *, member_id: str | None = None
    ) -> Mapped | Rejection:
        """The RelatedPerson of a representative."""

        def resource() -> Mapped:
            if member_id is not None and member_id != record.member_id:
                raise Unfit("it is another member's")
            own = self.id(record.representative_id)
            owner = patient_id or self.id(record.member_id)
            found = related_person.related_person(self.guide, own, record, owner)
            return Mapped("RelatedPerson", own, found, position=record.position)

        return _attempt("representative", record, record.representative_id, resource)

    def claim(
        self,
        claim: Claim,
        patient_id: str | None = None,
        *,
        known: Known = NOTHING_KNOWN,
        labels: frozenset[str] = NO_LABELS,
    ) -> Mapped | Rejection:
        """The ExplanationOfBenefit of a claim.

        Args:
            claim: the record.
            patient_id: ``Patient.id`` where it is not the source's own.
            known: records around the claim, to check and to name providers that the guide's version cannot refer to.
            labels: security labels.
        """
        return self._eob(claim, patient_id, known, labels, financial=True)

    def basis(
        self,
        claim: Claim,
        patient_id: str | None = None,
        *,
        known: Known = NOTHING_KNOWN,
        labels: frozenset[str] = NO_LABELS,
    ) -> Mapped | Rejection:
        """The ExplanationOfBenefit of a claim without any money, in its non-financial Basis profile.

        Raises:
            ConfigError: the guide's version has no Basis profiles.
        """
        if not self.guide.basis:
            raise ConfigError([f"fhir.carin: guide {self.guide.version} has no Basis profiles; use 2.1.0 or 2.2.0"])
        return self._eob(claim, patient_id, known, labels, financial=False)

    def _eob(
        self, claim: Claim, patient_id: str | None, known: Known, labels: frozenset[str], *, financial: bool
    ) -> Mapped | Rejection:
        def resource() -> Mapped:
            draft = Draft(
                guide=self.guide,
                source=self.source,
                claim=claim,
                patient_id=patient_id or self.id(claim.member_id),
                known=known,
                financial=financial,
            )
            own = draft.local(claim.claim_id, "the claim")
            kind = ClaimKind(claim.kind)
            found = build(draft, KINDS[kind], own, labels)
            marks = (labels, kind, claim.service_start, claim.position, tuple(draft.findings))
            return Mapped("ExplanationOfBenefit", own, found, *marks)

        return _attempt("claim", claim, claim.claim_id, resource)


_BROKEN = (AttributeError, TypeError, ValueError, KeyError, IndexError, ArithmeticError)
"""What a record raises whose fields are not of the contract's types (a text for a date, None for a tuple)."""


def _attempt(what: str, record: Record, record_id: str, resource: Callable[[], Mapped]) -> Mapped | Rejection:
    try:
        return resource()
    except Unfit as unfit:
        return Rejection(record_id, f"{what}{_shown(what, record_id)}{unfit.reason}", record.position)
    except _BROKEN as error:
        return _rejected(what, record, record_id, error)


def _rejected(what: str, record: Record, record_id: str, error: Exception) -> Rejection:
    """A record that breaks the contract; the kind of fault is named, the value never."""
    reason = f"{what}{_shown(what, record_id)}a field breaks the contract of records ({type(error).__name__})"
    return Rejection(record_id, reason, record.position)


def _shown(what: str, record_id: str) -> str:
    """A claim's own id helps to find it; a member's id does not belong in a log."""
    return ": " if what in ("member", "representative", "coverage") else f" {record_id}: "


def _safe_id(source: str, member: Member) -> str:
    return facade_id(source, _text_id(member))


def _text_id(member: Member) -> str:
    """The member's id; nobody's, where a hostile source gave something else than text."""
    return member.member_id if isinstance(member.member_id, str) else ""
