"""The ten kinds of RIF file: how a header tells them apart, and which of their columns are read."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from fhir_facade.contracts.records import ClaimKind
from fhir_facade_claims_rif import columns

_FAMILY = re.compile(r"(.*)\{(\d+)-(\d+)\}(.*)")
_NUMBERED = re.compile(r"(ICD_|CLM_POA_|CLM_E_POA_|PRCDR_DT|RSN_VISIT_).*\d")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FileKind:
    """One kind of file.

    Args:
        number: its place in the staging file; people come first.
        name: CMS's name, which starts the ids of its claims.
        record: the column that identifies the record; ``line`` that of its lines, None for one row per record.
        signature: columns that only this kind has.
        claim_kind: the profile of its claims; None for people.
        part: the part of Medicare that pays: ``a``, ``b`` or ``d``.
        fields: column → record field, of the columns that are read by name.
    """

    number: int
    name: str
    record: str
    signature: frozenset[str]
    fields: Mapping[str, str]
    line: str | None = None
    claim_kind: ClaimKind | None = None
    part: str = ""

    @property
    def claim_columns(self) -> tuple[str, ...]:
        """Every column of the claim (or the person)."""
        return _layout().get((self.name, "claim"), ()) + _layout().get((self.name, "person"), ())

    @property
    def line_columns(self) -> tuple[str, ...]:
        """Every column of a line; a kind with one row per record has none of its own."""
        return _layout().get((self.name, "line"), ())

    @property
    def known(self) -> frozenset[str]:
        """Every column of this kind."""
        return frozenset(self.claim_columns + self.line_columns)


_PERSON = {
    "DML_IND": "whether the record is new or deleted",
    "BENE_ID": "Member.member_id, Member.unique_member_id",
    "MBI_NUM": "Member.member_number, Member.match_keys, Coverage.subscriber_id",
}
_NAME = {
    "BENE_SRNM_NAME": "Member.names",
    "BENE_GVN_NAME": "Member.names",
    "BENE_MDL_NAME": "Member.names",
}
_BENEFICIARY = (
    _PERSON
    | _NAME
    | {
        "RFRNC_YR": "which year of the member the row tells",
        "BENE_BIRTH_DT": "Member.birth_date",
        "DEATH_DT": "Member.died_on",
        "BENE_SEX_IDENT_CD": "Member.gender",
        "BENE_RACE_CD": "Member.races, Member.ethnicity",
        "STATE_CODE": "Member.addresses.state",
        "STATE_CD": "Member.addresses.state",
        "BENE_ZIP_CD": "Member.addresses.postal_code",
        "STATE_CNTY_ZIP_CD": "Member.addresses.postal_code",
        "CITY_NAME": "Member.addresses.city",
        "PTA_CVRG_STRT_DT": "Coverage.starts_on of part A",
        "PTA_CVRG_END_DT": "Coverage.ends_on of part A",
        "PTB_CVRG_STRT_DT": "Coverage.starts_on of part B",
        "PTB_CVRG_END_DT": "Coverage.ends_on of part B",
        "PTD_CVRG_STRT_DT": "Coverage.starts_on of part D",
        "PTD_CVRG_END_DT": "Coverage.ends_on of part D",
    }
    | {f"DRVD_LINE_{n}_ADR": "Member.addresses.lines" for n in range(1, 7)}
    | {f"MDCR_ENTLMT_BUYIN_{n}_IND": "Coverage.starts_on by month, Coverage.ends_on by month" for n in range(1, 13)}
    | {f"PT{part.upper()}_{what}_{month}_ID": f"Coverage.plan_id of part {part.upper()} by month"
       for part in "cd" for what in ("CNTRCT", "PBP")
       for month in ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEPT", "OCT", "NOV", "DEC")}
)  # fmt: skip

BENEFICIARY = FileKind(
    number=0, name="beneficiary", record="BENE_ID", signature=frozenset({"RFRNC_YR"}), fields=_BENEFICIARY
)
HISTORY = FileKind(
    number=1, name="history", record="BENE_ID", signature=frozenset({"MBI_NUM", "EFCTV_BGN_DT"}), fields=_PERSON
)


def _claims(
    number: int, name: str, sign: str, part: str, kind: ClaimKind, line: str, fields: Mapping[str, str]
) -> FileKind:
    return FileKind(
        number=number, name=name, record="CLM_ID", signature=frozenset(sign.split()), part=part,
        claim_kind=kind, line=line, fields=fields,
    )  # fmt: skip


_REVENUE, _LINE = "CLM_LINE_NUM", "LINE_NUM"
CLAIM_KINDS = (
    _claims(2, "carrier", "CARR_LINE_MTUS_CNT", "b", ClaimKind.PROFESSIONAL, _LINE, columns.CARRIER),
    _claims(3, "dme", "DMERC_LINE_SUPPLR_TYPE_CD", "b", ClaimKind.PROFESSIONAL, _LINE, columns.DME),
    _claims(4, "hha", "CLM_HHA_TOT_VISIT_CNT", "b", ClaimKind.OUTPATIENT, _REVENUE, columns.INSTITUTIONAL),
    _claims(5, "hospice", "BENE_HOSPC_PRD_CNT", "a", ClaimKind.INPATIENT, _REVENUE, columns.INSTITUTIONAL),
    _claims(6, "inpatient", "CLM_PASS_THRU_PER_DIEM_AMT", "a", ClaimKind.INPATIENT, _REVENUE, columns.INSTITUTIONAL),
    _claims(7, "outpatient", "CLM_OP_PRVDR_PMT_AMT", "b", ClaimKind.OUTPATIENT, _REVENUE, columns.INSTITUTIONAL),
    _claims(8, "snf", "NCH_QLFYD_STAY_FROM_DT", "a", ClaimKind.INPATIENT, _REVENUE, columns.INSTITUTIONAL),
    FileKind(
        number=9, name="pde", record="PDE_ID", signature=frozenset({"PDE_ID"}), part="d",
        claim_kind=ClaimKind.PHARMACY, fields=columns.PHARMACY,
    ),
)  # fmt: skip
KINDS = (BENEFICIARY, HISTORY, *CLAIM_KINDS)


def recognise(header: Sequence[str]) -> FileKind | None:
    """The kind of file whose columns ``header`` names, whatever the file is called."""
    names = frozenset(header)
    for kind in KINDS:
        if kind.signature | {"DML_IND", "BENE_ID", kind.record} <= names and (not kind.line or kind.line in names):
            return kind
    return None


@cache
def used(kind: FileKind) -> tuple[str, ...]:
    """The columns that are read, in a fixed order; what is not here never leaves the file (TAX_NUM …)."""
    return tuple(column for column in kind.claim_columns + kind.line_columns if column in mapping(kind))


@cache
def mapping(kind: FileKind) -> Mapping[str, str]:
    """Column → record field of everything that is read of ``kind``, for the mapping spreadsheet."""
    found = {column: field for column, field in kind.fields.items() if column in kind.known}
    for column in kind.claim_columns + kind.line_columns:
        if column not in found and (field := _table_field(kind, column)):
            found[column] = field
    if kind.claim_kind:
        found |= {column: _also(found, column, kind) for column in found.keys() & columns.CODES}
    return found


def _also(found: Mapping[str, str], column: str, kind: FileKind) -> str:
    detail = f"{_level(kind, column)}.details"
    return found[column] if found[column] == detail else f"{found[column]}, {detail}"


def _table_field(kind: FileKind, column: str) -> str | None:
    if not kind.claim_kind:
        return None
    if _NUMBERED.match(column):
        return _numbered_field(column)
    if column in columns.TOTALS:
        return f"Claim.totals[{columns.TOTALS[column]}]"
    if column in columns.LINE_AMOUNTS:
        return f"ClaimLine.amounts[{columns.LINE_AMOUNTS[column]}]"
    if column in columns.LOCAL_AMOUNTS:
        return ("ClaimLine" if kind.part == "d" else _level(kind, column)) + ".local_amounts"
    units = set(columns.QUANTITIES.values())
    tables = (columns.CODES, columns.TEXTS, columns.QUANTITIES, columns.DAYS, columns.DRUG_CODES, units)
    return f"{_level(kind, column)}.details" if any(column in table for table in tables) else None


def _level(kind: FileKind, column: str) -> str:
    return "ClaimLine" if column in kind.line_columns else "Claim"


def _numbered_field(column: str) -> str:
    if "PRCDR" in column:
        return "Claim.procedures"
    if "RSN_VISIT" in column:
        return "Claim.diagnoses[patientreasonforvisit]"
    return "Claim.diagnoses[externalcauseofinjury]" if "_E_" in column else "Claim.diagnoses"


@cache
def _layout() -> Mapping[tuple[str, str], tuple[str, ...]]:
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    section = ("", "")
    for line in files(__package__).joinpath("layout.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            name, level = line.strip("[]").split()
            section = (name, level)
        elif not line.startswith("#"):
            found[section] = found.get(section, ()) + tuple(c for word in line.split() for c in _family(word))
    return found


def _family(word: str) -> tuple[str, ...]:
    match = _FAMILY.fullmatch(word)
    if match is None:
        return (word,)
    head, first, last, tail = match.groups()
    return tuple(f"{head}{number}{tail}" for number in range(int(first), int(last) + 1))
