"""The twenty members with a story, the older record of one of them, and two people who act for others."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta

from fhir_facade.contracts.claims import NamedMember
from fhir_facade.contracts.records import Claim
from fhir_facade_claims_synthetic import network, numbers, plots
from fhir_facade_claims_synthetic.person import Persona, Traits
from fhir_facade_claims_synthetic.settings import World
from fhir_facade_claims_synthetic.showcase import Scene


@dataclass(frozen=True, slots=True, kw_only=True)
class Guardian:
    """Somebody who may act for a member. ``username`` and ``number`` only where they have a log-in of their own."""

    given: str
    relationship: str
    username: str | None = None
    number: int | None = None
    story: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A member with a story.

    Args:
        username: log-in name, None for a record that nobody logs in to.
        text: the story in one sentence.
        traits: who the member is, in a given world.
        plot: makes the member's claims.
        carrier: another carrier that covers the member.
        guardian: who may act for the member.
        deleted: how many of the plot's last claims the source has deleted since.
    """

    username: str | None
    text: str
    traits: Callable[[World], Traits]
    plot: Callable[[Scene], Iterable[Claim]]
    carrier: str | None = None
    guardian: Guardian | None = None
    deleted: int = 0


def _is(persona: Persona, given: str, gender: str = "female") -> Callable[[World], Traits]:
    return lambda _world: Traits(persona=persona, given=given, gender=gender)


def _zoe(_world: World) -> Traits:
    return Traits(
        persona=Persona.ADULT,
        given="Zoë",
        family="Nguyễn-Óskarsdóttir Яковлева",
        gender="female",
        languages=("vi", "en"),
    )


def _dorothy(world: World) -> Traits:
    died_on = world.today - timedelta(days=120)
    return Traits(persona=Persona.DUAL, given="Dorothy", gender="female", died_on=died_on)


def _older_marge(_world: World) -> Traits:
    merged_into = numbers.local_id("m", _index_of("marge"))
    return Traits(persona=Persona.ADULT, given="Margaret", gender="female", merged_into=merged_into)


def _showcase(username: str, text: str, plot: Callable[[Scene], Iterable[Claim]], gender: str = "female") -> Story:
    return Story(
        username=username,
        text=text,
        traits=_is(Persona.ADULT, username.capitalize(), gender),
        plot=plot,
        carrier=network.COMMERCIAL,
        guardian=Guardian(given="Robin", relationship="SIB"),
    )


STORIES: tuple[Story, ...] = (
    _showcase("ingrid", "Had a knee replaced in hospital; the claim was corrected.", plots.ingrid),
    _showcase("otto", "Went to the emergency room after a fall; the claim was corrected.", plots.otto, "male"),
    _showcase("priya", "Saw her family doctor and was taken to hospital by ambulance.", plots.priya),
    _showcase("roxana", "Takes a compound drug and an ordinary one; one claim was rejected first.", plots.roxana),
    _showcase("oralia", "Had teeth filled and a denture replaced while wearing braces.", plots.oralia),
    _showcase("alma", "Has one or two claims of each of the five kinds.", plots.alma),
    Story(
        username="dean",
        text="Had two claims denied, one of which he owes; another claim was deleted by the payer.",
        traits=_is(Persona.ADULT, "Dean", "male"),
        plot=plots.dean,
        deleted=1,
    ),
    Story(
        username="adele",
        text="Has claims that were corrected once and twice: follow the chain from the old to the new.",
        traits=_is(Persona.ADULT, "Adele"),
        plot=plots.adele,
    ),
    Story(
        username="rhea",
        text="Has a claim that was paid and then taken back by a reversal with negative amounts.",
        traits=_is(Persona.ADULT, "Rhea"),
        plot=plots.rhea,
    ),
    Story(
        username="duane",
        text="Is dual eligible: Medicare pays his doctors first, Medicaid the rest.",
        traits=_is(Persona.DUAL, "Duane", "male"),
        plot=plots.duane,
        carrier=network.MEDICARE,
    ),
    Story(
        username="vivian",
        text="Gets her eyes examined every year and new glasses every other.",
        traits=_is(Persona.ADULT, "Vivian"),
        plot=plots.vivian,
    ),
    Story(
        username="nia",
        text="Was born this year; her first claim is her own birth. Her mother Paula acts for her.",
        traits=_is(Persona.NEWBORN, "Nia"),
        plot=plots.nia,
        guardian=Guardian(given="Paula", relationship="MTH", number=1),
    ),
    Story(
        username="sam",
        text="Is treated for substance use: detoxification, methadone and buprenorphine, besides other care.",
        traits=_is(Persona.ADULT, "Sam", "male"),
        plot=plots.sam,
    ),
    Story(
        username="nora", text="Is covered but has no claims at all.", traits=_is(Persona.ADULT, "Nora"), plot=plots.nora
    ),
    Story(
        username="manny",
        text="Has more than 1,000 claims in five years.",
        traits=_is(Persona.ADULT, "Manny", "male"),
        plot=plots.manny,
    ),
    Story(
        username="greta",
        text="Has lived in a nursing facility for two years and not been discharged; her guardian George acts for her.",
        traits=_is(Persona.LONG_TERM_CARE, "Greta"),
        plot=plots.greta,
        carrier=network.MEDICARE,
        guardian=Guardian(
            given="George", relationship="GUARD", username="george", number=2, story="Is the guardian of Greta."
        ),
    ),
    Story(
        username="bea",
        text="Is a child with braces and yearly check-ups; her mother Paula acts for her.",
        traits=_is(Persona.CHILD, "Bea"),
        plot=plots.bea,
        guardian=Guardian(
            given="Paula",
            relationship="MTH",
            username="paula",
            number=1,
            story="Is the mother of Bea and Nia, two minors, and chooses for whom she acts.",
        ),
    ),
    Story(username="zoe", text="Has a name with letters of several scripts.", traits=_zoe, plot=plots.usual),
    Story(
        username="dorothy",
        text="Died four months ago; her last stay ended that day.",
        traits=_dorothy,
        plot=plots.dorothy,
        carrier=network.MEDICARE,
    ),
    Story(
        username="marge",
        text="Had two member records that turned out to be one person; the older one points to this one.",
        traits=_is(Persona.ADULT, "Marge"),
        plot=plots.usual,
    ),
    Story(username=None, text="The older record of Marge.", traits=_older_marge, plot=plots.nora),
)


def _index_of(username: str) -> int:
    return next(index for index, story in enumerate(STORIES) if story.username == username)


def person_id(seed: int, number: int) -> str:
    """The person id with which somebody who acts for a member logs in."""
    return f"P{numbers.medicaid_id(seed + 1, number)}"


def indexes_of_person(seed: int, text: str) -> tuple[int, ...]:
    """Indexes of the members for whom the person of this id may act."""
    number = numbers.index_of_medicaid_id(seed + 1, text[1:]) if text.startswith("P") else None
    return tuple(
        index for index, story in enumerate(STORIES) if number and story.guardian and story.guardian.number == number
    )


def named_members(seed: int) -> list[NamedMember]:
    """Everybody who can log in, in the order in which to show them: members first, then those who act for others."""
    members = [
        _named(story.username, story.text, {"medicaid-id": numbers.medicaid_id(seed, index)})
        for index, story in enumerate(STORIES)
        if story.username
    ]
    guardians = [
        _named(guardian.username, guardian.story, {"person-id": person_id(seed, guardian.number)})
        for guardian in (story.guardian for story in STORIES if story.guardian)
        if guardian.username and guardian.number
    ]
    return members + guardians


def _named(username: str, story: str, evidence: dict[str, str]) -> NamedMember:
    return NamedMember(username=username, password=f"sandbox-{username}", story=story, evidence=evidence)
