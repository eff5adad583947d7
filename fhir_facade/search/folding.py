"""How texts are compared: string parameters without regard to case and accents, folded token codes without case.

The index and the parser fold alike, so that everybody who compares (Python or SQL) compares plain equality.
"""

from __future__ import annotations

import unicodedata


def fold_string(text: str) -> str:
    """``text`` without case, accents and surplus white space.

    Source: R4 §3.1.1.4.8 (string: case- and accent-insensitive).
    """
    decomposed = unicodedata.normalize("NFKD", text)
    return " ".join("".join(c for c in decomposed if not unicodedata.combining(c)).casefold().split())


def fold_code(code: str, folded: bool) -> str:
    """A token's code as it is compared: ``folded`` parameters without case, others as they are."""
    return code.casefold() if folded else code
