"""The tables of the replica.

``resource`` is keyed member first, newest service first: one member's claims lie together, so that a page is one index
range. Shared organizations and practitioners stand once per source, under the negative of the source's key; a member
sees those that ``link`` names. Ranks are negated day numbers, so that ascending order is newest first.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData()

_key = BigInteger().with_variant(Integer, "sqlite")
_id = Text().with_variant(Text(collation="C"), "postgresql")  # ordered by code point, as everywhere else

source = Table(
    "source",
    metadata,
    Column("key", _key, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("watermark", Text),  # what the source said last; None starts from the beginning
    Column("rendering", Text, nullable=False, default=""),  # the mapping that rendered the rows
    Column("run", Integer, nullable=False, default=0),  # number of the run that is open or was last
    Column("open", Boolean, nullable=False, default=False),  # a run was started and did not finish
    Column("snapshot", Boolean, nullable=False, default=False),  # the open run hands over everything there is
    Column("data_through", Integer),  # day number of the newest service or adjudication
    Column("received", BigInteger),  # microseconds: when the source was read
    Column("published", BigInteger),  # microseconds: when the last run finished
)

member = Table(
    "member",
    metadata,
    Column("key", _key, primary_key=True),
    Column("source", _key, nullable=False),
    Column("local", Text, nullable=False),  # the source's own member id
    Column("patient", Text, nullable=False),
    UniqueConstraint("source", "local"),
    UniqueConstraint("patient", "source"),
    sqlite_autoincrement=True,  # a removed member's key is never given to another
)

resource = Table(
    "resource",
    metadata,
    Column("member", BigInteger, primary_key=True),
    Column("type", SmallInteger, primary_key=True),
    Column("rank", Integer, primary_key=True),
    Column("id", _id, primary_key=True),
    Column("version", Text, nullable=False),
    Column("stamp", BigInteger, nullable=False),  # which rendering and index wrote the row
    Column("updated", BigInteger, nullable=False),
    Column("labels", Text, nullable=False),  # "" or "|a|b|"
    Column("low", BigInteger),  # first instant of any service, microseconds
    Column("high", BigInteger),  # end of the last
    Column("terms", Text, nullable=False),  # short hashes of codes and references
    Column("dictionary", Integer, nullable=False),
    Column("facets", LargeBinary, nullable=False),  # search values, compressed
    Column("body", LargeBinary, nullable=False),
    Index("resource_by_id", "member", "type", "id", unique=True),
    sqlite_with_rowid=False,
)

link = Table(
    "link",
    metadata,
    Column("member", BigInteger, primary_key=True),
    Column("type", SmallInteger, primary_key=True),
    Column("id", _id, primary_key=True),
    Column("labels", Text, primary_key=True),  # of a resource that names it: who may not see that, may not see this
    sqlite_with_rowid=False,
)

tombstone = Table(
    "tombstone",
    metadata,
    Column("member", BigInteger, primary_key=True),
    Column("type", SmallInteger, primary_key=True),
    Column("id", _id, primary_key=True),
    Column("removed", BigInteger, nullable=False),
    Column("labels", Text, nullable=False),
    sqlite_with_rowid=False,
)

match_key = Table(
    "match_key",
    metadata,
    Column("source", _key, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("hash", Text, primary_key=True),
    Column("reference", Text, primary_key=True),  # Patient/id or RelatedPerson/id
    Column("member", BigInteger, nullable=False, index=True),
    Column("mark", SmallInteger, nullable=False),  # one keyed byte: tells a changed value from an unchanged one
    sqlite_with_rowid=False,
)

representation = Table(
    "representation",
    metadata,
    Column("representative", Text, primary_key=True),  # RelatedPerson id
    Column("member", BigInteger, primary_key=True, index=True),
    Column("starts_on", Integer),
    Column("ends_on", Integer),  # day number, inclusive
    sqlite_with_rowid=False,
)

dictionary = Table(
    "dictionary",
    metadata,
    Column("key", Integer, primary_key=True),
    Column("source", _key, nullable=False),
    Column("samples", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("facets", LargeBinary, nullable=False),
)

seen = Table(
    "seen",
    metadata,
    Column("source", _key, primary_key=True),
    Column("member", BigInteger, primary_key=True),
    Column("type", SmallInteger, primary_key=True),
    Column("id", _id, primary_key=True),
    sqlite_with_rowid=False,
)

reject = Table(
    "reject",
    metadata,
    Column("source", _key, primary_key=True),
    Column("file", Text, primary_key=True),
    Column("line", Text, primary_key=True),
    Column("reason", Text, primary_key=True),
    Column("run", Integer, nullable=False),
    sqlite_with_rowid=False,
)

TYPES = {
    "Patient": 1,
    "Coverage": 2,
    "ExplanationOfBenefit": 3,
    "RelatedPerson": 4,
    "Organization": 5,
    "Practitioner": 6,
}
"""Resource types as the replica numbers them; numbers are never reused."""

NAMES = {number: name for name, number in TYPES.items()}
SHARED = frozenset({TYPES["Organization"], TYPES["Practitioner"]})
"""Types whose rows members share and see only through ``link``."""
