"""Scripted sources and small records for tests of the replica and of live sources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from fhir_facade.contracts.claims import Capabilities, Change, Checkpoint, Face, MemberRecords, Progress
from fhir_facade.contracts.codes import CPT, ICD_10_CM, Code
from fhir_facade.contracts.people import (
    Coverage,
    Identifier,
    MatchKey,
    Member,
    Name,
    Organization,
    Practitioner,
    Representative,
    SourcePosition,
)
from fhir_facade.contracts.records import (
    Amount,
    CareTeamMember,
    CareTeamRole,
    Claim,
    ClaimKind,
    ClaimLine,
    Diagnosis,
    DiagnosisRole,
    Party,
    PartyKind,
)

SOURCE = "med"
UPDATED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
PAYER = "payer"
NUMBERS = "https://payer.example.org/ids"


def organization(name: str = PAYER) -> Organization:
    return Organization(organization_id=name, name=f"The {name}", last_updated=UPDATED)


def practitioner(name: str) -> Practitioner:
    return Practitioner(practitioner_id=name, name=Name(family=name.title(), given=("Ann",)), last_updated=UPDATED)


def member(number: int, **more: object) -> Member:
    values: dict[str, object] = {
        "member_id": f"m{number}",
        "member_number": Identifier(system=NUMBERS, value=f"N{number:05}"),
        "names": (Name(family=f"Family{number}", given=("Given",)),),
        "gender": "female",
        "birth_date": date(1980, 1, 1) + timedelta(days=number),
        "last_updated": UPDATED,
        "match_keys": (MatchKey(kind="medicaid-id", value=f"MCD{number:06}"),),
    }
    return Member(**(values | more))  # type: ignore[arg-type]


def coverage(number: int) -> Coverage:
    return Coverage(
        coverage_id=f"v{number}",
        member_id=f"m{number}",
        payor_id=PAYER,
        subscriber_id=f"S{number}",
        last_updated=UPDATED,
        starts_on=date(2020, 1, 1),
        position=SourcePosition(file="cover.csv", line=number),
    )


def claim(number: int, sequence: int, doctor: str = "house", **more: object) -> Claim:
    day = date(2026, 6, 1) - timedelta(days=sequence)
    values: dict[str, object] = {
        "claim_id": f"c{number}-{sequence}",
        "member_id": f"m{number}",
        "kind": ClaimKind.PROFESSIONAL,
        "claim_number": Identifier(system=NUMBERS, value=f"CL{number}-{sequence}"),
        "last_updated": UPDATED + timedelta(days=sequence),
        "adjudicated_on": day,
        "service_start": day,
        "service_end": day,
        "payer_id": PAYER,
        "coverage_id": f"v{number}",
        "billing_provider": Party(PartyKind.ORGANIZATION, "clinic"),
        "care_team": (CareTeamMember(role=CareTeamRole.RENDERING, provider=Party(PartyKind.PRACTITIONER, doctor)),),
        "diagnoses": (Diagnosis(role=DiagnosisRole.PRINCIPAL, code=Code(ICD_10_CM, "J069")),),
        "lines": (
            ClaimLine(
                number=1,
                service_start=day,
                procedure=Code(CPT, "99213"),
                place_of_service="11",
                amounts={Amount.SUBMITTED: Decimal("100.10"), Amount.BENEFIT: Decimal("80.00")},
            ),
        ),
        "position": SourcePosition(file="claims.csv", line=number * 1000 + sequence),
    }
    return Claim(**(values | more))  # type: ignore[arg-type]


def records(number: int, claims: Sequence[Claim] = (), **more: object) -> MemberRecords:
    doctors = {one.provider.party_id for each in claims for one in each.care_team}
    values: dict[str, object] = {
        "member": member(number),
        "coverages": (coverage(number),),
        "claims": tuple(claims),
        "organizations": (organization(), organization("clinic")),
        "practitioners": tuple(practitioner(name) for name in sorted(doctors)),
    }
    return MemberRecords(**(values | more))  # type: ignore[arg-type]


def representative(number: int, name: str = "mom", **more: object) -> Representative:
    values: dict[str, object] = {
        "representative_id": f"{name}",
        "member_id": f"m{number}",
        "name": Name(family="Parent"),
        "relationship": Code("http://terminology.hl7.org/CodeSystem/v3-RoleCode", "MTH"),
        "last_updated": UPDATED,
        "match_keys": (MatchKey(kind="medicaid-id", value=f"REP-{name}"),),
    }
    return Representative(**(values | more))  # type: ignore[arg-type]


class Scripted:
    """An extract source that hands over what it is told to.

    ``script`` maps a watermark to what ``changes`` of that watermark gives.
    """

    def __init__(self, script: Mapping[str | None, Sequence[Change | Exception]], snapshot: bool = False) -> None:
        self.script = script
        self.snapshot = snapshot
        self.asked: list[str | None] = []

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(faces=frozenset({Face.EXTRACT}), snapshot=self.snapshot)

    def progress(self) -> Progress:
        return Progress(unit="members", total=None)

    def changes(self, watermark: str | None) -> Iterator[Change]:
        self.asked.append(watermark)
        for item in self.script[watermark]:
            if isinstance(item, Exception):
                raise item
            yield item

    def check(self) -> Sequence[str]:
        return ()

    def close(self) -> None:
        return None


def whole(*items: Change | Exception, snapshot: bool = False, end: str = "end") -> Scripted:
    """A source that gives ``items`` from the beginning and finishes; nothing more afterwards."""
    done = Checkpoint(watermark=end, finished=True)
    return Scripted({None: (*items, done), end: (done,)}, snapshot=snapshot)
