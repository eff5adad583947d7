"""The ordinary lives of members without a story: how often what happens to whom."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta

from fhir_facade.contracts.people import Coverage
from fhir_facade.contracts.records import Claim
from fhir_facade_claims_synthetic import adjustments, catalogue, dental, drugs, services, stays, visits
from fhir_facade_claims_synthetic.catalogue import Drug, Service
from fhir_facade_claims_synthetic.desk import Desk
from fhir_facade_claims_synthetic.person import Persona

Event = Callable[[Desk, date], Claim]
"""What makes the claim of something that happened on a day."""


def _any_office(desk: Desk, day: date) -> Claim:
    doctor = desk.own(1) if desk.dice.chance(0.7) else desk.shared()
    return services.office(desk, day, desk.dice.one(catalogue.OFFICE), doctor=doctor)


def _office(service: Service) -> Event:
    return lambda desk, day: services.office(desk, day, service)


def _any_fill(choices: Sequence[Drug]) -> Event:
    return lambda desk, day: drugs.fill(desk, day, desk.dice.one(choices), number=desk.dice.below(6))


def _any_visit(desk: Desk, day: date) -> Claim:
    return visits.visit(desk, day, desk.dice.one(catalogue.VISITS), at_header=desk.dice.chance(0.3))


def _any_stay(desk: Desk, day: date) -> Claim:
    return stays.stay(desk, day, desk.dice.one(catalogue.STAYS), at_header=desk.dice.chance(0.5))


def _eyes(desk: Desk, day: date) -> Claim:
    return services.eyes(desk, day, glasses=desk.dice.chance(0.6))


def _any_equipment(desk: Desk, day: date) -> Claim:
    return services.office(desk, day, desk.dice.one(catalogue.EQUIPMENT))


CHILDHOOD: tuple[tuple[float, Event], ...] = (
    (1.0, _office(catalogue.WELL_CHILD)),
    (2.0, _any_office),
    (0.6, _office(catalogue.FLU_SHOT)),
    (1.5, dental.check_up),
    (0.3, dental.filling),
    (0.4, _eyes),
    (1.6, _any_fill(catalogue.ACUTE_DRUGS)),
    (0.4, _any_visit),
    (0.03, _any_stay),
)
ADULTHOOD: tuple[tuple[float, Event], ...] = (
    (2.5, _any_office),
    (0.4, _office(catalogue.FLU_SHOT)),
    (1.0, _any_fill(catalogue.ACUTE_DRUGS)),
    (3.5, _any_fill(catalogue.CHRONIC_DRUGS)),
    (0.8, _any_visit),
    (0.6, dental.check_up),
    (0.3, dental.filling),
    (0.1, dental.extraction),
    (0.3, _eyes),
    (0.08, _any_stay),
    (0.05, lambda desk, day: services.ambulance(desk, day)),
    (0.1, _any_equipment),
)
OLD_AGE: tuple[tuple[float, Event], ...] = (
    (2.0, _office(catalogue.PERSONAL_CARE)),
    (3.0, _any_fill(catalogue.SENIOR_DRUGS)),
    (0.5, _office(catalogue.WHEELCHAIR_VAN)),
    (0.5, lambda desk, day: services.ambulance(desk, day, round_trip=desk.dice.chance(0.3))),
    (0.5, _any_equipment),
    (0.5, _any_visit),
    (0.2, _any_stay),
    (0.3, _eyes),
    (0.2, dental.extraction),
)
FRAILTY: tuple[tuple[float, Event], ...] = (
    (6.0, _any_fill(catalogue.SENIOR_DRUGS)),
    (0.5, lambda desk, day: services.ambulance(desk, day, round_trip=desk.dice.chance(0.5))),
    (0.2, _any_stay),
)
RECOVERY: tuple[tuple[float, Event], ...] = (
    (7.0, services.recovery),
    (5.0, lambda desk, day: drugs.fill(desk, day, catalogue.RECOVERY_DRUG)),
    (0.3, lambda desk, day: stays.stay(desk, day, catalogue.DETOX, at_header=True)),
)
USUAL = {
    Persona.NEWBORN: CHILDHOOD,
    Persona.CHILD: CHILDHOOD,
    Persona.ADULT: ADULTHOOD,
    Persona.MATERNITY: ADULTHOOD,
    Persona.DUAL: OLD_AGE,
    Persona.LONG_TERM_CARE: FRAILTY,
}


def ordinary(desk: Desk, persona: Persona, others: Sequence[Coverage]) -> Iterator[Claim]:
    """All claims of a member without a story."""
    for claim in happenings(desk, USUAL[persona]):
        yield from _aftermath(desk, claim)
    if persona is Persona.ADULT and desk.dice.chance(0.1):
        yield from happenings(desk, RECOVERY)
    if persona is Persona.MATERNITY:
        yield from pregnancy(desk)
    if persona is Persona.LONG_TERM_CARE:
        yield from nursing_home(desk, desk.world.first_day + timedelta(days=desk.dice.between(0, 700)))
    for medicare in others:
        for claim in happenings(desk, ((4.0, _any_office),)):
            yield adjustments.after_other_payer(claim, "Medicare", medicare, 80)


def happenings(desk: Desk, rates: Sequence[tuple[float, Event]]) -> Iterator[Claim]:
    """What happens at so many times a year, on days with cover."""
    born = desk.member.birth_date or desk.world.first_day
    first, last = max(desk.world.first_day, born), desk.member.died_on or desk.world.today
    years = max((last - first).days, 0) / 365
    for rate, event in rates:
        times = int(rate * years + desk.dice.below(1000) / 1000)
        for _ in range(times):
            day = desk.dice.day(first, last)
            if desk.covered(day):
                yield event(desk, day)


def pregnancy(desk: Desk) -> Iterator[Claim]:
    """Eight visits and the delivery."""
    delivered = desk.dice.day(desk.world.first_day + timedelta(days=280), desk.world.today - timedelta(days=10))
    for visit in range(8):
        day = delivered - timedelta(days=28 * (visit + 1))
        if desk.covered(day):
            yield services.office(desk, day, catalogue.PRENATAL, doctor=desk.own(6))
    if desk.covered(delivered):
        yield stays.stay(desk, delivered, catalogue.DELIVERY, at_header=desk.dice.chance(0.5))


def nursing_home(desk: Desk, admitted: date) -> Iterator[Claim]:
    """A claim for every month since ``admitted``; the stay has not ended."""
    facility, first = desk.place("snf"), admitted
    last_day = desk.member.died_on or desk.world.today
    while first < last_day:
        next_month = (first.replace(day=1) + timedelta(days=32)).replace(day=1)
        if desk.covered(first):
            yield stays.nursing_month(desk, admitted, first, min(next_month - timedelta(days=1), last_day), facility)
        first = next_month


def _aftermath(desk: Desk, claim: Claim) -> tuple[Claim, ...]:
    throw = desk.dice.below(100)
    if throw < 4:
        return (adjustments.deny(claim, member_owes=throw < 2),)
    if throw < 6:
        return adjustments.corrected(desk, claim)
    if throw < 7:
        return adjustments.reversal(desk, claim)
    return (claim,)
