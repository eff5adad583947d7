"""The guide's rules over finished resources, written a second time and on their own: what the mapping is held against.

Rules that the published expressions of a version cannot enforce stand here as they were meant. Only the validator and
these rules judge; the mapping's own code is not used.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

CARIN = "http://hl7.org/fhir/us/carin-bb/CodeSystem/"
THO = "http://terminology.hl7.org/CodeSystem/"
AMOUNTS = {
    THO + "adjudication": {"submitted", "copay", "eligible", "deductible", "benefit"},
    CARIN + "C4BBAdjudication": {
        "coinsurance",
        "noncovered",
        "priorpayerpaid",
        "paidbypatient",
        "paidbypatientcash",
        "paidbypatientother",
        "paidtopatient",
        "paidtoprovider",
        "memberliability",
        "discount",
        "drugcost",
    },
}
INSTITUTIONAL = ("Inpatient-Institutional", "Outpatient-Institutional")
PRACTITIONERS = {"attending", "primary", "referring", "supervisor"}
DIAGNOSIS_TYPES = {
    "Inpatient-Institutional": {"principal", "admitting", "other", "externalcauseofinjury"},
    "Outpatient-Institutional": {"principal", "other", "externalcauseofinjury", "patientreasonforvisit"},
    "Professional-NonClinician": {"principal", "secondary"},
    "Oral": {"principal", "secondary"},
}
ROLES = {
    "Inpatient-Institutional": {"primary", "attending", "referring", "operating", "otheroperating", "rendering"},
    "Outpatient-Institutional": {"primary", "attending", "referring", "operating", "otheroperating", "rendering"},
    "Professional-NonClinician": {"primary", "supervisor", "rendering", "purchasedservice", "referring"},
    "Oral": {"primary", "supervisor", "rendering", "purchasedservice", "referring"},
    "Pharmacy": {"primary", "prescribing"},
}
HEADER_STATUS = {
    "Inpatient-Institutional": {"benefitpaymentstatus"},
    "Outpatient-Institutional": {"benefitpaymentstatus"},
    "Professional-NonClinician": set(),
    "Pharmacy": {"benefitpaymentstatus"},
    "Oral": {"benefitpaymentstatus", "renderingnetworkstatus"},
}
REQUIRED_INFORMATION = {
    "Inpatient-Institutional": {"admissionperiod"},
    "Pharmacy": {"dayssupply", "dawcode", "refillnum"},
}
REPEATABLE = {
    "patientweight",
    "ambulancetransportreason",
    "transportationdistance",
    "roudtrippurpose",
    "stretcherpurpose",
    "pickuplocation",
    "dropofflocation",
    "additionalbodysite",
    "missingtoothnumber",
}
TRANSPORT = REPEATABLE - {"additionalbodysite", "missingtoothnumber"}
TOOTH = THO + "ADAUniversalToothDesignationSystem"

Eob = dict[str, Any]


def codes(concept: dict[str, Any], *systems: str) -> set[str]:
    return {c["code"] for c in concept.get("coding", ()) if not systems or c["system"] in systems}


def is_amount(adjudication: dict[str, Any], version: str) -> bool:
    for system, members in AMOUNTS.items():
        extra = {"paidbypatienthealthaccount"} if version == "2.2.0" and "C4BB" in system else set()
        if codes(adjudication["category"], system) & (members | extra):
            return True
    return False


def _amount_rules(eob: Eob, kind: str, version: str) -> Iterator[str]:
    header = any(is_amount(a, version) for a in eob.get("adjudication", ()))
    per_line = [[is_amount(a, version) for a in item.get("adjudication", ())] for item in eob["item"]]
    if kind in INSTITUTIONAL:
        if header == any(any(line) for line in per_line):
            yield "EOB-institutional-item-or-header-adjudication"
        if any(line and not any(line) for line in per_line):
            yield "adjudication-has-amount-type-slice"
    elif not all(any(line) for line in per_line):
        yield "item.adjudication:adjudicationamounttype 1..*"
    if not any(is_amount(total, version) for total in eob.get("total", ())):
        yield "total:adjudicationamounttype 1..*"


def _provider_rules(eob: Eob, kind: str, version: str) -> Iterator[str]:
    contained = {"#" + c["id"]: c["resourceType"] for c in eob.get("contained", ())}
    for member in eob.get("careTeam", ()):
        (role,) = codes(member["role"])
        target = member["provider"]["reference"]
        type_ = contained.get(target) or target.split("/")[0]
        if role not in ROLES[kind]:
            yield f"careTeam.role {role}"
        wanted = _wanted(kind, role, version)
        if wanted and type_ != wanted:
            yield f"careTeam {role} is a {type_}"
        if kind == "Outpatient-Institutional" and role == "rendering" and "qualification" not in member:
            yield "EOB-careteam-qualification"
    provider = eob["provider"].get("reference", "")
    if kind in INSTITUTIONAL and version != "2.2.0" and provider.startswith("Practitioner"):
        yield "provider of an institutional claim"
    if kind == "Oral" and version == "2.0.0" and provider.startswith("Organization"):
        yield "provider of an oral claim"


def _wanted(kind: str, role: str, version: str) -> str | None:
    if kind == "Pharmacy":
        return "Organization" if version == "2.1.0" else "Practitioner"
    if role == "rendering" and kind in INSTITUTIONAL:
        return "Organization" if version == "2.1.0" else None
    return "Practitioner" if role in PRACTITIONERS | {"rendering"} else None


def _information_rules(eob: Eob, kind: str, version: str) -> Iterator[str]:
    entries = eob.get("supportingInfo", ())
    names = [next(iter(codes(e["category"], CARIN + "C4BBSupportingInfoType")), "") for e in entries]
    required = set(REQUIRED_INFORMATION.get(kind, ()))
    if kind == "Pharmacy" and version != "2.2.0":
        required.add("refillsauthorized")
    yield from (f"supportingInfo:{name} 1..1" for name in required - set(names))
    yield from (f"supportingInfo:{name} 0..1" for name in set(names) - REPEATABLE - {""} if names.count(name) > 1)
    cited = {n for item in eob["item"] for n in item.get("informationSequence", ())}
    if [e["sequence"] for e in entries] != list(range(1, len(entries) + 1)):
        yield "supportingInfo.sequence"
    for entry, name in zip(entries, names, strict=True):
        if name in TRANSPORT | {"additionalbodysite"} and entry["sequence"] not in cited:
            yield f"{name} is linked to no line"
    if not cited <= {e["sequence"] for e in entries}:
        yield "informationSequence cites nothing"
    yield from _origin_rules(eob)


def _origin_rules(eob: Eob) -> Iterator[str]:
    by_system = {
        c["system"]: c["code"] for e in eob.get("supportingInfo", ()) for c in e.get("code", {}).get("coding", ())
    }
    newborn = by_system.get("https://www.nubc.org/CodeSystem/PriorityTypeOfAdmitOrVisit") == "4"
    if newborn and "https://www.nubc.org/CodeSystem/PointOfOrigin" in by_system:
        yield "EOB-inst-pointoforigin: newborn"
    if not newborn and "https://www.nubc.org/CodeSystem/PointOfOriginNewborn" in by_system:
        yield "EOB-inst-pointoforigin: not newborn"


def _line_rules(eob: Eob, kind: str, version: str) -> Iterator[str]:
    sequences = [item["sequence"] for item in eob["item"]]
    if len(set(sequences)) != len(sequences) or min(sequences) < 1:
        yield "item.sequence"
    vision = "vision" in codes(eob["type"])
    for item in eob["item"]:
        service = codes(item["productOrService"])
        if kind == "Professional-NonClinician" and "not-applicable" in service and not vision:
            yield "EOB-vision-item-productorservice"
        if kind == "Inpatient-Institutional" and "revenue" not in item:
            yield "item.revenue"
        if kind in ("Outpatient-Institutional", "Pharmacy") and "servicedDate" not in item:
            yield "item.servicedDate"
        if kind in ("Professional-NonClinician", "Oral"):
            yield from _clinical_line(item)
        names = [next(iter(codes(a["category"]))) for a in item.get("adjudication", ())]
        if version != "2.2.0" and kind not in INSTITUTIONAL:
            single = {"adjustmentreason", "rejectreason"} if kind != "Pharmacy" else {"rejectreason"}
            yield from (f"item.adjudication:{n} 0..1" for n in single if names.count(n) > 1)
        if kind == "Oral":
            yield from _tooth_rules(eob, item)


def _clinical_line(item: dict[str, Any]) -> Iterator[str]:
    if "servicedDate" not in item and "servicedPeriod" not in item:
        yield "item.serviced"
    if not codes(item.get("locationCodeableConcept", {})):
        yield "item.location"
    status = [a for a in item["adjudication"] if codes(a["category"]) == {"benefitpaymentstatus"}]
    if len(status) != 1:
        yield "item.adjudication:benefitpaymentstatus 1..1"


def _tooth_rules(eob: Eob, item: dict[str, Any]) -> Iterator[str]:
    further = {
        e["sequence"]: e for e in eob.get("supportingInfo", ()) if codes(e["category"]) == {"additionalbodysite"}
    }
    cited = [further[n] for n in item.get("informationSequence", ()) if n in further]
    if cited and "bodySite" not in item:
        yield "Oral-line-item-with-linked-additionalbody-site-requires-bodysite"
    numbered = codes(item.get("bodySite", {}), TOOTH) or any(codes(e["code"], TOOTH) for e in cited)
    if item.get("subSite") and not numbered:
        yield "Oral-EOB-surface-subsite-requires-tooth-number"


def _diagnosis_rules(eob: Eob, kind: str, version: str) -> Iterator[str]:
    allowed = DIAGNOSIS_TYPES.get(kind)
    entries = eob.get("diagnosis", [])
    if allowed is None:
        return
    if not entries and kind != "Oral":
        yield "diagnosis 1..*"
    roles = [codes(t) for e in entries for t in e["type"]]
    if any(len(e["type"]) != 1 for e in entries) or any(not r <= allowed for r in roles):
        yield "diagnosis.type"
    if sum(r == {"principal"} for r in roles) > 1:
        yield "one principal diagnosis"
    principal = {
        c for e in entries if codes(e["type"][0]) == {"principal"} for c in codes(e["diagnosisCodeableConcept"])
    }
    for entry in entries:
        if codes(entry["type"][0]) & {"other", "secondary"} and codes(entry["diagnosisCodeableConcept"]) & principal - {
            "masked"
        }:
            yield "the principal diagnosis is repeated"
        if version == "2.0.0" and "masked" in codes(entry["diagnosisCodeableConcept"]):
            yield "masked in 2.0.0"


def _whole_rules(eob: Eob, kind: str, version: str) -> Iterator[str]:
    if (eob["use"], eob["outcome"]) != ("claim", "complete") or not codes(eob["type"], THO + "claim-type"):
        yield "use, outcome, type"
    if not all(p.endswith("|" + version) for p in eob["meta"]["profile"]) or not eob["meta"]["lastUpdated"]:
        yield "meta"
    if sum(entry["focal"] for entry in eob["insurance"]) != 1:
        yield "EOB-insurance-focal"
    payee = eob.get("payee", {})
    if codes(payee.get("type", {})) == {"other"} and "party" not in payee:
        yield "EOB-payee-other-type-requires-party"
    replaced = any(codes(r["relationship"]) == {"replacedby"} for r in eob.get("related", ()))
    if replaced and eob["status"] != "cancelled":
        yield "a replaced claim is cancelled"
    names = [next(iter(codes(a["category"]))) for a in eob.get("adjudication", ())]
    yield from (f"adjudication:{n}" for n in HEADER_STATUS[kind] if names.count(n) != 1)


_INVARIANTS: tuple[Callable[[Eob, str, str], Iterator[str]], ...] = (
    _whole_rules,
    _provider_rules,
    _information_rules,
    _line_rules,
    _diagnosis_rules,
)


def broken_rules(eob: Eob, version: str) -> list[str]:
    """Names of the rules that an ExplanationOfBenefit breaks."""
    profile = eob["meta"]["profile"][0].split("|")[0].rsplit("/C4BB-ExplanationOfBenefit-", 1)[1]
    kind = profile.removesuffix("-Basis")
    found = [rule for check in _INVARIANTS for rule in check(eob, kind, version)]
    return found + list(_amount_rules(eob, kind, version) if kind == profile else _no_money(eob))


def _no_money(eob: Eob) -> Iterator[str]:
    if "total" in eob or any("amount" in a for item in eob["item"] for a in item.get("adjudication", ())):
        yield "money in a Basis profile"


_STRING = re.compile(r"[ \r\n\t\S]+")
_CODE = re.compile(r"[^\s]+(\s[^\s]+)*")
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")


def malformed(value: Any, where: str = "") -> Iterator[str]:
    """Paths at which a resource holds what FHIR cannot: empty things, blank or controlled texts, floats."""
    if isinstance(value, dict):
        if not value:
            yield where
        for key, item in value.items():
            yield from malformed(item, f"{where}.{key}")
    elif isinstance(value, list):
        if not value:
            yield where
        for item in value:
            yield from malformed(item, where)
    elif isinstance(value, str):
        shape = _CODE if where.endswith((".code", ".system", ".status", ".gender")) else _STRING
        shape = _ID if where.endswith(".id") else shape
        if (
            not shape.fullmatch(value)
            or any(ord(c) < 32 and c not in "\t\r\n" for c in value)
            or value != value.strip()
        ):
            yield where
    elif not isinstance(value, (bool, int, Decimal)) or (isinstance(value, Decimal) and not value.is_finite()):
        yield where
