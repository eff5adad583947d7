"""The tables, as SQLAlchemy Core sees them. What changes here needs a migration; a test holds the two together."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, MetaData, Table, Text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _instant(name: str, *, required: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=not required)


def _app() -> Column[str]:
    return Column("app_id", Text, ForeignKey("apps.app_id"), nullable=False)


apps = Table(
    "apps",
    metadata,
    Column("app_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("environment", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("scopes", Text, nullable=False),
    Column("grant_length", Text, nullable=False),
    Column("backend", Boolean, nullable=False),
    Column("jwks", Text),
    Column("jwks_uri", Text),
    Column("details", Text, nullable=False),
    Column("owner", Text),
    _instant("created_at", required=True),
)

app_redirects = Table(
    "app_redirects",
    metadata,
    Column("app_id", Text, ForeignKey("apps.app_id"), primary_key=True),
    Column("uri", Text, primary_key=True),
)

app_secrets = Table(
    "app_secrets",
    metadata,
    Column("secret_hash", Text, primary_key=True),
    _app(),
    _instant("created_at", required=True),
    _instant("until"),
    Index("ix_app_secrets_app_id", "app_id"),
)

authorizations = Table(
    "authorizations",
    metadata,
    Column("authorization_id", Text, primary_key=True),
    _app(),
    Column("redirect_uri", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("challenge", Text, nullable=False),
    Column("nonce", Text),
    Column("language", Text, nullable=False),
    Column("mount", Text, nullable=False),
    Column("browser_hash", Text, nullable=False),
    _instant("created_at", required=True),
    _instant("until", required=True),
    _instant("decided_at"),
)

grants = Table(
    "grants",
    metadata,
    Column("grant_id", Text, primary_key=True),
    _app(),
    Column("patient", Text),
    Column("user", Text),
    Column("scope", Text, nullable=False),
    Column("withheld", Text, nullable=False),
    Column("length", Text, nullable=False),
    _instant("authenticated_at"),
    _instant("created_at", required=True),
    _instant("used_at"),
    _instant("until"),
    _instant("ended_at"),
    Column("ended_because", Text),
    Index("ix_grants_patient", "patient"),
    Index("ix_grants_app_id", "app_id"),
)

codes = Table(
    "codes",
    metadata,
    Column("code_hash", Text, primary_key=True),
    _app(),
    Column("grant_id", Text, ForeignKey("grants.grant_id"), nullable=False),
    Column("redirect_uri", Text, nullable=False),
    Column("challenge", Text, nullable=False),
    Column("nonce", Text),
    Column("mount", Text, nullable=False),
    _instant("until", required=True),
    _instant("used_at"),
)

tokens = Table(
    "tokens",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("family", Text, nullable=False),
    Column("grant_id", Text, ForeignKey("grants.grant_id"), nullable=False),
    Column("scope", Text, nullable=False),
    _instant("created_at", required=True),
    _instant("until"),
    _instant("used_at"),
    _instant("revoked_at"),
    Index("ix_tokens_grant_id", "grant_id"),
    Index("ix_tokens_family", "family"),
    Index("ix_tokens_until", "until"),
)

assertions = Table(
    "assertions",
    metadata,
    Column("app_id", Text, ForeignKey("apps.app_id"), primary_key=True),
    Column("jti_hash", Text, primary_key=True),
    _instant("until", required=True),
    Index("ix_assertions_until", "until"),
)
