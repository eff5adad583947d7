"""Whose a claim is where its records name several members: the newest delivery says it, or nobody knows.

A state corrects the member of a claim by delivering it once more: what the older delivery says is then nobody's. Where
the records that count name two members, the claim could be shown to the wrong one, and is left out.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Container, Iterable, Mapping

SCHEMA = "CREATE TABLE owners (family TEXT PRIMARY KEY, member TEXT);"
"""Families whose records name several members, with the one whose it is, NULL where nobody knows."""

_SEVERAL = "SELECT family FROM headers WHERE family IS NOT NULL GROUP BY family HAVING min(member) <> max(member)"
_RECORDS = """
SELECT h.key, h.member, f.period FROM headers h JOIN files f ON f.id = h.file
WHERE h.family = ? AND h.broken = 0 ORDER BY h.seq
"""


def family_of(kind: str, cells: Mapping[str, str], never: Container[str]) -> str | None:
    """What all records of one claim's life share; None for what is no claim, or has no number."""
    original = cells.get("ICN-ORIG")
    if original is None or cells.get("TYPE-OF-CLAIM", "") in never:
        return None
    return f"{kind}|{cells.get('SUBMITTING-STATE', '')}|{original.upper()}"


def settle(database: sqlite3.Connection) -> None:
    """Write down whose the families are whose records name several members."""
    for (family,) in database.execute(_SEVERAL):
        members = _named(database.execute(_RECORDS, (family,)))
        database.execute("INSERT INTO owners VALUES (?, ?)", (family, members.pop() if len(members) == 1 else None))


def _named(records: Iterable[tuple[str, str, str]]) -> set[str]:
    """Who is named by the newest delivery of each record."""
    newest: dict[str, tuple[str, set[str]]] = {}
    for key, member, delivery in records:
        before = newest.get(key)
        told = before[1] if before and before[0] == delivery else set()
        newest[key] = (delivery, told | {member})
    return {member for _, members in newest.values() for member in members}
