"""Small statements beside the searches: sources, dictionaries, match keys, representatives."""

from __future__ import annotations

from functools import lru_cache

import sqlalchemy as sa

from fhir_facade.resources.schema import dictionary, match_key, member, representation, source
from fhir_facade.resources.statements import bind, compiled


@lru_cache(maxsize=4)
def source_text(dialect: str) -> str:
    """The text that looks up the number of a source."""
    return compiled(dialect, sa.select(source.c.key).where(source.c.name == bind("name", sa.Text)))


@lru_cache(maxsize=4)
def dictionary_text(dialect: str) -> str:
    """The text that fetches a dictionary."""
    row = dictionary.c
    return compiled(
        dialect, sa.select(row.key, row.samples, row.body, row.facets).where(row.key == bind("key", sa.Integer))
    )


@lru_cache(maxsize=4)
def match_text(dialect: str) -> str:
    """The text that looks for the people with a hashed identifier."""
    row = match_key.c
    wanted = (row.source == bind("source", sa.BigInteger), row.kind == bind("kind", sa.Text))
    return compiled(dialect, sa.select(row.reference).where(*wanted, row.hash == bind("hash", sa.Text)))


@lru_cache(maxsize=4)
def kind_text(dialect: str) -> str:
    """The text that asks whether anybody here has an identifier of a kind."""
    row = match_key.c
    wanted = (row.source == bind("source", sa.BigInteger), row.kind == bind("kind", sa.Text))
    return compiled(dialect, sa.select(row.kind).where(*wanted).suffix_with(sa.text("LIMIT 1")))


@lru_cache(maxsize=4)
def represented_text(dialect: str) -> str:
    """The text that finds whom a representative may act for, with the days."""
    found = (
        sa.select(member.c.patient, representation.c.starts_on, representation.c.ends_on)
        .join_from(representation, member, member.c.key == representation.c.member)
        .where(representation.c.representative == bind("representative", sa.Text))
        .where(member.c.source == bind("source", sa.BigInteger))
        .order_by(member.c.patient)
    )
    return compiled(dialect, found)


@lru_cache(maxsize=4)
def freshness_text(dialect: str) -> str:
    """The text that says how fresh a source is."""
    row = source.c
    return compiled(
        dialect,
        sa.select(row.data_through, row.received, row.published).where(row.name == bind("name", sa.Text)),
    )
