"""Cover of one member: Medicaid from the state or a plan, and other carriers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from fhir_facade.contracts.codes import PAYER_TYPE, Code
from fhir_facade.contracts.people import Coverage, Member
from fhir_facade_claims_synthetic import network, numbers
from fhir_facade_claims_synthetic.dice import Dice
from fhir_facade_claims_synthetic.person import Persona
from fhir_facade_claims_synthetic.settings import World

_AID = {
    Persona.NEWBORN: ("NB", "Newborns"),
    Persona.CHILD: ("CH", "Children under 19"),
    Persona.ADULT: ("AD", "Adults"),
    Persona.MATERNITY: ("PW", "Pregnant women"),
    Persona.DUAL: ("QM", "Qualified Medicare beneficiaries"),
    Persona.LONG_TERM_CARE: ("LT", "Institutional care"),
}


def medicaid(world: World, index: int, persona: Persona, member: Member, dice: Dice) -> list[Coverage]:
    """Medicaid spans, oldest first: one or two, with or without a gap."""
    start = max(member.birth_date or world.first_day, world.first_day - timedelta(days=dice.between(10, 700)))
    end = member.died_on
    last = end or world.today
    changes = dice.chance(0.35) and start < world.first_day < last
    if not changes:
        return [_medicaid_span(index, 1, persona, member, dice, start, end)]
    change = dice.day(world.first_day, last - timedelta(days=1))
    gap = dice.between(30, 150) if dice.chance(0.3) else 1
    first = _medicaid_span(index, 1, persona, member, dice, start, change)
    resumed = change + timedelta(days=gap)
    if resumed > last:
        return [first]
    return [first, _medicaid_span(index, 2, persona, member, dice, resumed, end)]


def steady(world: World, index: int, persona: Persona, member: Member, dice: Dice) -> list[Coverage]:
    """One Medicaid span over all years, three at least, for members with a story."""
    begun = min(world.first_day - timedelta(days=200), world.today - timedelta(days=1100))
    start = max(member.birth_date or begun, begun)
    return [_medicaid_span(index, 1, persona, member, dice, start, member.died_on)]


def other(index: int, carrier: str, member: Member, start: date, end: date | None = None) -> Coverage:
    """Cover of another carrier: Medicare of a dual eligible, or a spouse's insurance."""
    is_medicare = carrier == network.MEDICARE
    return Coverage(
        coverage_id=numbers.local_id("v", index, 9),
        member_id=member.member_id,
        payor_id=carrier,
        subscriber_id=numbers.mbi(index) if is_medicare else f"LM{index:08d}",
        last_updated=_instant(start, index),
        kind=Code(PAYER_TYPE, "1" if is_medicare else "5"),
        status=_status(end),
        relationship="self" if is_medicare else "spouse",
        starts_on=start,
        ends_on=end,
        group_id=None if is_medicare else f"LM-{index:07d}",
        group_name=None if is_medicare else "Lakeside employers",
        plan_id="AB" if is_medicare else "LM-PPO",
        plan_name="Medicare Parts A and B" if is_medicare else "Lakeside PPO",
    )


def on(coverages: Sequence[Coverage], day: date) -> Coverage | None:
    """The first of ``coverages`` in force on ``day``."""
    for each in coverages:
        if (each.starts_on is None or each.starts_on <= day) and (each.ends_on is None or day <= each.ends_on):
            return each
    return None


def _medicaid_span(
    index: int, ordinal: int, persona: Persona, member: Member, dice: Dice, start: date, end: date | None
) -> Coverage:
    group, group_name = _AID[persona]
    payer = dice.weighted(((5, network.STATE_PAYER), (3, network.PLANS[0]), (2, network.PLANS[1])))
    plan = "FFS" if payer == network.STATE_PAYER else f"MCO-{payer[-1]}"
    return Coverage(
        coverage_id=numbers.local_id("v", index, ordinal),
        member_id=member.member_id,
        payor_id=payer,
        subscriber_id=member.member_number.value,
        last_updated=_instant(end or start, index),
        status=_status(end),
        kind=Code(PAYER_TYPE, "2"),
        starts_on=start,
        ends_on=end,
        group_id=f"{group}-{index:07d}",
        group_name=group_name,
        plan_id=plan,
        plan_name="Fee for service" if plan == "FFS" else f"Managed care, plan {payer[-1]}",
    )


def _status(end: date | None) -> str:
    return "active" if end is None else "cancelled"


def _instant(day: date, index: int) -> datetime:
    return datetime(day.year, day.month, day.day, 6, index % 60, 0, tzinfo=UTC)
