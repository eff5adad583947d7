"""Substance-use claims that a member withholds are nowhere, on any path, whatever carries the code; nothing else is.

The claims go the whole way: records, labels by the lists, the copy in a real database, the endpoints.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from importlib.resources import files
from itertools import count

import pytest

from fhir_facade.access.sensitivity import PART_2, SHIPPED, Kind, load
from fhir_facade.contracts import codes
from fhir_facade.contracts.codes import Code
from fhir_facade.contracts.records import (
    Claim,
    ClaimKind,
    ClaimLine,
    Detail,
    Diagnosis,
    DiagnosisRole,
    Party,
    PartyKind,
    Procedure,
)
from fhir_facade.resources.database import migrate, replica_url
from tests.databases import on_both
from tests.resources.filled import Filler
from tests.resources.world import SOURCE, claim, organization, records, whole
from tests.web.fhir.grammar import SEED
from tests.web.fhir.world import World, grant_for

POLICY = load()
LINE = ClaimLine(number=1, service_start=date(2026, 6, 1), procedure=Code(codes.CPT, "99213"))
PATHS = (
    "ExplanationOfBenefit?_count=100",
    "ExplanationOfBenefit?_count=3",
    "ExplanationOfBenefit?_id={ids}",
    "ExplanationOfBenefit?_lastUpdated=ge1900&_total=accurate",
    "ExplanationOfBenefit?patient=Patient/{patient}&_sort=_id&_count=50",
    "ExplanationOfBenefit?_include=ExplanationOfBenefit:*&_count=100",
    "ExplanationOfBenefit?_summary=true&_count=100",
    "ExplanationOfBenefit?_elements=id&_count=100",
    "ExplanationOfBenefit?_count=0",
    "ExplanationOfBenefit?identifier={number}",
    "Patient/{patient}/ExplanationOfBenefit?_count=100",
    "Patient/{patient}/$everything?_count=100",
    "Patient?_revinclude=ExplanationOfBenefit:patient",
    "Coverage?_revinclude=ExplanationOfBenefit:coverage",
    "ExplanationOfBenefit/{one}",
    "ExplanationOfBenefit/{one}/_history/1",
    "Organization?_count=100",
    "Organization/{clinic}",
    "Practitioner?_count=100",
    "AuditEvent?_count=100",
)
PLACES = {
    Kind.ICD_10_DIAGNOSIS: ("diagnosis", codes.ICD_10_CM),
    Kind.ICD_9_DIAGNOSIS: ("diagnosis", codes.ICD_9_CM),
    Kind.ICD_10_PROCEDURE: ("procedure", codes.ICD_10_PCS),
    Kind.ICD_9_PROCEDURE: ("procedure", codes.ICD_9_CM),
    Kind.SERVICE: ("service", codes.HCPCS),
    Kind.MS_DRG: ("drg", codes.MS_DRG),
}
"""Where in a claim each kind of code stands, and its system."""
ELSEWHERE = {
    "diagnosis": ((codes.ICD_9_CM, Kind.ICD_9_DIAGNOSIS), (codes.ICD_10_CM, Kind.ICD_10_DIAGNOSIS)),
    "procedure": ((codes.ICD_9_CM, Kind.ICD_9_PROCEDURE), (codes.ICD_10_PCS, Kind.ICD_10_PROCEDURE)),
    "service": ((codes.HIPPS, None), ("urn:example:local-codes", None)),
    "drg": ((codes.AP_DRG, None), (codes.APR_DRG, None)),
    "fact": (("urn:example:local-codes", None), (codes.CDT, None), (codes.NDC, None)),
}
"""Where the same characters may stand and mean something else, unless that list holds them too."""


def listed() -> list[tuple[Kind, str]]:
    """Every code of the shipped list that counts on all the days of the claims below."""
    text = (files("fhir_facade.access") / "data" / f"part2-{SHIPPED}.csv").read_text(encoding="utf-8")
    rows = csv.reader(text.splitlines()[2:])
    return [(Kind(kind), code) for _, kind, code, since, until in rows if since <= "2022" and (until or "9") > "2027"]


LISTED = listed()
KNOWN = frozenset(LISTED)


def written(rng: random.Random, code: str) -> str:
    """A code as sources write it: with or without a dot, in capitals or small letters."""
    dotted = f"{code[:3]}.{code[3:]}" if len(code) > 3 and code[0] not in "HG" else code
    return rng.choice((code, dotted, code.lower()))


def carrying(place: str, code: Code) -> dict[str, object]:
    """What puts a code into that place of a claim."""
    harmless = Diagnosis(role=DiagnosisRole.PRINCIPAL, code=Code(codes.ICD_10_CM, "J069"))
    more: dict[str, dict[str, object]] = {
        "diagnosis": {"diagnoses": (harmless, Diagnosis(role=DiagnosisRole.SECONDARY, code=code))},
        "procedure": {"procedures": (Procedure(code=code),)},
        "service": {"lines": (LINE, replace(LINE, number=2, procedure=code))},
        "drg": {"drg": replace(code, version="41")},
        "fact": {"details": (Detail(category=Code("urn:example:facts", "fact"), code=code),)},
    }
    return more[place]


@dataclass
class Writer:
    """Writes claims of one member; each claim id says what the claim is."""

    number: int
    rng: random.Random

    def __post_init__(self) -> None:
        self._sequence = count(1)

    def _claim(self, name: str, **more: object) -> Claim:
        sequence = next(self._sequence)
        values = {"kind": ClaimKind.OUTPATIENT, "lines": (LINE,), "claim_id": f"{name}-{self.number}-{sequence}"}
        return claim(self.number, sequence % 1_400, **(values | more))

    def plain(self) -> Claim:
        return self._claim("plain")

    def sensitive(self) -> Claim:
        """A claim with a listed code somewhere; half of them of a clinic that does nothing else."""
        kind, code = self.rng.choice(LISTED)
        place, system = PLACES[kind]
        place = "fact" if self.rng.random() < 0.1 else place
        clinic = Party(PartyKind.ORGANIZATION, self.rng.choice(("clinic", f"sud-clinic{self.number}")))
        return self._claim("sud", billing_provider=clinic, **carrying(place, Code(system, written(self.rng, code))))

    def look_alike(self) -> Claim:
        """The same characters in a system or a place where they mean something else."""
        while True:
            place, (_, code) = self.rng.choice(sorted(ELSEWHERE)), self.rng.choice(LISTED)
            system, kind = self.rng.choice(ELSEWHERE[place])
            if (kind, code) not in KNOWN:
                return self._claim("like", **carrying(place, Code(system, written(self.rng, code))))


@pytest.fixture
def filler(request: pytest.FixtureRequest, database: str, tmp_path) -> Iterator[Filler]:
    place = request.getfixturevalue("postgresql").database() if database == "postgresql" else None
    url = replica_url(place, tmp_path)
    migrate(url)
    found = Filler(url, tmp_path, labels=POLICY.labels)
    yield found
    found.close()


def synced(filler: Filler, members: int, claims: int, rng: random.Random) -> dict[str, list[str]]:
    """Fill the copy; ids of sensitive claims by patient, of as many look-alikes and of a few plain ones."""
    known: dict[str, list[str]] = {}
    items = []
    for number in range(1, members + 1):
        writer = Writer(number, rng)
        made = [write() for write in (writer.sensitive, writer.look_alike) for _ in range(claims)]
        made += [writer.plain() for _ in range(5)]
        clinics = tuple(organization(name) for name in ("payer", "clinic", f"sud-clinic{number}"))
        items.append(records(number, made, organizations=clinics))
        known[f"{SOURCE}-m{number}"] = [one.claim_id for one in made]
    report = filler.sync(whole(*items))
    assert report.rejected == 0, report.rejects and report.rejects.read_text()
    return known


def all_ids(world: World, token: str) -> set[str]:
    """Every claim that a token shows, page by page."""
    found, path = set(), "ExplanationOfBenefit?_count=100"
    while path:
        bundle = world.get(path, token).json
        found |= {entry["resource"]["id"] for entry in bundle.get("entry", ())}
        path = next((link["url"] for link in bundle["link"] if link["relation"] == "next"), None)
    return found


@on_both
@pytest.mark.figure(of="R5")
def test_no_withheld_claim_shows_on_any_path_and_no_look_alike_is_missing(filler, full_counts, figure) -> None:
    rng = random.Random(SEED)
    members, claims = (100, 500) if full_counts else (2, 20)
    known = synced(filler, members, claims, rng)
    world, answers = World(filler.resources()), 0
    for patient, ids in known.items():
        number = patient.removeprefix(f"{SOURCE}-m")
        world.grants["hidden"] = grant_for(patient, withheld=[PART_2])
        hidden = [f"{SOURCE}-{one}" for one in ids if one.startswith("sud")]
        assert all_ids(world, "hidden") == {f"{SOURCE}-{one}" for one in ids if not one.startswith("sud")}
        assert all_ids(world, patient) == {f"{SOURCE}-{one}" for one in ids}
        total = world.get("ExplanationOfBenefit?_count=0", "hidden").json["total"]
        for path in PATHS:
            one = rng.choice(hidden)
            values = {"ids": ",".join(rng.sample(hidden, 5)), "one": one, "patient": patient}
            claim_number = f"CL{number}-{one.rpartition('-')[2]}"
            asked = path.format(**values, number=claim_number, clinic=f"{SOURCE}-sud-clinic{number}")
            answer = world.get(asked, "hidden")
            assert answer.status_code in (200, 404), asked
            told = [text for text in answer.text.split('"') if "sud" in text and "://" not in text and "?" not in text]
            assert told == [], asked
            assert answer.json.get("total", 0) <= max(total, 5), asked
            answers += 1
    withheld = members * claims
    figure(
        f"0 of {withheld} withheld claims in {answers} answers on {len(PATHS)} paths, {withheld} look-alikes all shown"
    )
