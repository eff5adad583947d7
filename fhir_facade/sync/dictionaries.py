"""When dictionaries are trained: on the first batch of a source's resources, and once more when there is plenty."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from fhir_facade.resources.frames import ENOUGH_SAMPLES, FEWEST_SAMPLES, PLAIN, Dictionary, train
from fhir_facade.resources.schema import dictionary
from fhir_facade.sync.prepare import Prepared, packed_facets

_MOST_SAMPLES = 2_000
_MOST_BYTES = 24 * 2**20


def dictionary_for(
    connection: Connection, source: int, prepared: Sequence[Prepared], known: Dictionary | None
) -> Dictionary:
    """The dictionary to write a batch under: the source's newest, or one trained now.

    Args:
        connection: the transaction.
        source: key of the source.
        prepared: the batch.
        known: what this process used last.
    """
    newest = known or _newest(connection, source)
    enough = len(prepared) >= (FEWEST_SAMPLES if newest is PLAIN else ENOUGH_SAMPLES)
    if newest.samples >= ENOUGH_SAMPLES or not enough:
        return newest
    samples = _sample(prepared)
    body, facets = train([item.body for item in samples], [packed_facets(item) for item in samples])
    values = {"source": source, "samples": len(prepared), "body": body, "facets": facets}
    key = connection.execute(sa.insert(dictionary).values(values).returning(dictionary.c.key)).scalar_one()
    return Dictionary(key, len(prepared), body, facets)


def _newest(connection: Connection, source: int) -> Dictionary:
    row = dictionary.c
    columns = sa.select(row.key, row.samples, row.body, row.facets).where(row.source == source)
    found = connection.execute(columns.order_by(row.key.desc()).limit(1)).one_or_none()
    return PLAIN if found is None else Dictionary(*found)


def _sample(prepared: Sequence[Prepared]) -> list[Prepared]:
    """Every n-th resource, so that all kinds of claims are there; bounded in number and bytes."""
    step = max(1, len(prepared) // _MOST_SAMPLES)
    chosen: list[Prepared] = []
    size = 0
    for item in prepared[::step][:_MOST_SAMPLES]:
        size += len(item.body)
        if size > _MOST_BYTES and len(chosen) >= FEWEST_SAMPLES:
            break
        chosen.append(item)
    return chosen
