"""Substance-use claims that a member withholds are nowhere, on any path, whatever carries the code; nothing else is.

The claims go the whole way: records, labels by the lists, the copy in a real database, the endpoints.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from itertools import count

import pytest

from fhir_facade.access.sensitivity import PART_2, SHIPPED, Kind, load
from fhir_facade.contracts import codes
from fhir_facade.contracts.codes import Code
from fhir_facade.contracts.people import MatchKey
from fhir_facade.contracts.records import ClaimKind, ClaimLine, Diagnosis, DiagnosisRole, Party, PartyKind, Procedure
from fhir_facade.resources.database import migrate, replica_url
from tests.databases import on_both
from tests.resources.filled import Filler
from tests.resources.world import SOURCE, claim, organization, records, whole
from tests.web.fhir.grammar import SEED
from tests.web.fhir.world import World, grant_for

POLICY = load()
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
    "Organization?_revinclude=ExplanationOfBenefit:provider",
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
ELSEWHERE = (codes.APR_DRG, codes.CDT, codes.NDC, "urn:example:local-codes")
"""Systems whose codes say nothing about substance use, whatever they look like."""


def listed() -> list[tuple[Kind, str]]:
    """Every code of the shipped list that counts on all the days of the claims below."""
    text = (files("fhir_facade.access") / "data" / f"part2-{SHIPPED}.csv").read_text(encoding="utf-8")
    rows = csv.reader(text.splitlines()[2:])
    return [(Kind(kind), code) for _, kind, code, since, until in rows if since <= "2022" and (until or "9") > "2027"]


LISTED = listed()
KNOWN = frozenset(LISTED)


def written(rng: random.Random, code: str) -> str:
    """A code as sources write it: with or without dots, in small letters, with a space behind."""
    dotted = f"{code[:3]}.{code[3:]}" if len(code) > 3 and code[0] not in "HG" else code
    return rng.choice((code, dotted, code.lower(), f"{code} "))


def carrying(place: str, code: Code) -> dict[str, object]:
    """What puts a code into that place of a claim."""
    harmless = Diagnosis(role=DiagnosisRole.PRINCIPAL, code=Code(codes.ICD_10_CM, "J069"))
    return {
        "diagnosis": {"diagnoses": (harmless, Diagnosis(role=DiagnosisRole.SECONDARY, code=code))},
        "procedure": {"procedures": (Procedure(code=code),)},
        "service": {"lines": (ClaimLine(number=1, procedure=Code(codes.CPT, "99213")), ClaimLine(2, procedure=code))},
        "drg": {"drg": code},
    }[place]
