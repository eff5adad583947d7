"""Members with long histories in CMS's research format: claims as large as real ones, about 15 kB as a resource."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from tests.plugins.rif import extract

_LINES = (5, 13)
_FIRST_DAY = date(2018, 1, 1)


def write(folder: Path, members: int, claims: int) -> None:
    """Files of ``members``, each with ``claims`` of five to thirteen lines; codes, days, amounts and doctors vary."""
    folder.mkdir()
    people = ({"BENE_ID": f"{n}", "MBI_NUM": f"1S00E{n:06}"} for n in range(1, members + 1))
    extract.write(folder, "beneficiary", *people)
    extract.write(folder, "carrier", *_lines(members, claims))


def _lines(members: int, claims: int) -> Iterator[dict[str, str]]:
    dice = random.Random(1)
    for number in range(members * claims):
        head = _claim(dice) | {"BENE_ID": f"{number // claims + 1}", "CLM_ID": f"{number + 1}"}
        for line in range(1, dice.randint(*_LINES) + 1):
            yield head | _line(dice, head["CLM_FROM_DT"]) | {"LINE_NUM": f"{line}"}


def _claim(dice: random.Random) -> dict[str, str]:
    day = (_FIRST_DAY + timedelta(days=dice.randrange(1000))).strftime("%d-%b-%Y")
    codes = {
        f"ICD_DGNS_CD{n}": f"{dice.choice('AEIJM')}{dice.randrange(10, 99)}9" for n in range(1, dice.randint(3, 8))
    }
    versions = {f"ICD_DGNS_VRSN_CD{n}": "0" for n in range(1, len(codes) + 1)}
    return {"CLM_FROM_DT": day, "CLM_THRU_DT": day, "PRNCPAL_DGNS_CD": codes["ICD_DGNS_CD1"]} | codes | versions


def _line(dice: random.Random, day: str) -> dict[str, str]:
    amount = dice.randrange(2_000, 90_000)
    money = {"LINE_SBMTD_CHRG_AMT": amount, "LINE_ALOWD_CHRG_AMT": amount * 3 // 4, "LINE_NCH_PMT_AMT": amount * 3 // 5}
    paid = {name: f"{cents / 100:.2f}" for name, cents in money.items()}
    days = {"LINE_1ST_EXPNS_DT": day, "LINE_LAST_EXPNS_DT": day}
    return days | paid | {"HCPCS_CD": f"99{dice.randrange(201, 499)}"}
