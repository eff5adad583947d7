"""Compares what a file says, what CMS's own server makes of it, and what the facade makes of it: cell by cell.

A cell counts when CMS's output carries its value anywhere but in a sequence number. It is found when the facade's
output has the value in the one place where that column belongs: a date as a date, money by its number under its
category, a code under its role, a number of somebody on the record of that somebody.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from fhir_facade.contracts.claims import MemberRecords
from fhir_facade.fhir.mapper import Mapped, Mapper
from fhir_facade_claims_rif import columns
from tests.plugins.rif.extract import changes

Json = dict[str, Any]
FILES = {"carrier": "bcarrier", "inpatient": "inpatient", "outpatient": "outpatient", "pde": "pde"}
_NUMBERING = re.compile(r"[sS]equence(\[\])?$")
_CARE_TEAM = {
    "AT_PHYSN_NPI": "attending",
    "OP_PHYSN_NPI": "operating",
    "OT_PHYSN_NPI": "otheroperating",
    "RNDRNG_PHYSN_NPI": "rendering",
    "PRF_PHYSN_NPI": "rendering",
    "RFR_PHYSN_NPI": "referring",
    "PRSCRBR_ID": "prescribing",
}
_SUPPORTING_CODES = {
    "PTNT_DSCHRG_STUS_CD": "discharge-status",
    "CLM_IP_ADMSN_TYPE_CD": "admtype",
    "CLM_SRC_IP_ADMSN_CD": "pointoforigin",
    "CLM_DRG_CD": "drg",
    "DAW_PROD_SLCTN_CD": "dawcode",
    "RX_ORGN_CD": "rxorigincode",
    "BRND_GNRC_CD": "brandgenericindicator",
    "CMPND_CD": "compoundcode",
    "DAYS_SUPLY_NUM": "dayssupply",
    "FILL_NUM": "refillnum",
    "NCH_WKLY_PROC_DT": "clmrecvddate",
}
_BILL = ("CLM_FAC_TYPE_CD", "CLM_SRVC_CLSFCTN_TYPE_CD", "CLM_FREQ_CD")
_PATHS = {
    "CLM_ID": "identifier.value",
    "PDE_ID": "identifier.value",
    "CLM_GRP_ID": "identifier.value",
    "RX_SRVC_RFRNC_NUM": "identifier.value",
    "CARR_CLM_CNTL_NUM": "identifier.value",
    "FI_DOC_CLM_CNTL_NUM": "identifier.value",
    "FI_ORIG_CLM_CNTL_NUM": "related.reference.value",
    "CLM_FROM_DT": "billablePeriod.start",
    "CLM_THRU_DT": "billablePeriod.end",
    "FI_CLM_PROC_DT": "created",
    "PD_DT": "payment.date",
    "LINE_1ST_EXPNS_DT": "item.servicedDate|item.servicedPeriod.start",
    "LINE_LAST_EXPNS_DT": "item.servicedDate|item.servicedPeriod.end",
    "REV_CNTR_DT": "item.servicedDate|item.servicedPeriod.start",
    "SRVC_DT": "item.servicedDate",
    "LINE_NUM": "item.sequence",
    "CLM_LINE_NUM": "item.sequence",
    "REV_CNTR": "item.revenue.coding.code",
    "HCPCS_CD": "item.productOrService.coding.code",
    "PROD_SRVC_ID": "item.productOrService.coding.code",
    "HCPCS_1ST_MDFR_CD": "item.modifier.coding.code",
    "LINE_PLACE_OF_SRVC_CD": "item.locationCodeableConcept.coding.code",
    "LINE_SRVC_CNT": "item.quantity.value",
    "REV_CNTR_UNIT_CNT": "item.quantity.value",
    "QTY_DSPNSD_NUM": "item.quantity.value",
}
_UNITS = {unit: count for count, unit in columns.QUANTITIES.items() if unit}
_QUALIFIED = {"SRVC_PRVDR_ID_QLFYR_CD": "SRVC_PRVDR_ID", "PRSCRBR_ID_QLFYR_CD": "PRSCRBR_ID"}
_PROVIDERS = ("CARR_CLM_BLG_NPI_NUM", "ORG_NPI_NUM", "PRVDR_NUM", "SRVC_PRVDR_ID")


@dataclass(frozen=True)
class Cell:
    """One filled cell that CMS's output carries, and whether the facade's output has it in its place."""

    column: str
    value: str
    found: bool


class Ours:
    """The facade's output for one claim, with the records it names."""

    def __init__(self, eob: Json, others: dict[str, Json], row: dict[str, str]) -> None:
        self.eob, self.others, self.row = eob, others, row

    def has(self, column: str, value: str) -> bool:
        """Whether the value stands where the column belongs."""
        return any(same(value, found) for found in self._values(column)) or self._special(column, value)

    def _values(self, column: str) -> Iterator[Any]:
        for path in _PATHS.get(column, "").split("|"):
            yield from at(self.eob, path.split(".")) if path else ()
        if column in _SUPPORTING_CODES:
            yield from self._info(_SUPPORTING_CODES[column])
        yield from self._info(_UNITS.get(column, column).lower())
        yield from (money for money in self._money(column))

    def _info(self, category: str) -> Iterator[Any]:
        for entry in self.eob.get("supportingInfo", []):
            if category in at(entry, ["category", "coding", "code"]):
                yield from leaves({k: v for k, v in entry.items() if k not in ("category", "sequence")})

    def _money(self, column: str) -> Iterator[Decimal]:
        names = {column.lower()}
        names |= {str(table[column]) for table in (columns.TOTALS, columns.LINE_AMOUNTS) if column in table}
        line = column in columns.LINE_AMOUNTS or column.startswith(("LINE_", "REV_", "GDC_", "LICS", "OTHR", "NCVRD"))
        places = at(self.eob, ["item", "adjudication"]) if line else self.eob.get("total", [])
        for entry in places:
            if names & set(at(entry, ["category", "coding", "code"])) and "amount" in entry:
                yield entry["amount"]["value"]

    def _special(self, column: str, value: str) -> bool:
        for test in (self._diagnosis, self._version, self._procedure, self._person, self._stay):
            if test(column, value):
                return True
        return False

    def _diagnosis(self, column: str, value: str) -> bool:
        roles: dict[str, set[str]] = {
            r"PRNCPAL_DGNS_CD|ICD_DGNS_CD1": {"principal"},
            r"ICD_DGNS_CD\d+|LINE_ICD_DGNS_CD": {"other", "secondary"},
            r"ADMTG_DGNS_CD": {"admitting"},
            r"(FST|ICD)_DGNS_E_CD\d*": {"externalcauseofinjury"},
            r"RSN_VISIT_CD\d": {"patientreasonforvisit"},
        }
        wanted = next((role for pattern, role in roles.items() if re.fullmatch(pattern, column)), set())
        return any(d["role"] in wanted and same(value, d["code"]) for d in self._diagnoses()) or self._present(
            column, value
        )

    def _diagnoses(self) -> Iterator[Json]:
        for entry in self.eob.get("diagnosis", []):
            code, system = (at(entry, ["diagnosisCodeableConcept", "coding", key]) for key in ("code", "system"))
            role = at(entry, ["type", "coding", "code"])[0]
            yield {
                "role": role,
                "code": code[0],
                "system": system[0],
                "poa": at(entry, ["onAdmission", "coding", "code"]),
            }

    def _present(self, column: str, value: str) -> bool:
        match = re.fullmatch(r"CLM_(E_)?POA_IND_SW(\d+)", column)
        code = self.row.get(f"ICD_DGNS_{match.group(1) or ''}CD{match.group(2)}") if match else None
        return any(same(code, d["code"]) and value in d["poa"] for d in self._diagnoses()) if code else False

    def _version(self, column: str, value: str) -> bool:
        match = re.fullmatch(r"(.*)_VRSN_(CD\d*)", column)
        code = self.row.get(f"{match.group(1)}_{match.group(2)}") if match else None
        edition = {"0": "10", "9": "9"}.get(value, "none")
        pairs = [(d["code"], d["system"]) for d in self._diagnoses()]
        for entry in at(self.eob, ["procedure", "procedureCodeableConcept", "coding"]):
            pairs.append((entry["code"], entry["system"]))
        return (
            any(same(code, found) and re.search(rf"(?i)icd-?{edition}\b", system) for found, system in pairs)
            if code
            else False
        )

    def _procedure(self, column: str, value: str) -> bool:
        match = re.fullmatch(r"(ICD_PRCDR_CD|PRCDR_DT)(\d+)", column)
        if not match:
            return False
        code = self.row[f"ICD_PRCDR_CD{match.group(2)}"]
        wanted = "principal" if match.group(2) == "1" else "other"
        for entry in self.eob.get("procedure", []):
            right = same(code, at(entry, ["procedureCodeableConcept", "coding", "code"])[0])
            if right and wanted in at(entry, ["type", "coding", "code"]):
                return match.group(1) == "ICD_PRCDR_CD" or same(value, entry.get("date"))
        return False

    def _person(self, column: str, value: str) -> bool:
        """The number of somebody on their record; a qualifier of 01 means that the record calls the number an NPI."""
        number = _QUALIFIED.get(column, column)
        found = [identifier for person in self._people(number) for identifier in person.get("identifier", [])]
        if column in _QUALIFIED:
            return value == "01" and any(i.get("system", "").endswith("us-npi") for i in found)
        return any(value == i.get("value") for i in found)

    def _people(self, column: str) -> Iterator[Json]:
        if column in _PROVIDERS:
            yield self.others[self.eob["provider"]["reference"]]
        for member in self.eob.get("careTeam", []):
            if _CARE_TEAM.get(column) in at(member, ["role", "coding", "code"]):
                yield self.others[member["provider"]["reference"]]

    def _stay(self, column: str, value: str) -> bool:
        edge = {"CLM_ADMSN_DT": "start", "NCH_BENE_DSCHRG_DT": "end"}.get(column)
        if edge:
            return any(same(value, found) for found in at(self.eob, ["supportingInfo", "timingPeriod", edge]))
        bills = [str(code) for code in self._info("typeofbill")]
        return column in _BILL and any(bill[-3:][_BILL.index(column)] == value for bill in bills if len(bill) > 2)


def at(node: Any, path: list[str]) -> list[Any]:
    """Everything at ``path``, through lists."""
    if isinstance(node, list):
        return [found for item in node for found in at(item, path)]
    if not path:
        return [node]
    return at(node[path[0]], path[1:]) if isinstance(node, dict) and path[0] in node else []


def leaves(node: Any, path: str = "") -> Iterator[Any]:
    """Every value of ``node`` that is no sequence number."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield from leaves(value, key)
    elif isinstance(node, list):
        for value in node:
            yield from leaves(value, path)
    elif not _NUMBERING.search(path):
        yield node


def same(cell: str | None, found: Any) -> bool:
    """Whether a value of the output means what the cell says: dates as dates, numbers by value, codes without dots."""
    if cell is None or found is None or isinstance(found, bool):
        return False
    if re.fullmatch(r"\d{2}-[A-Za-z]{3}-\d{4}", cell):
        return str(found)[:10] == datetime.strptime(cell.title(), "%d-%b-%Y").strftime("%Y-%m-%d")  # noqa: DTZ007
    if re.fullmatch(r"-?\d+(\.\d+)?", cell) and isinstance(found, (int, Decimal)):
        return Decimal(cell) == found
    plain = [str(text).replace(".", "").upper() for text in (cell, found)]
    return plain[0] == plain[1] or (
        plain[0].isdigit() and plain[1].isdigit() and plain[0].lstrip("0") == plain[1].lstrip("0")
    )


def compare(shared: Path) -> dict[str, list[Cell]]:
    """Every counted cell of the four files."""
    folder = shared / "data/rif/sample-a"
    mapper = Mapper("rif", "2.2.0", False)
    told = [change for change in changes(folder) if isinstance(change, MemberRecords)]
    mapped = [found for records in told for found in mapper.resources(records) if isinstance(found, Mapped)]
    others = {f"{found.type}/{found.id}": found.resource for found in mapped}
    results = {}
    for kind, file in FILES.items():
        row = _first_row(folder / f"sample-a-{file}.txt")
        theirs = json.loads(
            (shared / f"data/expected/bfd-v2/eobRead{kind.title()}.json").read_text(), parse_float=Decimal
        )
        eob = next(f.resource for f in mapped if f.id.startswith(f"rif-{kind}-"))
        carried = list(leaves(theirs))
        ours = Ours(eob, others, row)
        results[kind] = [
            Cell(column, value, ours.has(column, value))
            for column, value in row.items()
            if any(same(value, found) for found in carried)
        ]
    return results


def _first_row(path: Path) -> dict[str, str]:
    header, first = path.read_text(encoding="utf-8-sig").splitlines()[:2]
    pairs = zip(header.split("|"), first.split("|"), strict=False)
    return {column: value.strip() for column, value in pairs if value.strip()}
