"""State codes of the Social Security Administration → USPS letters."""

from __future__ import annotations

_IN_SSA_ORDER = (
    "AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR "
    "PA PR RI SC SD TN TX UT VT VI VA WA WV WI WY"
)

SSA_STATES = {f"{number:02}": state for number, state in enumerate(_IN_SSA_ORDER.split(), start=1)} | {
    "64": "AS",
    "65": "GU",
    "66": "MP",
}
"""``22`` is Massachusetts: not the federal (FIPS) numbering."""

USPS = frozenset(SSA_STATES.values())
