"""What one access token stands for, in one row: the token, its grant and its app."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import bindparam, select

from fhir_facade.store.tables import apps, grants, tokens

ACCESS = (
    select(
        tokens.c.token_hash,
        tokens.c.scope,
        tokens.c.until,
        tokens.c.revoked_at,
        grants.c.grant_id,
        grants.c.patient,
        grants.c.user,
        grants.c.scope.label("grant_scope"),
        grants.c.withheld,
        grants.c.ended_at,
        grants.c.until.label("grant_until"),
        apps.c.app_id,
        apps.c.name,
        apps.c.state,
        apps.c.environment,
    )
    .select_from(tokens.join(grants).join(apps, grants.c.app_id == apps.c.app_id))
    .where(tokens.c.token_hash == bindparam("token_hash"), tokens.c.kind == bindparam("kind"))
)
"""Bound: ``token_hash`` and ``kind``."""


class AccessRow(NamedTuple):
    """The columns of ``ACCESS`` in their order; instants in seconds since 1970."""

    token_hash: str
    scope: str
    until: int
    revoked_at: int | None
    grant_id: str
    patient: str | None
    user: str | None
    grant_scope: str
    withheld: str
    ended_at: int | None
    grant_until: int | None
    app_id: str
    app_name: str
    state: str
    environment: str
