"""Everything about one member, made from the world and the member's index alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from fhir_facade.contracts.claims import MemberRecords, Providers
from fhir_facade.contracts.codes import ROLE_CODE, Code
from fhir_facade.contracts.people import Contact, ContactSystem, Coverage, MatchKey, Member, Name, Representative
from fhir_facade.contracts.records import Claim
from fhir_facade_claims_synthetic import cover, lives, names, network, numbers, person, stories
from fhir_facade_claims_synthetic.desk import Desk
from fhir_facade_claims_synthetic.dice import Dice
from fhir_facade_claims_synthetic.person import Persona, Traits
from fhir_facade_claims_synthetic.settings import World
from fhir_facade_claims_synthetic.showcase import Scene
from fhir_facade_claims_synthetic.stories import Guardian, Story

_PERSONAS = (
    (40, Persona.CHILD),
    (34, Persona.ADULT),
    (6, Persona.MATERNITY),
    (13, Persona.DUAL),
    (5, Persona.LONG_TERM_CARE),
    (2, Persona.NEWBORN),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """One member's records; claims newest service first, then by id; ``deleted`` are claims that are gone."""

    member: Member
    coverages: tuple[Coverage, ...]
    claims: tuple[Claim, ...]
    representatives: tuple[Representative, ...]
    deleted: tuple[Claim, ...]

    def records(self) -> MemberRecords:
        """The chart as an extract hands it over, with every provider that it names."""
        named = self.providers()
        return MemberRecords(
            member=self.member,
            coverages=self.coverages,
            claims=self.claims,
            organizations=named.organizations,
            practitioners=named.practitioners,
            representatives=self.representatives,
        )

    def providers(self) -> Providers:
        """Organizations and practitioners that the claims and coverages name."""
        ids = dict.fromkeys(each.payor_id for each in self.coverages)
        for claim in (*self.claims, *self.deleted):
            ids.update(dict.fromkeys(claim.named()))
        return network.providers(list(ids))


def make_chart(world: World, index: int) -> Chart:
    """The chart of the member at ``index``, which must be below ``world.members``."""
    dice = Dice(world.seed, index)
    story = stories.STORIES[index] if index < len(stories.STORIES) else None
    traits = story.traits(world) if story else Traits(persona=dice.weighted(_PERSONAS))
    member = person.make_member(world, index, traits, dice)
    spans = (cover.steady if story else cover.medicaid)(world, index, traits.persona, member, dice)
    others = _other_cover(world, index, member, traits.persona, story)
    representatives = _representatives(world, index, member, traits.persona, story, dice)
    desk = Desk(world, index, member, spans, dice)
    claims = _claims(Scene(desk, others, representatives[0] if representatives else None), traits.persona, story)
    gone = story.deleted if story else 0
    return Chart(
        member=member,
        coverages=(*reversed(spans), *others),
        claims=in_order(claims[: len(claims) - gone]),
        representatives=representatives,
        deleted=tuple(claims[len(claims) - gone :]),
    )


def in_order(claims: Iterable[Claim]) -> tuple[Claim, ...]:
    """Newest service first, then by id: the order of every search."""
    by_id = sorted(claims, key=lambda claim: claim.claim_id)
    return tuple(sorted(by_id, key=lambda claim: claim.service_start, reverse=True))


def _claims(scene: Scene, persona: Persona, story: Story | None) -> list[Claim]:
    return list(story.plot(scene) if story else lives.ordinary(scene.desk, persona, scene.others))


def _other_cover(
    world: World, index: int, member: Member, persona: Persona, story: Story | None
) -> tuple[Coverage, ...]:
    usual = network.MEDICARE if persona in (Persona.DUAL, Persona.LONG_TERM_CARE) else None
    carrier = story.carrier if story else usual
    if carrier is None:
        return ()
    start = world.first_day - timedelta(days=400)
    return (cover.other(index, carrier, member, start, member.died_on),)


def _representatives(
    world: World, index: int, member: Member, persona: Persona, story: Story | None, dice: Dice
) -> tuple[Representative, ...]:
    parent = Guardian(given=dice.one(names.GIVEN_FEMALE), relationship="MTH")
    guardian = story.guardian if story else parent if persona in (Persona.CHILD, Persona.NEWBORN) else None
    if guardian is None:
        return ()
    family = member.names[0].family
    keys: tuple[MatchKey, ...] = ()
    if guardian.number:
        keys = (MatchKey(kind="person-id", value=stories.person_id(world.seed, guardian.number)),)
    return (
        Representative(
            representative_id=numbers.local_id("r", index, 1),
            member_id=member.member_id,
            relationship=Code(ROLE_CODE, guardian.relationship),
            name=Name(family=family, given=(guardian.given,)),
            last_updated=member.last_updated,
            starts_on=max(member.birth_date or world.first_day, world.first_day),
            addresses=member.addresses[:1],
            contacts=(Contact(system=ContactSystem.PHONE, value=person.telephone(dice), use="home"),),
            match_keys=keys,
        ),
    )
