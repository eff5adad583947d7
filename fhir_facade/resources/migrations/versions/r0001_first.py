"""The first replica: clustered resources, links, tombstones, match keys, dictionaries and sync state."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op

revision = "r0001"
down_revision = None
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make every table."""
    _sync_tables()
    _resource_table(int(context.config.attributes.get("partitions", 0)))
    _member_tables()
    _people_tables()


def _sync_tables() -> None:
    op.create_table(
        "source",
        sa.Column("key", _KEY, primary_key=True),
        sa.Column("name", sa.Text, nullable=False, unique=True),
        sa.Column("watermark", sa.Text),
        sa.Column("rendering", sa.Text, nullable=False),
        sa.Column("run", sa.Integer, nullable=False),
        sa.Column("open", sa.Boolean, nullable=False),
        sa.Column("snapshot", sa.Boolean, nullable=False),
        sa.Column("data_through", sa.Integer),
        sa.Column("received", sa.BigInteger),
        sa.Column("published", sa.BigInteger),
    )
    op.create_table(
        "dictionary",
        sa.Column("key", sa.Integer, primary_key=True),
        sa.Column("source", _KEY, nullable=False),
        sa.Column("samples", sa.Integer, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("facets", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "reject",
        sa.Column("source", _KEY, primary_key=True),
        sa.Column("file", sa.Text, primary_key=True),
        sa.Column("line", sa.Text, primary_key=True),
        sa.Column("reason", sa.Text, primary_key=True),
        sa.Column("run", sa.Integer, nullable=False),
        sqlite_with_rowid=False,
    )


def _resource_table(partitions: int) -> None:
    op.create_table(
        "resource",
        sa.Column("member", sa.BigInteger, primary_key=True),
        sa.Column("type", sa.SmallInteger, primary_key=True),
        sa.Column("rank", sa.Integer, primary_key=True),
        sa.Column("id", _ID, primary_key=True),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("stamp", sa.BigInteger, nullable=False),
        sa.Column("updated", sa.BigInteger, nullable=False),
        sa.Column("labels", sa.Text, nullable=False),
        sa.Column("low", sa.BigInteger),
        sa.Column("high", sa.BigInteger),
        sa.Column("terms", sa.Text, nullable=False),
        sa.Column("dictionary", sa.Integer, nullable=False),
        sa.Column("facets", sa.LargeBinary, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sqlite_with_rowid=False,
        postgresql_partition_by="HASH (member)" if partitions else None,
    )
    op.create_index("resource_by_id", "resource", ["member", "type", "id"], unique=True)
    if op.get_bind().dialect.name == "postgresql":
        for number in range(partitions):
            op.execute(
                f"CREATE TABLE resource_{number} PARTITION OF resource "
                f"FOR VALUES WITH (MODULUS {partitions}, REMAINDER {number})"
            )
        for column in ("facets", "body"):  # compressed already
            op.execute(f'ALTER TABLE resource ALTER COLUMN "{column}" SET STORAGE EXTERNAL')


def _member_tables() -> None:
    op.create_table(
        "member",
        sa.Column("key", _KEY, primary_key=True),
        sa.Column("source", _KEY, nullable=False),
        sa.Column("local", sa.Text, nullable=False),
        sa.Column("patient", sa.Text, nullable=False),
        sa.UniqueConstraint("source", "local"),
        sa.UniqueConstraint("patient", "source"),
        sqlite_autoincrement=True,
    )
    labels = [sa.Column("labels", sa.Text, primary_key=True)]
    burial = [sa.Column("removed", sa.BigInteger, nullable=False), sa.Column("labels", sa.Text, nullable=False)]
    for name, more in (("link", labels), ("tombstone", burial)):
        op.create_table(
            name,
            sa.Column("member", sa.BigInteger, primary_key=True),
            sa.Column("type", sa.SmallInteger, primary_key=True),
            sa.Column("id", _ID, primary_key=True),
            *more,
            sqlite_with_rowid=False,
        )
    op.create_table(
        "seen",
        sa.Column("source", _KEY, primary_key=True),
        sa.Column("member", sa.BigInteger, primary_key=True),
        sa.Column("type", sa.SmallInteger, primary_key=True),
        sa.Column("id", _ID, primary_key=True),
        sqlite_with_rowid=False,
    )


def _people_tables() -> None:
    op.create_table(
        "match_key",
        sa.Column("source", _KEY, primary_key=True),
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("hash", sa.Text, primary_key=True),
        sa.Column("reference", sa.Text, primary_key=True),
        sa.Column("member", sa.BigInteger, nullable=False, index=True),
        sa.Column("mark", sa.SmallInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "representation",
        sa.Column("representative", sa.Text, primary_key=True),
        sa.Column("member", sa.BigInteger, primary_key=True, index=True),
        sa.Column("starts_on", sa.Integer),
        sa.Column("ends_on", sa.Integer),
        sqlite_with_rowid=False,
    )
