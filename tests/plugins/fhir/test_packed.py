"""A small answer that unpacks to a huge one."""

from __future__ import annotations

import gzip
import tracemalloc

import pytest

from fhir_facade.contracts.errors import ClaimsInvalid
from tests.plugins.fhir.payer import EOB, found, payer, resources
from tests.plugins.fhir.server import always, serving


@pytest.mark.parametrize("times", [1, 2])
def test_an_answer_that_unpacks_to_something_huge_is_not_unpacked_into_memory(times: int) -> None:
    packed = b" " * 300_000_000
    for _ in range(times):
        packed = gzip.compress(packed, 9)
    with serving(payer()) as upstream:
        upstream.instead[f"/{EOB}"] = always(packed, Content_Encoding=", ".join(["gzip"] * times))
        over = resources(upstream, most_megabytes=1)

        tracemalloc.start()
        with pytest.raises(ClaimsInvalid, match="upstream-too-big"):
            found(over, EOB)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()

    assert peak < 30_000_000
