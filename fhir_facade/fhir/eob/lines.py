"""Parts of ``item`` that several kinds of claim share."""

from __future__ import annotations

import re
from datetime import date

from fhir_facade.contracts.codes import CDT, CPT, HCPCS, HIPPS, NDC, PLACE_OF_SERVICE, Code
from fhir_facade.contracts.records import Claim, ClaimLine
from fhir_facade.fhir.eob.draft import Draft
from fhir_facade.fhir.eob.supporting_info import NUBC
from fhir_facade.fhir.unfit import Unfit
from fhir_facade.fhir.values import ABSENT_REASON, Json, absent, concept, day, period, quantity, whole

_REVENUE = re.compile(r"[0-9]{4}")
_PLACE = re.compile(r"[0-9]{2}")
_NDC = re.compile(r"[0-9]{11}")
_NDC_PARTS = (5, 4, 2)
_CDT_CODE = re.compile(r"D[0-9]{4}")
MODIFIERS = frozenset({CPT, HCPCS})
PROFESSIONAL = frozenset({CPT, HCPCS})
INSTITUTIONAL = frozenset({CPT, HCPCS, HIPPS})

UNKNOWN_PROCEDURE: Json = {
    "coding": [{"system": HCPCS, "code": "unknown", "_code": absent()}],
    "text": "The claim names no procedure code",
}
"""A professional line that names no procedure.

The profile demands a code of CPT or HCPCS and keeps ``not-applicable`` for vision claims, so nothing stands between
losing the member's whole claim and saying, in the code's place and by extension, that it is unknown.
"""


def unique_numbers(claim: Claim) -> None:
    """Line numbers stay the source's; they must be positive and unique [36].

    Raises:
        Unfit: there is no line, or a number repeats.
    """
    if not claim.lines:
        raise Unfit("there are no lines")
    if len({line.number for line in claim.lines}) != len(claim.lines):
        raise Unfit("two lines have the same number")


def numbered(line: ClaimLine) -> Json:
    """The start of an item: its sequence."""
    return {"sequence": whole(line.number, "a line number", least=1)}


def notes(draft: Draft, line: ClaimLine) -> Json:
    """``noteNumber``: those of the claim's notes that the line cites."""
    if not line.note_numbers:
        return {}
    known = {note.number for note in draft.claim.notes}
    cited = [number for number in dict.fromkeys(line.note_numbers) if number in known]
    return {"noteNumber": cited} if cited else {}


def revenue(line: ClaimLine) -> Json:
    """Revenue code, four digits [86].

    Raises:
        Unfit: it is no revenue code.
    """
    if line.revenue is None:
        return {}
    code = line.revenue.zfill(4)
    if not _REVENUE.fullmatch(code):
        raise Unfit(f"line {line.number} has a revenue code that is not four digits")
    return {"revenue": concept(f"{NUBC}/RevenueCodes", code)}


def not_applicable(draft: Draft) -> Json:
    """The product or service of a line that has none."""
    return draft.guide.concept(ABSENT_REASON, "not-applicable")


def service(line: ClaimLine, systems: frozenset[str], names: str) -> Json:
    """``productOrService`` of a line with a procedure [40, 194].

    Raises:
        Unfit: it is missing or of another system than the profile binds.
    """
    code = line.procedure
    if code is None:
        raise Unfit(f"line {line.number} needs a {names} code")
    if code.system not in systems:
        raise Unfit(f"line {line.number} needs a {names} code; it has one of {code.system}")
    return concept(code.system, code.value, code.version, code.display)


def institutional_service(draft: Draft, line: ClaimLine) -> Json:
    """A procedure code, or not-applicable where the line says its service by revenue code alone.

    A payer's local code goes beside ``not-applicable``, which satisfies the required value set.
    """
    code = line.procedure
    if code is None:
        return not_applicable(draft)
    if code.system in INSTITUTIONAL:
        return concept(code.system, code.value, code.version, code.display)
    own = concept(code.system, code.value, code.version, code.display)
    return own | {"coding": not_applicable(draft)["coding"] + own["coding"]}


def dental(code: Code) -> Code:
    """HCPCS level II holds the dental codes too; on a dental claim ``D0120`` is CDT."""
    if code.system == HCPCS and _CDT_CODE.fullmatch(code.value):
        return Code(CDT, code.value, code.version, code.display)
    return code


def modifiers(draft: Draft, line: ClaimLine) -> Json:
    """CPT and HCPCS modifiers [41, 195]; the profiles bind no others."""
    if not line.modifiers:
        return {}
    found = [m for m in line.modifiers if m.system in MODIFIERS]
    if len(found) < len(line.modifiers):
        draft.note(f"line {line.number} has a modifier that is neither CPT nor HCPCS; it is left out")
    return {"modifier": [concept(m.system, m.value) for m in found]} if found else {}


def serviced_day(line: ClaimLine, kind: str, start: date | None = None) -> Json:
    """``servicedDate`` [90].

    Args:
        line: the line.
        kind: the kind of claim, for the reason.
        start: what counts where the line has no day of its own.

    Raises:
        Unfit: there is no day of service.
    """
    first = line.service_start or start
    if first is None:
        raise Unfit(f"{kind} lines need a date of service; line {line.number} has none")
    if line.service_end is not None and line.service_end < first:
        raise Unfit(f"the service of line {line.number} ends before it starts")
    return {"servicedDate": day(first, f"the service date of line {line.number}")}


def serviced_span(line: ClaimLine, kind: str) -> Json:
    """``servicedDate`` of one day, ``servicedPeriod`` of several [118, 119]."""
    if line.service_start is None or line.service_end in (None, line.service_start):
        return serviced_day(line, kind)
    return {"servicedPeriod": period(line.service_start, line.service_end, f"the service of line {line.number}")}


def place(line: ClaimLine, kind: str) -> Json:
    """Place of service, two digits [46].

    Raises:
        Unfit: it is missing or no such code.
    """
    code = (line.place_of_service or "").zfill(2)
    if line.place_of_service is None or not _PLACE.fullmatch(code):
        raise Unfit(f"{kind} lines need a two-digit place of service; line {line.number} has none")
    return {"locationCodeableConcept": concept(PLACE_OF_SERVICE, code)}


def units(line: ClaimLine) -> Json:
    """Units, visits or days billed, digits as in the source [42]."""
    if line.units is None:
        return {}
    return {"quantity": quantity(line.units, line.unit, f"the units of line {line.number}")}


def eleven_digits(drug: Code, where: str) -> Code:
    """An NDC as CARIN wants it: eleven digits, ten-digit forms with hyphens padded where their part is short.

    Raises:
        Unfit: it is not an NDC.
    """
    parts = drug.value.split("-")
    if len(parts) == len(_NDC_PARTS):
        parts = [part.zfill(size) for part, size in zip(parts, _NDC_PARTS, strict=True)]
    bare = "".join(parts)
    if drug.system != NDC or not _NDC.fullmatch(bare):
        raise Unfit(f"{where} has a drug that is not an eleven-digit NDC")
    return Code(NDC, bare, drug.version, drug.display)


def drug_detail(line: ClaimLine) -> Json:
    """The drug of a medical line [38, 39], as the line's detail."""
    if line.drug is None:
        return {}
    code = eleven_digits(line.drug, f"line {line.number}")
    detail: Json = {"sequence": 1, "productOrService": concept(code.system, code.value, None, code.display)}
    if line.quantity is not None:
        detail["quantity"] = quantity(line.quantity, line.quantity_unit, f"the drug quantity of line {line.number}")
    return {"detail": [detail]}
