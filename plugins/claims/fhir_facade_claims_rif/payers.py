"""Who pays before Medicare, in the words of the member: CMS's primary payer codes."""

from __future__ import annotations

PRIMARY_PAYERS = {
    "A": "Employer group health plan (working aged)",
    "B": "Employer group health plan (kidney disease)",
    "C": "Medicare, conditionally",
    "D": "Automobile or no-fault insurance",
    "E": "Workers' compensation",
    "F": "Public Health Service or another federal agency",
    "G": "Large group health plan (disabled)",
    "H": "Black lung program",
    "I": "Veterans Affairs",
    "L": "Liability insurance",
}
