"""Carrier claims in CMS's research format, filled as CMS's own synthetic files are.

Two thirds of the hundred columns hold something, a row takes some 400 bytes, a claim has six lines on the average;
days, codes, amounts and doctors vary. The same counts give the same bytes.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path

from tests.plugins.rif import extract

_DOCTORS = [f"1{number:09}" for number in range(3_000)]
_PANEL = 25
"""Doctors whom a member sees."""
_STATES = ("06", "12", "36", "48")
_SPECIALTIES = ("01", "08", "11", "50", "69")
_PLACES = ("11", "22", "23", "81")
_PROCEDURES = ("99213", "99214", "99232", "80053", "85025", "36415", "71046", "93000", "G0439", "J3420")
_MODIFIERS = ("", "", "", "25", "59", "GT")
_ALWAYS = {
    "DML_IND": "INSERT", "FINAL_ACTION": "F", "NCH_NEAR_LINE_REC_IDENT_CD": "O", "NCH_CLM_TYPE_CD": "71",
    "CARR_CLM_ENTRY_CD": "1", "CLM_DISP_CD": "1", "CARR_CLM_PMT_DNL_CD": "1", "CARR_CLM_PRMRY_PYR_PD_AMT": "0",
    "CARR_CLM_PRVDR_ASGNMT_IND_SW": "A", "NCH_CLM_BENE_PMT_AMT": "0", "CARR_CLM_CASH_DDCTBL_APLD_AMT": "0.00",
    "CARR_CLM_HCPCS_YR_CD": "1", "CARR_LINE_PRVDR_TYPE_CD": "0", "PRTCPTNG_IND_CD": "4",
    "CARR_LINE_RDCD_PMT_PHYS_ASTN_C": "0", "LINE_CMS_TYPE_SRVC_CD": "1", "LINE_BENE_PMT_AMT": "0",
    "LINE_BENE_PTB_DDCTBL_AMT": "0.00", "LINE_BENE_PRMRY_PYR_PD_AMT": "0", "LINE_PRCSG_IND_CD": "A",
    "LINE_ICD_DGNS_VRSN_CD": "0", "LINE_HCT_HGB_RSLT_NUM": "0.0", "LINE_HCT_HGB_TYPE_CD": "R1",
    "CARR_LINE_ANSTHSA_UNIT_CNT": "0",
}  # fmt: skip
_DIAGNOSES = 4


def write(folder: Path, members: int, claims: int) -> Path:
    """A folder with ``members`` beneficiaries and a carrier file of ``claims`` claims of each.

    Returns:
        The carrier file.
    """
    folder.mkdir(parents=True)
    (folder / "beneficiary_2020.csv").write_text("\n".join(_beneficiaries(members)) + "\n")
    path = folder / "carrier.csv"
    with path.open("w") as file:
        file.write("|".join(extract.COLUMNS["carrier"]) + "\n")
        file.writelines(f"{line}\n" for line in _lines(members, claims))
    return path


def _beneficiaries(members: int) -> Iterator[str]:
    yield "|".join(extract.COLUMNS["beneficiary"])
    for number in range(members):
        yield extract.row("beneficiary", {"BENE_ID": f"{number + 1}", "MBI_NUM": f"1S00E{number:06}"})


def _lines(members: int, claims: int) -> Iterator[str]:
    dice = random.Random(1)
    columns = extract.COLUMNS["carrier"]
    for claim in range(members * claims):
        panel = _DOCTORS[claim // claims % 100 * _PANEL :][:_PANEL]
        lines = dice.choices((1, 2, 4, 6, 10, 20), (2, 3, 4, 4, 4, 1))[0]
        head = _ALWAYS | _head(dice, panel, claim // claims + 1, claim + 1)
        for number in range(1, lines + 1):
            filled = head | _line(dice, panel, number, head)
            yield "|".join([filled.get(column, "") for column in columns])


def _head(dice: random.Random, panel: Sequence[str], member: int, claim: int) -> dict[str, str]:
    day = date(2018, 1, 1) + timedelta(days=dice.randrange(1000))
    amount, doctor = f"{dice.randrange(2000, 90000) / 100:.2f}", dice.choice(panel)
    codes = [f"{dice.choice('AEIJM')}{dice.randrange(10, 99)}{dice.randrange(10)}" for _ in range(_DIAGNOSES)]
    listed = {f"ICD_DGNS_CD{place}": code for place, code in enumerate(codes, start=1)}
    listed |= {f"ICD_DGNS_VRSN_CD{place}": "0" for place in range(1, _DIAGNOSES + 1)}
    return listed | {
        "BENE_ID": f"{member}", "CLM_ID": f"{claim}", "CLM_GRP_ID": f"{claim + 10_000_000}",
        "CLM_FROM_DT": _written(day), "CLM_THRU_DT": _written(day),
        "NCH_WKLY_PROC_DT": _written(day + timedelta(days=dice.randrange(5, 12))),
        "CARR_NUM": f"311{dice.randrange(10, 60)}", "CLM_PMT_AMT": amount, "RFR_PHYSN_NPI": doctor,
        "NCH_CLM_PRVDR_PMT_AMT": amount, "NCH_CARR_CLM_SBMTD_CHRG_AMT": amount, "NCH_CARR_CLM_ALOWD_AMT": amount,
        "CARR_CLM_RFRNG_PIN_NUM": f"PCP{doctor[-6:]}", "PRNCPAL_DGNS_CD": codes[0], "PRNCPAL_DGNS_VRSN_CD": "0",
        "CARR_CLM_CNTL_NUM": f"{claim + 20_000_000}",
    }  # fmt: skip


def _line(dice: random.Random, panel: Sequence[str], number: int, head: Mapping[str, str]) -> dict[str, str]:
    cents, doctor = dice.randrange(2000, 90000), dice.choice(panel)
    paid, shared = f"{cents * 0.8 / 100:.2f}", f"{cents * 0.2 / 100:.2f}"
    return {
        "LINE_NUM": f"{number}", "CARR_PRFRNG_PIN_NUM": f"PCP{doctor[-6:]}", "PRF_PHYSN_NPI": doctor,
        "ORG_NPI_NUM": f"2{doctor[1:]}", "TAX_NUM": f"999{doctor[-6:]}", "PRVDR_STATE_CD": dice.choice(_STATES),
        "PRVDR_ZIP": f"{dice.randrange(10_000, 99_999)}", "PRVDR_SPCLTY": dice.choice(_SPECIALTIES),
        "LINE_SRVC_CNT": f"{dice.randrange(1, 9)}", "LINE_PLACE_OF_SRVC_CD": dice.choice(_PLACES),
        "CARR_LINE_PRCNG_LCLTY_CD": f"{dice.randrange(99):02}", "LINE_1ST_EXPNS_DT": head["CLM_FROM_DT"],
        "LINE_LAST_EXPNS_DT": head["CLM_THRU_DT"], "HCPCS_CD": dice.choice(_PROCEDURES),
        "HCPCS_1ST_MDFR_CD": dice.choice(_MODIFIERS), "LINE_NCH_PMT_AMT": paid, "LINE_PRVDR_PMT_AMT": paid,
        "LINE_COINSRNC_AMT": shared, "LINE_SBMTD_CHRG_AMT": f"{cents / 100:.2f}",
        "LINE_ALOWD_CHRG_AMT": f"{cents / 100:.2f}", "CARR_LINE_MTUS_CNT": f"{dice.randrange(1, 15)}",
        "LINE_ICD_DGNS_CD": head[f"ICD_DGNS_CD{dice.randrange(1, _DIAGNOSES + 1)}"],
    }  # fmt: skip


def _written(day: date) -> str:
    return day.strftime("%d-%b-%Y")
