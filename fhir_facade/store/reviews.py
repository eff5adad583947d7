"""Requests for production: their state, and every step with who, when and why."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Index, Integer, Table, Text, insert, select, update

from fhir_facade.store.secrets import is_name
from fhir_facade.store.tables import metadata

app_reviews = Table(
    "app_reviews",
    metadata,
    Column("review_id", Text, primary_key=True),
    Column("app_id", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("asked", Text, nullable=False),
    Column("production_app_id", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Index("ix_app_reviews_app_id", "app_id"),
    Index("ix_app_reviews_state", "state"),
)

app_review_steps = Table(
    "app_review_steps",
    metadata,
    Column("review_id", Text, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("state", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """One request for production.

    ``app_id`` is the sandbox app it is about, ``owner`` the developer's account, ``asked`` the app's registration as it
    was when the request was made, ``production_app_id`` the app that an approval made. Instants are seconds since 1970.
    """

    review_id: str
    app_id: str
    owner: str
    state: str
    asked: Mapping[str, Any]
    production_app_id: str | None
    created_at: int
    changed_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a request: the state it led to, who did it (an account id or ``operator``), why and when."""

    state: str
    actor: str
    role: str
    why: str
    at: int


class Reviews:
    """Reads and writes requests on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, review: Review, step: Step) -> None:
        """Keep a new request with its first step."""
        values = {name: getattr(review, name) for name in Review.__slots__} | {"asked": json.dumps(dict(review.asked))}
        self._connection.execute(insert(app_reviews).values(values))
        self._write_step(review.review_id, 1, step)

    def find(self, review_id: str) -> Review | None:
        """The request of that id."""
        if not is_name(review_id):
            return None
        row = self._connection.execute(select(app_reviews).where(app_reviews.c.review_id == review_id)).mappings()
        found = row.one_or_none()
        return _review(found) if found else None

    def all(self, states: Sequence[str] = ()) -> Sequence[Review]:
        """Every request in one of the states, or every one, the longest waiting first."""
        query = select(app_reviews).order_by(app_reviews.c.changed_at, app_reviews.c.review_id)
        query = query.where(app_reviews.c.state.in_(states)) if states else query
        return [_review(row) for row in self._connection.execute(query).mappings()]

    def of_app(self, app_id: str) -> Sequence[Review]:
        """The requests about a sandbox app, newest first."""
        if not is_name(app_id):
            return []
        query = select(app_reviews).where(app_reviews.c.app_id == app_id)
        newest = query.order_by(app_reviews.c.created_at.desc(), app_reviews.c.changed_at.desc())
        return [_review(row) for row in self._connection.execute(newest).mappings()]

    def move(self, review: Review, step: Step, *, asked: Mapping[str, Any] | None = None) -> bool:
        """Take the next step; false where somebody else took one meanwhile."""
        c = app_reviews.c
        values: dict[str, Any] = {"state": step.state, "changed_at": step.at}
        values |= {"production_app_id": review.production_app_id}
        values |= {"asked": json.dumps(dict(asked))} if asked is not None else {}
        unchanged = (c.review_id == review.review_id) & (c.state == review.state)
        if self._connection.execute(update(app_reviews).where(unchanged).values(values)).rowcount == 0:
            return False
        self._write_step(review.review_id, len(self.steps(review.review_id)) + 1, step)
        return True

    def steps(self, review_id: str) -> Sequence[Step]:
        """Every step of a request, oldest first."""
        c = app_review_steps.c
        query = select(c.state, c.actor, c.role, c.why, c.at).where(c.review_id == review_id).order_by(c.number)
        return [Step(**row) for row in self._connection.execute(query).mappings()]

    def _write_step(self, review_id: str, number: int, step: Step) -> None:
        values = {name: getattr(step, name) for name in Step.__slots__}
        self._connection.execute(insert(app_review_steps).values(review_id=review_id, number=number, **values))


def _review(row: Mapping[Any, Any]) -> Review:
    return Review(**{name: row[name] for name in Review.__slots__} | {"asked": json.loads(row["asked"])})
