"""What the columns hold by which rows are found: text bound to a column of numbers is an error here, a scan there."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from fhir_facade_claims_sql.mapping import MappingFile
from fhir_facade_claims_sql.sections import Section
from fhir_facade_claims_sql.statements import Statements

_EMPTY_S = 60.0
"""How long a column counts as empty before it is looked at again."""

Place = tuple[str, str]
"""Section and column."""


@dataclass(slots=True)
class Samples:
    """One filled value of every such column, learnt by one statement when the first of them is needed.

    Args:
        mapping: what is where.
        statements: builds the statements.
    """

    mapping: MappingFile
    statements: Statements
    _known: dict[Place, tuple[Any, float]] = field(default_factory=dict)
    _together: bool = True

    def of(self, connection: Connection, section: Section, column: str) -> Any:
        """A filled value of the column; None while it has none."""
        found = self._known.get((section.where_found, column))
        if found is None or found[1] < time.monotonic():
            self._learn(connection, section, column)
            found = self._known[section.where_found, column]
        return found[0]

    def keys(self, connection: Connection, section: Section, column: str, values: Iterable[str]) -> list[Any]:
        """Values as the column holds them; those that cannot stand there are left out."""
        if not isinstance(self.of(connection, section, column), int):
            return list(values)
        return [int(value) for value in values if value.removeprefix("-").isdecimal() and len(value) < 19]

    def _learn(self, connection: Connection, section: Section, column: str) -> None:
        usual = self._usual() if self._together else ()
        asked = {(one.where_found, name): (one, name) for one, name in (*usual, (section, column))}
        now = time.monotonic()
        wanted = {place: one for place, one in asked.items() if self._known.get(place, (None, 0.0))[1] < now}
        samples = [self.statements.sample(*one).scalar_subquery() for one in wanted.values()]
        try:
            row = connection.execute(sa.select(*(one.label(f"s{n}") for n, one in enumerate(samples)))).one()
        except SQLAlchemyError:
            self._together = False  # one bad table must not stand in the way of what needs others alone
            raise
        for place, value in zip(wanted, row, strict=True):
            self._known[place] = (value, float("inf") if value is not None else now + _EMPTY_S)

    def _usual(self) -> Iterator[tuple[Section, str]]:
        """The columns that every page needs."""
        for name, section in self.mapping.people.items():
            if name in ("organization", "practitioner"):
                yield section, section.fields[f"{name}_id"].columns[0]
            else:
                yield section, str(section.member_key)
        for claim_set in self.mapping.claims:
            claim = claim_set.claim
            yield claim, str(claim.member_key)
            yield claim, str(claim.claim_key)
            yield claim, claim.fields["service_start"].columns[0]
