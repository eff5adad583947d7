"""One invented person: who they are, where they live, how they are reached."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from fhir_facade.contracts.codes import RACE_ETHNICITY, Code
from fhir_facade.contracts.people import Address, Contact, ContactSystem, Identifier, MatchKey, Member, Name
from fhir_facade_claims_synthetic import names, numbers
from fhir_facade_claims_synthetic.dice import Dice
from fhir_facade_claims_synthetic.settings import World

MEMBER_NUMBER = "https://sandbox.example.org/member-number"
UNIQUE_MEMBER_ID = "https://sandbox.example.org/enterprise-member-id"


class Persona(StrEnum):
    """The kind of Medicaid life a member leads."""

    NEWBORN = "newborn"
    CHILD = "child"
    ADULT = "adult"
    MATERNITY = "maternity"
    DUAL = "dual"
    LONG_TERM_CARE = "long-term-care"


_AGES = {
    Persona.CHILD: (1, 17),
    Persona.ADULT: (19, 63),
    Persona.MATERNITY: (19, 39),
    Persona.DUAL: (66, 84),
    Persona.LONG_TERM_CARE: (72, 95),
}
_RACES = (
    (45, "2106-3"),
    (18, "2054-5"),
    (14, "1002-5"),
    (8, "2028-9"),
    (2, "2076-8"),
)
_LANGUAGES = ((70, ("en",)), (22, ("es", "en")), (4, ("nv", "en")), (4, ("vi",)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """What a story fixes about its member; chance decides the rest."""

    persona: Persona
    given: str | None = None
    family: str | None = None
    gender: str | None = None
    birth_date: date | None = None
    died_on: date | None = None
    merged_into: str | None = None
    languages: tuple[str, ...] = ()


def make_member(world: World, index: int, traits: Traits, dice: Dice) -> Member:
    """The member at ``index``."""
    gender = traits.gender or ("female" if traits.persona is Persona.MATERNITY else dice.one(("female", "male")))
    birth_date = traits.birth_date or _birth_date(world, traits.persona, dice)
    race = dice.weighted(_RACES)
    hispanic = dice.chance(0.4)
    return Member(
        member_id=numbers.local_id("m", index),
        member_number=Identifier(system=MEMBER_NUMBER, value=f"EX{numbers.medicaid_id(world.seed, index)}"),
        unique_member_id=Identifier(system=UNIQUE_MEMBER_ID, value=f"U{index:08d}"),
        names=(_name(index, traits, gender, dice),),
        gender=gender,
        birth_date=birth_date,
        deceased=None if traits.died_on else False,
        died_on=traits.died_on,
        addresses=_addresses(world, index, birth_date, dice),
        contacts=_contacts(index, dice),
        languages=traits.languages or dice.weighted(_LANGUAGES),
        races=(Code(RACE_ETHNICITY, race),),
        ethnicity=Code(RACE_ETHNICITY, "2135-2" if hispanic else "2186-5"),
        birth_sex="F" if gender == "female" else "M",
        match_keys=_match_keys(world, index, traits.persona),
        merged_into=traits.merged_into,
        last_updated=_last_updated(world, index, dice),
    )


def _birth_date(world: World, persona: Persona, dice: Dice) -> date:
    if persona is Persona.NEWBORN:
        return world.today - timedelta(days=dice.between(30, 300))
    low, high = _AGES[persona]
    return world.today - timedelta(days=dice.between(low * 365 + 5, high * 365 + 300))


def _name(index: int, traits: Traits, gender: str, dice: Dice) -> Name:
    pool = names.GIVEN_FEMALE if gender == "female" else names.GIVEN_MALE
    given, middle = dice.one(pool), dice.one(pool)
    family = traits.family or names.family_name(dice.one(names.FAMILY), index)
    return Name(family=family, given=(traits.given,) if traits.given else (given, middle))


def address(number: int, dice: Dice, start: date | None = None, end: date | None = None) -> Address:
    """An invented address; ``number`` makes the house number its own."""
    city, county, postal_code = dice.one(names.PLACES)
    return Address(
        lines=(f"{100 + number} {dice.one(names.STREETS)} Street",),
        city=city,
        district=county,
        state=names.STATE,
        postal_code=postal_code,
        country="US",
        start=start,
        end=end,
    )


def _addresses(world: World, index: int, birth_date: date, dice: Dice) -> tuple[Address, ...]:
    moved = dice.day(max(birth_date, world.first_day - timedelta(days=900)), world.today - timedelta(days=30))
    current = address(index * 2, dice, start=moved)
    if moved > world.first_day and dice.chance(0.5):
        return (current, address(index * 2 + 1, dice, end=moved - timedelta(days=1)))
    return (current,)


def _contacts(index: int, dice: Dice) -> tuple[Contact, ...]:
    phone = Contact(system=ContactSystem.PHONE, value=telephone(dice), use="mobile")
    email = Contact(system=ContactSystem.EMAIL, value=f"{names.syllables(index).lower()}@example.org", use="home")
    return (phone, email)


def telephone(dice: Dice) -> str:
    """A telephone number out of the range that is kept for fiction."""
    return f"505-555-01{dice.below(100):02d}"


def _match_keys(world: World, index: int, persona: Persona) -> tuple[MatchKey, ...]:
    medicaid = MatchKey(kind="medicaid-id", value=numbers.medicaid_id(world.seed, index))
    if persona in (Persona.DUAL, Persona.LONG_TERM_CARE):
        return (medicaid, MatchKey(kind="mbi", value=numbers.mbi(index)))
    return (medicaid,)


def _last_updated(world: World, index: int, dice: Dice) -> datetime:
    day = world.today - timedelta(days=dice.between(1, 300))
    return datetime(day.year, day.month, day.day, dice.below(24), dice.below(60), index % 60, tzinfo=UTC)
