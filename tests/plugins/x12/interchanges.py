"""Writes X12 interchanges for tests, with the counts that the standard wants."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fhir_facade.contracts.claims import Change, Checkpoint, MemberRecords, Rejected
from fhir_facade.contracts.plugin import SourceContext
from fhir_facade.contracts.records import Claim
from fhir_facade_claims_x12 import X12Settings, X12Source

GUIDES = {
    "837P": ("HC", "837", "005010X222A1"),
    "837I": ("HC", "837", "005010X223A2"),
    "837D": ("HC", "837", "005010X224A2"),
    "835": ("HP", "835", "005010X221A1"),
    "834": ("BE", "834", "005010X220A1"),
}
BILLING = ["NM1*85*2*HILLTOP CLINIC*****XX*1234567893", "N3*1 MAIN ST", "N4*SANTA FE*NM*87501", "REF*EI*891234567"]
PAYEE = ["N1*PR*EXAMPLE STATE MEDICAID", "N1*PE*HILLTOP CLINIC*XX*1234567893"]


def interchange(kind: str, body: list[str], *, day: str = "20260105", marks: str = "*:~", newline: str = "\n") -> str:
    """One interchange with one transaction; ``marks`` are the separators of elements, components and segments."""
    code, name, version = GUIDES[kind]
    element, component, terminator = marks
    inside = [f"ST*{name}*0001*{version}", *body]
    inside.append(f"SE*{len(inside) + 1}*0001")
    isa = "ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *260105*1200*^*00501*000000001*0*T*:"
    outer = [isa, f"GS*{code}*SENDER*RECEIVER*{day}*1200*1*X*{version}", *inside, "GE*1*1", "IEA*1*000000001"]
    text = newline.join(f"{segment}~" for segment in outer)
    return text.replace("*", "\0").replace(":", component).replace("~", terminator).replace("\0", element)


def subscriber(number: str = "M1", family: str = "ORTIZ", given: str = "ANA") -> list[str]:
    """Billing provider and a subscriber who is the patient."""
    return [
        "BHT*0019*00*1*20260105*1200*CH",
        "HL*1**20*1",
        *BILLING,
        "HL*2*1*22*0",
        "SBR*P*18*GRP9******MC",
        f"NM1*IL*1*{family}*{given}****MI*{number}",
        "N3*2 SAGE ST",
        "N4*TAOS*NM*87571",
        "DMG*D8*19800203*F",
        "NM1*PR*2*EXAMPLE STATE MEDICAID*****PI*EXMCD",
    ]


def office(control: str = "PCN1", charge: str = "150.10", frequency: str = "1", original: str = "") -> list[str]:
    """A professional claim of two lines."""
    return [
        f"CLM*{control}*{charge}***11:B:{frequency}*Y*A*Y*Y",
        *([f"REF*F8*{original}"] if original else []),
        "REF*EA*MRN7",
        "HI*ABK:E119*ABF:I10",
        "NM1*82*1*LOPEZ*EVA****XX*1234567802",
        "PRV*PE*PXC*207Q00000X",
        "LX*1",
        "SV1*HC:99213:25*100.10*UN*1***1",
        "DTP*472*D8*20251201",
        "REF*6R*A1",
        "LX*2",
        "SV1*HC:G0008*50.00*UN*1***2",
        "DTP*472*D8*20251201",
        "REF*6R*A2",
    ]


DENTAL = [
    *subscriber(),
    "CLM*D1*300.00***11:B:1*Y*A*Y*Y",
    "DTP*452*D8*20250601",
    "DN1*18",
    "DN2*32*M****JP",
    "HI*ABK:K0252",
    "NM1*82*1*DIAZ*EVA****XX*1234567802",
    "PRV*PE*PXC*1223G0001X",
    "LX*1",
    "SV3*AD:D2392*200.00****1",
    "TOO*JP*14*M:O",
    "TOO*JP*15",
    "DTP*472*D8*20251203",
    "LX*2",
    "SV3*AD:D5213*100.00***R*1",
    "DTP*441*D8*20200101",
    "DTP*472*D8*20251203",
]
DENTAL_PAID = [
    "CLP*D1*1*300.00*210.00**MC*ICN8*11*1",
    "NM1*QC*1*ORTIZ*ANA****MI*M1",
    "SVC*AD:D2392*200.00*150.00**1",
    "CAS*CO*45*50.00",
    "SVC*AD:D5213*100.00*60.00**1",
    "CAS*CO*45*40.00",
]


def payment(*claims: list[str], paid_on: str = "20260110") -> list[str]:
    """The body of an 835."""
    head = [f"BPR*I*100.00*C*ACH************{paid_on}", "TRN*1*T1*1999999999", f"DTM*405*{paid_on}", *PAYEE, "LX*1"]
    return [*head, *(segment for claim in claims for segment in claim)]


def paid(control: str = "PCN1", number: str = "ICN1", status: str = "1", member: str = "M1") -> list[str]:
    """The payment of ``office``: a deductible, a copay, a write-off."""
    return [
        f"CLP*{control}*{status}*150.10*90.00*25.10*MC*{number}*11*1",
        f"NM1*QC*1*ORTIZ*ANA****MI*{member}",
        "DTM*050*20251220",
        "SVC*HC:99213:25*100.10*60.00**1",
        "DTM*472*20251201",
        "CAS*CO*45*15.00",
        "CAS*PR*1*20.10**3*5.00",
        "REF*6R*A1",
        "AMT*B6*85.10",
        "LQ*HE*N130",
        "SVC*HC:G0008*50.00*30.00**1",
        "DTM*472*20251201",
        "CAS*CO*45*20.00",
        "REF*6R*A2",
        "AMT*B6*30.00",
    ]


def negated(segments: list[str], number: str = "ICN1") -> list[str]:
    """The reversal of ``paid``."""
    return [
        f"CLP*PCN1*22*-150.10*-90.00*-25.10*MC*{number}*11*1",
        *segments[1:3],
        "SVC*HC:99213:25*-100.10*-60.00**-1",
        "DTM*472*20251201",
        "CAS*CO*45*-15.00",
        "CAS*PR*1*-20.10**3*-5.00",
        "SVC*HC:G0008*-50.00*-30.00**-1",
        "DTM*472*20251201",
        "CAS*CO*45*-20.00",
    ]


def institutional(bill_type: str, *, admitted: bool) -> list[str]:
    """An institutional claim of two lines, with a stay or without."""
    return [
        *subscriber(),
        f"CLM*HOSP1*5000.00***{bill_type}:A:1*Y*A*Y*Y",
        "DTP*434*RD8*20251101-20251104",
        *(["DTP*435*DT*202511010800"] if admitted else []),
        "CL1*1*1*01",
        "HI*ABK:I5023:::::::Y",
        "HI*ABJ:R0602" if admitted else "HI*APR:R0602",
        *(["HI*BBR:02HV33Z:D8:20251102"] if admitted else []),
        "NM1*71*1*BEGAY*TOM****XX*1234567802",
        "LX*1",
        "SV2*0120**4000.00*DA*3",
        "LX*2",
        "SV2*0300*HC:G0306*1000.00*UN*2",
        "DTP*472*D8*20251102",
    ]


def ambulance(control: str = "PCN1") -> list[str]:
    """A subscriber's ride to a hospital."""
    body = [*subscriber(), *office(control)]
    trip = ["CR1*LB*155.5**A*DH*21****Patient could not sit", "NM1*PW*2", "N3*1 SAGE ST", "N4*TAOS*NM*87571"]
    place = body.index("HI*ABK:E119*ABF:I10")
    body[place:place] = trip[:1]
    place = body.index("LX*1")
    body[place:place] = [*trip[1:], "NM1*45*2", "N3*9 HILL RD", "N4*TAOS*NM*87571"]
    return body


def source(folder: Path, **settings: Any) -> X12Source:
    """A source over the files in ``folder``, with a scratch folder beside it."""
    scratch = folder.parent / "scratch"
    scratch.mkdir(exist_ok=True)
    told = {"payer_name": "Example State Medicaid", "payer_id": "EXMCD"} | settings
    return X12Source(X12Settings(folder=folder, **told), SourceContext(name="x12", scratch=scratch))


class Loaded:
    """What a run handed over."""

    def __init__(self, changes: Iterator[Change]) -> None:
        self.changes = list(changes)
        self.records = [each for each in self.changes if isinstance(each, MemberRecords)]
        self.claims: list[Claim] = [claim for each in self.records for claim in each.claims]
        self.rejects = [(each.position.file, each.position.line, each.reason) for each in self._of(Rejected)]
        self.marks = self._of(Checkpoint)

    def _of(self, kind: type[Any]) -> list[Any]:
        return [each for each in self.changes if isinstance(each, kind)]


def load(folder: Path, files: dict[str, str], **settings: Any) -> Loaded:
    """Write the files and read them."""
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8", newline="")
    return Loaded(source(folder, **settings).changes(None))
