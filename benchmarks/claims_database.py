"""A payer's PostgreSQL with as many claims as one likes: narrow tables, and the CPCDS views over them.

The tables and views are those of ``tests.plugins.sql.views``; the rows are made by the server itself.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from tests.peers.postgresql import Server
from tests.plugins.sql import views

EACH = 50
"""Claims of a usual member."""

HISTORIES = {"m-one": 1, "m-2000": 2_000, "m-huge": 100_000}
"""Claims of the other members; a smaller database has a smaller ``m-huge``."""

_SETTINGS = ("shared_buffers = 1GB", "max_wal_size = 8GB", "wal_level = minimal", "max_wal_senders = 0",
             "autovacuum = off", "full_page_writes = off", "synchronous_commit = off")  # fmt: skip

_MEMBER = "CASE {cases} ELSE 'm' || ((i - {special}) / {each}) END"
_ROWS = {
    "bill": "'c' || i, {member}, DATE '2026-01-01' - ((i * 7919) % 1826)::int, 'clinic-' || i % 5000, "
    "((i % 900) * 2 + 200)::numeric(10, 2)",
    "item": "'c' || i, n, (99200 + i % 16)::text, ((i % 900) + 100)::numeric(10, 2)",
    "finding": "'c' || i, n, CASE n WHEN 1 THEN 'J45.909' ELSE 'E11.9' END",
    "treated": "'c' || i, 1, 'doctor-' || i % 20000",
}
"""Table → its row for claim number i, part n."""


@contextmanager
def payer(claims: int) -> Iterator[tuple[Server, str]]:
    """A server of its own with a filled database: the server and the database's URL; nothing is left behind."""
    folder = Path(tempfile.mkdtemp(prefix="facade-bench-"))
    folder.chmod(0o755)
    server = Server(folder / "cluster", _SETTINGS)
    try:
        server.create()
        server.start()
        url = server.database()
        _fill(url, claims)
        yield server, url
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def histories(claims: int) -> dict[str, int]:
    """Claims of the members who are not usual."""
    return {who: min(count, max(1, claims // 4)) for who, count in HISTORIES.items()}


def _fill(url: str, claims: int) -> None:
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql("SET client_min_messages = warning")
        views.create(connection)
        for text in _statements(claims):
            connection.execute(sa.text(text))
    engine.dispose()


def _statements(claims: int) -> Iterator[str]:
    """Tables without their indexes, filled by the server, then the indexes."""
    for table in (views.bill, views.item, views.finding, views.operation, views.treated):
        yield f"ALTER TABLE {table.name} SET UNLOGGED, DROP CONSTRAINT {table.name}_pkey"
    yield "DROP INDEX bill_page"
    for name, row in _ROWS.items():
        parts = "" if name in ("bill", "treated") else ", generate_series(1, 2) AS n"
        columns = row.format(member=_member(claims))
        yield f"INSERT INTO {name} SELECT {columns} FROM generate_series(CAST(1 AS bigint), {claims}) AS i{parts}"  # noqa: S608 - own names
    yield "INSERT INTO operation SELECT 'c' || i, 1, '0DTJ4ZZ' FROM generate_series(1, 1000) AS i"
    yield "INSERT INTO person SELECT DISTINCT person, DATE '1980-01-01', 'Family' FROM bill"
    yield "INSERT INTO clinic SELECT 'clinic-' || i FROM generate_series(0, 4999) AS i"
    yield "INSERT INTO doctor SELECT 'doctor-' || i FROM generate_series(0, 19999) AS i"
    for table in (views.item, views.finding, views.operation, views.treated):
        yield f"ALTER TABLE {table.name} ADD PRIMARY KEY (bill, number)"
    yield "ALTER TABLE bill ADD PRIMARY KEY (id)"
    yield "CREATE INDEX bill_page ON bill (person, day, id)"
    yield "ANALYZE"
    yield "CHECKPOINT"


def _member(claims: int) -> str:
    """Whose claim number i is: the unusual members have the first ones."""
    cases, last = "", 0
    for who, count in histories(claims).items():
        last += count
        cases += f"WHEN i <= {last} THEN '{who}' "
    return _MEMBER.format(cases=cases, special=last, each=EACH)
