"""Claims that carry everything their profile can hold: what a developer looks at first, and what test kits look for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from fhir_facade.contracts.people import Coverage, Representative
from fhir_facade.contracts.records import (
    Amount,
    Amounts,
    CareTeamRole,
    Claim,
    ClaimKind,
    ClaimLine,
    NetworkStatus,
    OralDetails,
    Party,
    PartyKind,
    Payee,
    ProcessNote,
)
from fhir_facade_claims_synthetic import adjustments, catalogue, dental, drugs, money, network, services, stays, visits
from fhir_facade_claims_synthetic.desk import Desk, team


@dataclass(slots=True)
class Scene:
    """What a story plays with: the member's claims desk, other carriers' cover, and who may act for the member."""

    desk: Desk
    others: tuple[Coverage, ...]
    representative: Representative | None

    def day(self, before: int) -> date:
        """The day so many days before the last one with data."""
        return self.desk.world.today - timedelta(days=before)


def inpatient(scene: Scene, day: date) -> Iterator[Claim]:
    """A knee replacement: first paid with amounts at the header, then corrected with amounts at the lines."""
    stay = stays.stay(scene.desk, day, catalogue.STAYS[3], at_header=False)
    drug = replace(stay.lines[1], procedure=catalogue.hcpcs("J0696"))
    stay = complete(scene, replace(stay, lines=(stay.lines[0], drug, *stay.lines[2:])))
    old, new = newest_first(scene.desk, stay)
    yield new
    yield at_header(old)


def outpatient(scene: Scene, day: date) -> Iterator[Claim]:
    """An emergency: first paid with amounts at the header, then corrected with amounts at the lines."""
    old, new = newest_first(scene.desk, complete(scene, visits.visit(scene.desk, day, catalogue.VISITS[1])))
    yield new
    yield at_header(old)


def ambulance(scene: Scene, day: date) -> Iterator[Claim]:
    """An ambulance trip: billed twice, the first one cancelled."""
    old, new = newest_first(scene.desk, complete(scene, services.ambulance(scene.desk, day, round_trip=True)))
    yield new
    yield old


def office(scene: Scene, day: date) -> Claim:
    """Two services of a family doctor on one day."""
    claim = services.office(scene.desk, day, catalogue.OFFICE[1], catalogue.OFFICE[5])
    doctors = (team(CareTeamRole.SUPERVISOR, scene.desk.own(2)), team(CareTeamRole.REFERRING, scene.desk.shared()))
    return complete(scene, replace(claim, care_team=(*claim.care_team, *doctors)))


def pharmacy(scene: Scene, day: date) -> Iterator[Claim]:
    """A compound drug, and the rejected claim that it replaced: the pharmacy had billed one ingredient alone."""
    doctor = team(CareTeamRole.PRIMARY, scene.desk.own(1))
    mixed = drugs.compound(scene.desk, day)
    mixed = complete(scene, replace(mixed, care_team=(*mixed.care_team, doctor)))
    plain = drugs.fill(scene.desk, day, catalogue.ACUTE_DRUGS[2], billing=mixed.billing_provider)
    old, new = adjustments.linked(adjustments.deny(plain, member_owes=False), mixed)
    yield new
    yield old


def oral(scene: Scene, day: date) -> Iterator[Claim]:
    """Fillings, a denture and braces in one corrected claim."""
    desk = scene.desk
    fillings = dental.line(
        desk,
        1,
        day,
        catalogue.FILLING,
        (180, 300),
        tooth=dental.tooth(14),
        surfaces=dental.surfaces("MO"),
        additional_teeth=(dental.tooth(15),),
    )
    denture = dental.line(desk, 2, day, catalogue.DENTURE, (700, 1200), tooth=dental.tooth(30))
    details = OralDetails(
        orthodontics_months=18,
        appliance_placed_on=day - timedelta(days=200),
        prosthesis_replacement=True,
        prior_prosthesis_on=day - timedelta(days=2000),
        missing_teeth=(dental.tooth(1), dental.tooth(32)),
    )
    claim = dental.claim(desk, day, [fillings, denture], dental.CARIES, oral=details)
    old, new = newest_first(desk, complete(scene, claim))
    yield new
    yield old


def complete(scene: Scene, claim: Claim) -> Claim:
    """The claim with another payer, a person as payee, notes, adjustment codes, modifiers and a facility."""
    if scene.others:
        claim = adjustments.after_other_payer(claim, "Lakeside Mutual Insurance", scene.others[0], 25)
    claim = adjustments.priced_anew(claim, _to_patient)
    institutional = claim.kind in (ClaimKind.INPATIENT, ClaimKind.OUTPATIENT)
    has_facility = claim.kind in (ClaimKind.PROFESSIONAL, ClaimKind.ORAL)
    return replace(
        claim,
        lines=tuple(_complete_line(claim, line) for line in claim.lines),
        adjustments=(adjustments.FEE_SCHEDULE, adjustments.REMARK) if institutional else (),
        facility_id=network.places_of("clinic")[0] if has_facility else None,
        payee=_payee(scene),
        notes=(ProcessNote(number=1, text="We paid the part that your plan covers."),),
        rendering_network=NetworkStatus.IN_NETWORK if has_facility else None,
    )


def _payee(scene: Scene) -> Payee:
    if scene.representative is None:
        return Payee(kind="beneficiary", party=Party(PartyKind.MEMBER, scene.desk.member.member_id))
    return Payee(kind="other", party=Party(PartyKind.REPRESENTATIVE, scene.representative.representative_id))


def _complete_line(claim: Claim, line: ClaimLine) -> ClaimLine:
    if claim.kind is ClaimKind.PHARMACY:
        return replace(line, note_numbers=(1,))
    return replace(
        line,
        note_numbers=(1,),
        adjustments=(adjustments.FEE_SCHEDULE,),
        modifiers=line.modifiers or ((catalogue.hcpcs("KX"),) if line.procedure else ()),
        units=line.units or Decimal(1),
    )


def _to_patient(old: Amounts) -> Amounts:
    return {Amount.PAID_TO_PATIENT if kind is Amount.PAID_TO_PROVIDER else kind: value for kind, value in old.items()}


def newest_first(desk: Desk, claim: Claim) -> tuple[Claim, Claim]:
    """The cancelled claim and its correction; the correction has the smaller id, so that it is listed first."""
    later = adjustments.later_version(desk, claim)
    new = replace(later, claim_id=claim.claim_id, claim_number=claim.claim_number)
    return adjustments.linked(replace(claim, claim_id=later.claim_id, claim_number=later.claim_number), new)


def at_header(claim: Claim) -> Claim:
    """The same institutional claim with its amounts at the header, and so nothing adjudicated at its lines."""
    bare = (replace(line, amounts={}, adjustments=(), allowed_units=None) for line in claim.lines)
    return replace(claim, amounts=money.added(line.amounts for line in claim.lines), lines=tuple(bare))
