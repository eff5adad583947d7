"""The reject list of a source as operators read it: what could not be loaded, where it stood, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, Engine

from fhir_facade.contracts.databases import told
from fhir_facade.contracts.errors import ClaimsUnavailable
from fhir_facade.resources.database import DATABASE_ERRORS, writer
from fhir_facade.resources.schema import reject, source


class RejectRow(NamedTuple):
    """One record that could not be loaded."""

    file: str
    line: str
    reason: str


class Reasons(NamedTuple):
    """How many records could not be loaded for one reason."""

    reason: str
    number: int


class Rejects:
    """Reads the reject lists of a replica.

    Args:
        url: of the replica.

    Raises (all methods):
        ClaimsUnavailable: the replica cannot be read.
    """

    def __init__(self, url: URL) -> None:
        self._url = url

    def running(self, name: str) -> bool:
        """Whether a run of the source was started and did not finish yet."""
        with self._connected() as connection:
            return bool(connection.execute(sa.select(source.c.open).where(source.c.name == name)).scalar())

    def number(self, name: str) -> int:
        """How many records stand on the list."""
        with self._connected() as connection:
            query = sa.select(sa.func.count()).select_from(reject).where(_of(name))
            return int(connection.execute(query).scalar_one())

    def reasons(self, name: str, limit: int) -> Sequence[Reasons]:
        """The most frequent reasons."""
        count = sa.func.count()
        query = sa.select(reject.c.reason, count).where(_of(name)).group_by(reject.c.reason)
        with self._connected() as connection:
            found = connection.execute(query.order_by(count.desc(), reject.c.reason).limit(limit))
            return [Reasons._make(row) for row in found]

    def page(self, name: str, skip: int, limit: int) -> Sequence[RejectRow]:
        """Some of the list, in its order."""
        with self._connected() as connection:
            return [RejectRow._make(row) for row in connection.execute(_rows(name).offset(skip).limit(limit))]

    def every(self, name: str) -> Iterator[RejectRow]:
        """The whole list."""
        with self._connected() as connection:
            for row in connection.execution_options(yield_per=1000).execute(_rows(name)):
                yield RejectRow._make(row)

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        try:
            engine: Engine = writer(self._url)
            with engine.connect() as connection:
                yield connection
        except DATABASE_ERRORS as error:
            raise ClaimsUnavailable(f"the replica cannot be read: {told(error)}") from error


def _of(name: str) -> sa.ColumnElement[bool]:
    return reject.c.source == sa.select(source.c.key).where(source.c.name == name).scalar_subquery()


def _rows(name: str) -> sa.Select[tuple[str, str, str]]:
    return (
        sa.select(reject.c.file, reject.c.line, reject.c.reason)
        .where(_of(name))
        .order_by(reject.c.file, sa.func.length(reject.c.line), reject.c.line, reject.c.reason)
    )
