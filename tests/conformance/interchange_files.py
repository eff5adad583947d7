"""Claims that come out of X12 files: every kind of 837 joined with its 835, a reversal and a denial among them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.conformance.sources import Records
from tests.plugins.x12.interchanges import (
    DENTAL,
    DENTAL_PAID,
    ambulance,
    institutional,
    interchange,
    load,
    negated,
    office,
    paid,
    payment,
    subscriber,
)

DENIED = ["CLP*PCN3*4*150.10*0.00**MC*ICN30*11*1", "CAS*CO*29*150.10", "NM1*QC*1*ORTIZ*ANA****MI*M1", "MOA***N211"]
STAY = [
    "CLP*STAY*1*5000.00*3900.00*100.00*MC*ICN40*11*1",
    "CAS*CO*45*1000.00",
    "CAS*PR*2*100.00",
    "NM1*QC*1*ORTIZ*ANA****MI*M1",
]
VISIT = [
    "CLP*VISIT*1*5000.00*3000.00**MC*ICN50*13*1",
    "NM1*QC*1*ORTIZ*ANA****MI*M1",
    "SVC*NU:0120*4000.00*2500.00**3",
    "CAS*CO*45*1500.00",
    "SVC*HC:G0306*1000.00*500.00*0300*2",
    "CAS*CO*45*500.00",
]


def x12() -> Records:
    """One member's claims out of files made by the standard's rules."""
    with tempfile.TemporaryDirectory() as folder:
        files = {f"{number:02}.x12": text for number, text in enumerate(_files())}
        loaded = load(Path(folder) / "in", files, network="innetwork")
    return Records("x12", tuple(loaded.records), tuple(f"{file}: {reason}" for file, _, reason in loaded.rejects))


def _files() -> Iterator[str]:
    yield interchange("837P", [*subscriber(), *office()])
    yield interchange("835", payment(paid()), day="20260110")
    yield interchange("835", payment(negated(paid()), paid(number="ICN2"), paid_on="20260202"), day="20260202")
    yield interchange("837P", ambulance("PCN2"))
    yield interchange("835", payment(paid("PCN2", "ICN20")), day="20260110")
    yield interchange("837P", [*subscriber(), *office("PCN3")])
    yield interchange("835", payment(DENIED), day="20260110")
    yield interchange("837D", DENTAL)
    yield interchange("835", payment(DENTAL_PAID), day="20260110")
    for control, bill_type, admitted, decided in (("STAY", "11", True, STAY), ("VISIT", "13", False, VISIT)):
        yield interchange(
            "837I", [one.replace("HOSP1", control) for one in institutional(bill_type, admitted=admitted)]
        )
        yield interchange("835", payment(decided), day="20260110")
