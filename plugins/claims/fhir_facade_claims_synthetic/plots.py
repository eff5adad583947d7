"""What happened to the members with a story: each plot makes one member's claims."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from fhir_facade.contracts.records import Claim
from fhir_facade_claims_synthetic import (
    adjustments,
    catalogue,
    dental,
    drugs,
    lives,
    services,
    showcase,
    stays,
    visits,
)
from fhir_facade_claims_synthetic.person import Persona
from fhir_facade_claims_synthetic.showcase import Scene


def ingrid(scene: Scene) -> Iterator[Claim]:
    """Two inpatient claims, amounts at the lines and at the header."""
    return showcase.inpatient(scene, scene.day(120))


def otto(scene: Scene) -> Iterator[Claim]:
    """Two outpatient claims, amounts at the lines and at the header."""
    return showcase.outpatient(scene, scene.day(110))


def priya(scene: Scene) -> Iterator[Claim]:
    """An ambulance trip, its cancelled predecessor, and an office visit before them."""
    yield from showcase.ambulance(scene, scene.day(100))
    yield showcase.office(scene, scene.day(130))


def roxana(scene: Scene) -> Iterator[Claim]:
    """A compound, the rejected claim before it, and an ordinary drug."""
    yield from showcase.pharmacy(scene, scene.day(95))
    ordinary = drugs.fill(scene.desk, scene.day(140), catalogue.CHRONIC_DRUGS[2], number=2, refills=5)
    yield showcase.complete(scene, ordinary)


def oralia(scene: Scene) -> Iterator[Claim]:
    """A dental claim with everything, and its cancelled predecessor."""
    return showcase.oral(scene, scene.day(105))


def alma(scene: Scene) -> Iterator[Claim]:
    """Ten claims, two of each kind: they fit on one page."""
    yield from showcase.inpatient(scene, scene.day(90))
    yield from showcase.outpatient(scene, scene.day(120))
    yield from showcase.ambulance(scene, scene.day(150))
    yield from showcase.pharmacy(scene, scene.day(180))
    yield from showcase.oral(scene, scene.day(210))


def dean(scene: Scene) -> Iterator[Claim]:
    """A denial that the member owes, one that the provider bears, a paid claim, and one that was deleted."""
    desk = scene.desk
    yield adjustments.deny(services.office(desk, scene.day(80), catalogue.OFFICE[7]))
    yield adjustments.deny(visits.visit(desk, scene.day(200), catalogue.VISITS[0]), member_owes=False)
    yield services.office(desk, scene.day(300), catalogue.OFFICE[1])
    yield services.office(desk, scene.day(310), catalogue.OFFICE[0])


def adele(scene: Scene) -> Iterator[Claim]:
    """One pair, and one chain of three."""
    desk = scene.desk
    yield from adjustments.corrected(desk, services.office(desk, scene.day(150), catalogue.OFFICE[2]))
    first, second = adjustments.corrected(desk, visits.visit(desk, scene.day(400), catalogue.VISITS[1]))
    _, third = adjustments.corrected(desk, second)
    yield first
    yield from adjustments.linked(second, third)


def rhea(scene: Scene) -> Iterator[Claim]:
    """A drug that was never picked up, a visit that was billed by mistake, and one that stands."""
    desk = scene.desk
    yield from adjustments.reversal(desk, drugs.fill(desk, scene.day(60), catalogue.CHRONIC_DRUGS[2]))
    yield from adjustments.reversal(desk, services.office(desk, scene.day(240), catalogue.OFFICE[0]))
    yield services.office(desk, scene.day(260), catalogue.OFFICE[1])


def duane(scene: Scene) -> Iterator[Claim]:
    """Doctors that Medicare paid first, and what Medicaid pays alone."""
    desk, (medicare,) = scene.desk, scene.others
    for number in range(8):
        visit = services.office(desk, scene.day(45 + 60 * number), catalogue.OFFICE[number % 3], doctor=desk.own(2))
        yield adjustments.after_other_payer(visit, "Medicare", medicare, 80)
    yield services.office(desk, scene.day(70), catalogue.PERSONAL_CARE)
    yield services.office(desk, scene.day(75), catalogue.WHEELCHAIR_VAN)


def vivian(scene: Scene) -> Iterator[Claim]:
    """One examination a year, glasses every other."""
    for year in range(scene.desk.world.years):
        yield services.eyes(scene.desk, scene.day(50 + 365 * year), glasses=year % 2 == 0)


def nia(scene: Scene) -> Iterator[Claim]:
    """A birth, and what follows in the first months."""
    desk = scene.desk
    born = desk.member.birth_date or scene.day(200)
    yield stays.stay(desk, born, catalogue.BIRTH, at_header=False)
    for weeks in (2, 8, 16, 24):
        day = born + timedelta(weeks=weeks)
        if desk.covered(day):
            yield services.office(desk, day, catalogue.WELL_CHILD, catalogue.FLU_SHOT)


def sam(scene: Scene) -> Iterator[Claim]:
    """Substance-use treatment in every kind of claim that has it, among ordinary care."""
    desk = scene.desk
    yield stays.stay(desk, scene.day(500), catalogue.DETOX, at_header=False)
    for number, service in enumerate(catalogue.SUBSTANCE_USE):
        yield services.office(desk, scene.day(400 - 30 * number), service, billing=desk.place("recovery"))
    for number in range(6):
        yield drugs.fill(desk, scene.day(380 - 15 * number), catalogue.RECOVERY_DRUG, number=number)
    yield services.office(desk, scene.day(90), catalogue.OFFICE[1])
    yield dental.check_up(desk, scene.day(140))


def nora(_scene: Scene) -> Iterator[Claim]:
    """Nothing."""
    return iter(())


def manny(scene: Scene) -> Iterator[Claim]:
    """A claim on most days: services at home, drugs, therapy."""
    desk, span = scene.desk, scene.desk.world.years * 365 - 2
    usual = (catalogue.PERSONAL_CARE, *catalogue.OFFICE[:4])
    for number in range(1050):
        day = scene.day(span * number // 1050)
        if number % 7 == 3:
            yield drugs.fill(desk, day, catalogue.CHRONIC_DRUGS[number % 6], number=number % 12, refills=11)
        elif number % 25 == 4:
            yield visits.visit(desk, day, catalogue.VISITS[number % 6], at_header=number % 2 == 0)
        else:
            yield services.office(desk, day, usual[number % 5])


def greta(scene: Scene) -> Iterator[Claim]:
    """A nursing facility for two years, drugs, and doctors that Medicare paid first."""
    yield from lives.nursing_home(scene.desk, scene.day(730))
    yield from lives.happenings(scene.desk, lives.FRAILTY[:1])
    for number in range(4):
        visit = services.office(scene.desk, scene.day(100 + 90 * number), catalogue.OFFICE[1])
        yield adjustments.after_other_payer(visit, "Medicare", scene.others[0], 80)


def bea(scene: Scene) -> Iterator[Claim]:
    """Eighteen months of braces, and a child's usual care."""
    placed_on = scene.day(560)
    for month in range(18):
        yield dental.braces(scene.desk, placed_on + timedelta(days=30 * month), placed_on, 18)
    yield from lives.happenings(scene.desk, lives.CHILDHOOD[:4])


def dorothy(scene: Scene) -> Iterator[Claim]:
    """Old age, and a last stay that ended with death."""
    desk = scene.desk
    died_on = desk.member.died_on or desk.world.today
    yield from lives.happenings(desk, lives.OLD_AGE)
    last = stays.stay(desk, died_on - timedelta(days=4), catalogue.STAYS[2], at_header=True)
    yield replace(last, service_end=died_on, discharged_on=died_on, discharge_status="20")


def usual(scene: Scene) -> Iterator[Claim]:
    """An ordinary life."""
    return lives.ordinary(scene.desk, Persona.ADULT, ())
