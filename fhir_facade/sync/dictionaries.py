"""When dictionaries are trained: on the first batch of a source's resources, and once more when there is plenty."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from fhir_facade.resources.frames import ENOUGH_SAMPLES, FEWEST_SAMPLES, PLAIN, Dictionary, train
from fhir_facade.resources.schema import dictionary
from fhir_facade.sync.prepare import Prepared, pack

_MOST_SAMPLES = 2_000
_MOST_BYTES = 24 * 2**20


def dictionary_for(
    connection: Connection, source: int, prepared: Sequence[Prepared], stamp: int, newest: Dictionary
) -> Dictionary:
    """The dictionary to write a batch under: the newest, or one trained now.

    Args:
        connection: the transaction.
        source: key of the source.
        prepared: the batch; what is taken as a sample is packed.
        stamp: says which rendering writes its rows.
        newest: what the source was written under last.
    """
    enough = len(prepared) >= (FEWEST_SAMPLES if newest is PLAIN else ENOUGH_SAMPLES)
    if newest.samples >= ENOUGH_SAMPLES or not enough:
        return newest
    body, facets = train(*_samples(prepared, stamp))
    values = {"source": source, "samples": len(prepared), "body": body, "facets": facets}
    key = connection.execute(sa.insert(dictionary).values(values).returning(dictionary.c.key)).scalar_one()
    return Dictionary(key, len(prepared), body, facets)


def newest_dictionary(connection: Connection, source: int) -> Dictionary:
    """The dictionary that a source's rows were written under last; ``PLAIN`` where there is none yet."""
    row = dictionary.c
    columns = sa.select(row.key, row.samples, row.body, row.facets).where(row.source == source)
    found = connection.execute(columns.order_by(row.key.desc()).limit(1)).one_or_none()
    return PLAIN if found is None else Dictionary(*found)


def _samples(prepared: Sequence[Prepared], stamp: int) -> tuple[list[bytes], list[bytes]]:
    """Bodies and search values of every n-th resource, so that all kinds are there; bounded in number and bytes."""
    step = max(1, len(prepared) // _MOST_SAMPLES)
    bodies: list[bytes] = []
    facets: list[bytes] = []
    size = 0
    for item in prepared[::step][:_MOST_SAMPLES]:
        if item.packed is None:
            pack(item, stamp, None)
        body, values = item.sample()
        size += len(body)
        if size > _MOST_BYTES and len(bodies) >= FEWEST_SAMPLES:
            break
        bodies.append(body)
        facets.append(values)
    return bodies, facets
