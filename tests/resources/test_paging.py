"""Paging across processes, restarts and rows that arrive: everything once, nothing twice."""

from __future__ import annotations

import json
import os
from datetime import timedelta

from fhir_facade.resources.page import Position
from fhir_facade.search.query import SearchQuery, SortKey
from tests.resources.filled import Filler, viewer
from tests.resources.world import Scripted, claim, records, whole


def page_elsewhere(filler: Filler, query: SearchQuery, after: Position | None) -> tuple[list[str], Position | None]:
    """One page, read by a process of its own that ends afterwards."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            page = filler.resources().search(viewer(1), query, after)
            with os.fdopen(writing, "w") as answer:
                json.dump([[match.id for match in page.matches], page.next], answer)
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        ids, following = json.load(answer)
    os.waitpid(child, 0)
    return ids, Position(tuple(following[0]), following[1]) if following else None


def test_every_page_by_another_process_while_rows_arrive_loses_and_repeats_nothing(
    filler: Filler, full_counts: bool
) -> None:
    count = 10_000 if full_counts else 400
    hundreds = [range(start, start + 100) for start in range(0, count, 100)]
    filler.sync(whole(*(records(1, [claim(1, s) for s in hundred]) for hundred in hundreds)))
    for sort in ((), (SortKey("_lastUpdated", True),)):
        found: list[str] = []
        after: Position | None = None
        query = SearchQuery(resource_type="ExplanationOfBenefit", count=count // 10, sort=sort)
        for arrival in range(100):
            ids, after = page_elsewhere(filler, query, after)
            found += ids
            if after is None:
                break
            later = claim(1, 0).service_start + timedelta(days=arrival + 1)
            new = claim(1, 0, claim_id=f"new{len(sort)}-{arrival}", service_start=later, service_end=later)
            arrived = Scripted({"end": [records(1, [new]), *whole().script["end"]]})
            filler.sync(arrived)
        old = [identifier for identifier in found if identifier.startswith("med-c1-")]
        assert len(found) == len(set(found))
        assert sorted(old) == sorted(f"med-c1-{s}" for s in range(count))
