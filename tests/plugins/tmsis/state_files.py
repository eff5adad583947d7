"""Writes small T-MSIS folders for tests: each record says only what its test is about."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path

from fhir_facade.contracts.claims import Change, MemberRecords, Rejected
from fhir_facade.contracts.plugin import SourceContext
from fhir_facade.contracts.records import Claim
from fhir_facade_claims_tmsis import plugin
from fhir_facade_claims_tmsis.layout import Layout, bundled
from fhir_facade_claims_tmsis.settings import TmsisSettings
from fhir_facade_claims_tmsis.source import TmsisSource
from fhir_facade_claims_tmsis.writing import Style, Value, Writer

BASE = "https://claims.example.gov"
DAY = date(2024, 3, 4)
Cells = dict[str, Value]

HEADER: Cells = {
    "MSIS-IDENTIFICATION-NUM": "M1",
    "ICN-ORIG": "C1",
    "ADJUSTMENT-IND": "0",
    "ADJUDICATION-DATE": date(2024, 4, 1),
    "TYPE-OF-CLAIM": "1",
    "CLAIM-STATUS-CATEGORY": "F1",
    "CLAIM-DENIED-INDICATOR": "1",
    "BILLING-PROV-NUM": "P1",
    "BILLING-PROV-NPI-NUM": "1234567893",
    "PAYMENT-LEVEL-IND": "2",
}
SERVED: Cells = {"BEGINNING-DATE-OF-SERVICE": DAY, "ENDING-DATE-OF-SERVICE": DAY}
DIAGNOSIS: Cells = {"DIAGNOSIS-CODE-1": "J029", "DIAGNOSIS-CODE-FLAG-1": "2"}
HEADERS: dict[str, Cells] = {
    "CIP": DIAGNOSIS | {"ADMISSION-DATE": DAY, "DISCHARGE-DATE": date(2024, 3, 8), "TYPE-OF-BILL": "0111"},
    "CLT": DIAGNOSIS | SERVED | {"ADMISSION-DATE": DAY, "TYPE-OF-BILL": "0211"},
    "COT": DIAGNOSIS | SERVED | {"PLACE-OF-SERVICE": "11"},
    "CRX": {"PRESCRIPTION-FILL-DATE": DAY, "COMPOUND-DRUG-IND": "0"},
}
LINES: dict[str, Cells] = {
    "CIP": SERVED
    | {"REVENUE-CODE": "0120", "REVENUE-CHARGE": Decimal("100.50"), "MEDICAID-PAID-AMT": Decimal("80.00")},
    "CLT": SERVED | {"REVENUE-CODE": "0190", "REVENUE-CHARGE": Decimal("100.50")},
    "COT": SERVED
    | {"PROCEDURE-CODE": "99213", "PROCEDURE-CODE-FLAG": "01", "BILLED-AMT": Decimal("100.50")}
    | {"MEDICAID-PAID-AMT": Decimal("80.00"), "SERVICING-PROV-NUM": "P2"},
    "CRX": {"NATIONAL-DRUG-CODE": "50090443201", "OT-RX-CLAIM-QUANTITY-ACTUAL": Decimal("30.500")}
    | {"DAYS-SUPPLY": 30, "NEW-REFILL-IND": "00", "BILLED-AMT": Decimal("20.00"), "PRESCRIPTION-NUM": "RX1"},
}
PERSON: Cells = {
    "ELIGIBLE-FIRST-NAME": "Ann",
    "ELIGIBLE-LAST-NAME": "Doe",
    "SEX": "F",
    "DATE-OF-BIRTH": date(1980, 1, 2),
}


class Folder:
    """A folder of files of one delivery, written record by record.

    Args:
        path: where they go.
        fixed: fixed-length rather than pipe-separated.
        layout: the dictionary version; the bundled one unless told.
        created: day on which the files are made.
    """

    def __init__(
        self, path: Path, *, fixed: bool = False, layout: Layout | None = None, created: date = date(2024, 5, 1)
    ) -> None:
        self.path = path
        path.mkdir(exist_ok=True, parents=True)
        self._style = Style(layout=layout or bundled()[0], fixed=fixed, state="06", created=created)
        self._records: dict[str, list[tuple[str, Cells]]] = {}

    def add(self, segment: str, cells: Mapping[str, Value]) -> None:
        """One record."""
        self._records.setdefault(segment[:3], []).append((segment, dict(cells)))

    def person(self, number: str = "M1", **cells: Value) -> None:
        """A member with demographics and one enrolment."""
        own: Cells = {"MSIS-IDENTIFICATION-NUM": number}
        self.add("ELG00002", own | PERSON | {name.replace("_", "-"): value for name, value in cells.items()})
        span: Cells = {"ENROLLMENT-TYPE": "1", "ENROLLMENT-EFF-DATE": date(2020, 1, 1)}
        self.add("ELG00021", own | span | {"ENROLLMENT-END-DATE": date(9999, 12, 31)})

    def claim(self, subject: str, header: Cells | None = None, *lines: Cells) -> None:
        """A claim of one line, or of these."""
        top = HEADER | HEADERS[subject] | (header or {})
        self.add(f"{subject}00002", top)
        keys = ("MSIS-IDENTIFICATION-NUM", "ICN-ORIG", "ICN-ADJ", "ADJUDICATION-DATE")
        join: Cells = {name: top.get(name) for name in keys} | {"LINE-ADJUSTMENT-IND": top["ADJUSTMENT-IND"]}
        for place, line in enumerate(lines or ({},), start=1):
            self.add(f"{subject}00003", join | {"LINE-NUM-ORIG": f"{place:03}"} | LINES[subject] | line)

    def write(self) -> Path:
        """The files."""
        for subject, records in self._records.items():
            with Writer(self.path, subject, self._style) as writer:
                for segment, cells in records:
                    writer.record(segment, cells)
        return self.path


def source(folder: Path, **settings: object) -> TmsisSource:
    """A source over ``folder`` with a scratch folder of its own."""
    context = SourceContext(name="tmsis", scratch=Path(tempfile.mkdtemp()))
    opened = plugin.open(TmsisSettings(folder=folder, base=BASE, **settings), context)  # type: ignore[arg-type]
    assert isinstance(opened, TmsisSource)
    return opened


def changes(folder: Path, **settings: object) -> list[Change]:
    """Everything a first run tells."""
    return list(source(folder, **settings).changes(None))


def claims(told: Iterable[Change]) -> list[Claim]:
    """The claims among ``told``."""
    return [claim for change in told if isinstance(change, MemberRecords) for claim in change.claims]


def rejects(told: Iterable[Change]) -> list[tuple[str, int | str, str]]:
    """File, line and reason of each reject among ``told``."""
    return [(c.position.file, c.position.line, c.reason) for c in told if isinstance(c, Rejected)]


def the_claims(folder: Path, **settings: object) -> dict[str, Claim]:
    """The claims of a folder without rejects, by claim number."""
    told = changes(folder, **settings)
    assert rejects(told) == []
    return {claim.claim_number.value: claim for claim in claims(told)}


def the_member(folder: Path, **settings: object) -> MemberRecords:
    """The only member of a folder without rejects."""
    told = changes(folder, **settings)
    assert rejects(told) == []
    (records,) = [change for change in told if isinstance(change, MemberRecords)]
    return records
