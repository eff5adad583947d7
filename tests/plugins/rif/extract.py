"""Writes small RIF folders for tests: each row says only what its test is about."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from fhir_facade.contracts.claims import Change, Checkpoint, MemberRecords, Rejected
from fhir_facade.contracts.plugin import SourceContext
from fhir_facade.contracts.records import Claim
from fhir_facade_claims_rif import plugin
from fhir_facade_claims_rif.kinds import KINDS
from fhir_facade_claims_rif.settings import RifSettings
from fhir_facade_claims_rif.source import RifSource

COLUMNS = {kind.name: list(dict.fromkeys(kind.claim_columns + kind.line_columns)) for kind in KINDS}

_DAYS = {"CLM_FROM_DT": "02-Mar-2020", "CLM_THRU_DT": "04-Mar-2020", "NCH_WKLY_PROC_DT": "13-Mar-2020"}
_CLAIM = {"CLM_ID": "77", "CLM_GRP_ID": "5", "FINAL_ACTION": "F"} | _DAYS
_DIAGNOSIS = {"PRNCPAL_DGNS_CD": "J029", "PRNCPAL_DGNS_VRSN_CD": "0", "ICD_DGNS_CD1": "J029", "ICD_DGNS_VRSN_CD1": "0"}
_REVENUE = {"CLM_LINE_NUM": "1", "REV_CNTR": "0450", "HCPCS_CD": "99283", "REV_CNTR_TOT_CHRG_AMT": "50.00"}
_STAY = _CLAIM | _DIAGNOSIS | _REVENUE | {"ORG_NPI_NUM": "1234567893", "PRVDR_NUM": "220171", "CLM_TOT_CHRG_AMT": "50"}

DEFAULTS: dict[str, dict[str, str]] = {
    "beneficiary": {"RFRNC_YR": "2020", "BENE_SRNM_NAME": "Doe", "BENE_GVN_NAME": "Ann", "MBI_NUM": "1S00E00AA06"}
    | {"BENE_SEX_IDENT_CD": "2", "BENE_BIRTH_DT": "17-Jan-1942"}
    | {f"MDCR_ENTLMT_BUYIN_{month}_IND": "3" for month in range(1, 13)},
    "history": {"MBI_NUM": "1S00E00AA99"},
    "carrier": _CLAIM
    | _DIAGNOSIS
    | {"LINE_NUM": "1", "LINE_PLACE_OF_SRVC_CD": "11", "LINE_1ST_EXPNS_DT": "02-Mar-2020", "HCPCS_CD": "99213"}
    | {"LINE_SBMTD_CHRG_AMT": "100.00", "CARR_CLM_PMT_DNL_CD": "1", "PRF_PHYSN_NPI": "1234567893"},
    "dme": _CLAIM | _DIAGNOSIS | {"LINE_NUM": "1", "LINE_PLACE_OF_SRVC_CD": "12", "HCPCS_CD": "E0110"},
    "hha": _STAY,
    "hospice": _STAY,
    "inpatient": _STAY | {"CLM_ADMSN_DT": "01-Mar-2020"},
    "outpatient": _STAY | {"REV_CNTR_DT": "02-Mar-2020"},
    "snf": _STAY,
    "pde": {"PDE_ID": "88", "FINAL_ACTION": "F", "SRVC_DT": "02-Mar-2020", "PD_DT": "05-Mar-2020"}
    | {"SRVC_PRVDR_ID_QLFYR_CD": "01", "SRVC_PRVDR_ID": "1234567893", "RX_SRVC_RFRNC_NUM": "-806"}
    | {"PROD_SRVC_ID": "50090443201", "QTY_DSPNSD_NUM": "90", "DAYS_SUPLY_NUM": "30", "FILL_NUM": "0"}
    | {"TOT_RX_CST_AMT": "60.35", "PTNT_PAY_AMT": "10.00"},
}


def row(kind: str, cells: Mapping[str, str]) -> str:
    """One line of a file of ``kind``: the defaults with ``cells`` over them, for the beneficiary 1 unless told."""
    filled = {"DML_IND": "INSERT", "BENE_ID": "1"} | DEFAULTS[kind] | dict(cells)
    unknown = filled.keys() - set(COLUMNS[kind])
    assert not unknown, f"{kind} has no columns {unknown}"
    return "|".join(filled.get(column, "") for column in COLUMNS[kind])


def write(folder: Path, kind: str, *rows: Mapping[str, str] | str, name: str = "") -> Path:
    """A file of ``kind`` with these rows; a text is written as it is."""
    path = folder / (name or f"{kind}.csv")
    lines = ["|".join(COLUMNS[kind]), *(line if isinstance(line, str) else row(kind, line) for line in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def member(folder: Path, **cells: str) -> None:
    """A beneficiary file of one member."""
    write(folder, "beneficiary", cells)


def source(folder: Path, **settings: object) -> RifSource:
    """A source over ``folder`` with a scratch folder of its own."""
    scratch = Path(tempfile.mkdtemp())
    opened = plugin.open(RifSettings(folder=folder, **settings), SourceContext(name="rif", scratch=scratch))  # type: ignore[arg-type]
    assert isinstance(opened, RifSource)
    return opened


def changes(folder: Path) -> list[Change]:
    """Everything a first run tells."""
    return list(source(folder).changes(None))


def claims(told: Iterable[Change]) -> list[Claim]:
    """The claims among ``told``."""
    return [claim for change in told if isinstance(change, MemberRecords) for claim in change.claims]


def the_claim(folder: Path) -> Claim:
    """The only claim of ``folder``, which has no rejects."""
    told = changes(folder)
    assert rejects(told) == []
    (claim,) = claims(told)
    return claim


def the_member(folder: Path) -> MemberRecords:
    """The only member of ``folder``, which has no rejects."""
    told = changes(folder)
    assert rejects(told) == []
    (records,) = [change for change in told if isinstance(change, MemberRecords)]
    return records


def rejects(told: Iterable[Change]) -> list[tuple[str, int | str, str]]:
    """File, line and reason of each reject among ``told``."""
    return [(c.position.file, c.position.line, c.reason) for c in told if isinstance(c, Rejected)]


def last(told: list[Change]) -> Checkpoint:
    """The checkpoint at the end."""
    assert isinstance(told[-1], Checkpoint)
    return told[-1]
