"""Two members whose every resource carries a word of its own, and requests of the first that reach for the second."""

from __future__ import annotations

import random
from contextlib import contextmanager
from dataclasses import dataclass, replace
from urllib.parse import quote

from fhir_facade.contracts.people import Identifier, Name
from fhir_facade.resources.database import migrate, replica_url
from tests.resources.filled import Filler
from tests.resources.world import NUMBERS, SOURCE, claim, coverage, member, practitioner, records, representative, whole
from tests.web.fhir import memory
from tests.web.fhir.grammar import Grammar
from tests.web.fhir.world import BASE


@dataclass(frozen=True)
class Person:
    """One of the two.

    ``resources`` are pairs of type and id; ``word`` stands in each of them.
    """

    patient: str
    word: str
    cover: str
    doctor: str
    claims: tuple[str, ...]
    aunt: str

    @property
    def resources(self):
        claims = [("ExplanationOfBenefit", each) for each in self.claims]
        own = [("Patient", self.patient), ("Coverage", self.cover), ("RelatedPerson", self.aunt)]
        return [*claims, *own, ("Practitioner", self.doctor)]


WORDS = ("CANARYALICE", "CANARYBOB")
CLAIMS = 6


def in_memory(kind=memory.MemoryResources):
    """Resources in memory, and the two members."""
    resources = kind()
    people = []
    for name, word in zip(("alice", "bob"), WORDS, strict=True):
        memory.member(resources, name, claims=CLAIMS, canary=word)
        claims = tuple(f"{name}-{number}" for number in range(CLAIMS))
        people.append(Person(name, word, f"cover-{name}", f"doctor-{name}", claims, f"aunt-{name}"))
    return resources, *people


@contextmanager
def in_replica(folder):
    """A replica, and the two members."""
    url = replica_url(None, folder)
    migrate(url)
    filler = Filler(url, folder)
    filler.sync(whole(*(_records(number, word) for number, word in enumerate(WORDS, start=1))))
    yield filler.resources(), *(_person(number, word) for number, word in enumerate(WORDS, start=1))
    filler.close()


def _records(number, word):
    doctor = f"doc{number}"
    claims = [
        claim(number, each, doctor, claim_number=Identifier(system=NUMBERS, value=f"{word}-{each}"))
        for each in range(CLAIMS)
    ]
    return records(
        number,
        claims,
        member=member(number, names=(Name(family=word, given=("Given",)),)),
        coverages=(replace(coverage(number), subscriber_id=word),),
        practitioners=(replace(practitioner(doctor), name=Name(family=word, given=("Doc",))),),
        representatives=(replace(representative(number, f"aunt{number}"), name=Name(family=word)),),
    )


def _person(number, word):
    claims = tuple(f"{SOURCE}-c{number}-{each}" for each in range(CLAIMS))
    names = (f"{SOURCE}-v{number}", f"{SOURCE}-doc{number}", claims, f"{SOURCE}-aunt{number}")
    return Person(f"{SOURCE}-m{number}", word, *names)


class Attempts:
    """Requests of ``own``: most are honest, many name ``other`` in one place or another, some are broken."""

    def __init__(self, seed, own, other):
        self.dice = random.Random(seed)
        self.own, self.other = own, other
        self.grammar = Grammar(seed, [one for _, one in other.resources])

    def next(self):
        """Method, URL, form and headers."""
        if self.dice.random() < 0.15:
            return self.grammar.request()
        forms = self.honest() if self.dice.random() < 0.75 else self.reaching()
        return "GET", self.dice.choice(forms), None, {}

    def honest(self):
        own, other = self.own, self.other
        kind, one = self.dice.choice(own.resources)
        _, foreign = self.dice.choice(other.resources)
        return (
            f"{kind}?_count=100",
            f"{kind}/{one}",
            "ExplanationOfBenefit?_include=ExplanationOfBenefit:*&_count=100",
            "Patient?_revinclude=ExplanationOfBenefit:patient&_revinclude=Coverage:beneficiary",
            f"Patient/{own.patient}/$everything?_count=100",
            f"{kind}?_id={one},{foreign}",
            f"ExplanationOfBenefit?patient={own.patient},{other.patient}&_total=accurate&_include:iterate=Coverage:payor",
            f"ExplanationOfBenefit?provider:not={one}" if kind == "Practitioner" else f"{kind}?_sort=-_lastUpdated",
            f"Patient/{own.patient}/ExplanationOfBenefit?_count=100",
        )

    def reaching(self):
        own, other = self.own, self.other
        kind, one = self.dice.choice(other.resources)
        return (
            f"{kind}/{one}",
            f"{kind}?_id={one}",
            f"ExplanationOfBenefit?patient={other.patient}",
            f"ExplanationOfBenefit?patient=Patient/{other.patient}&patient=Patient/{own.patient}",
            f"ExplanationOfBenefit?patient={quote(f'{BASE}/Patient/{other.patient}')}",
            f"Patient/{other.patient}/{self.dice.choice(('ExplanationOfBenefit', 'Coverage', '$everything'))}",
            f"ExplanationOfBenefit?coverage={other.cover}&provider={other.doctor}",
            f"Coverage?beneficiary={other.patient}&_revinclude=ExplanationOfBenefit:coverage",
            f"{kind}/{one}/_history/1",
            f"Patient?_id={other.patient}&_revinclude=ExplanationOfBenefit:patient",
            f"Practitioner/{other.doctor}?_elements=name",
        )


def leaks(world, count, seed, own, other):
    """How many answers to ``own`` hold the other's word, and how many are 200 with the own one."""
    attempts = Attempts(seed, own, other)
    found = held = 0
    for _ in range(count):
        method, url, form, headers = attempts.next()
        sent = {name.replace("-", "_"): value for name, value in headers.items()}
        response = world.send(method, url, own.patient, data=form, **sent)
        found += other.word.encode() in response.data
        held += response.status_code == 200 and own.word.encode() in response.data
    return found, held
