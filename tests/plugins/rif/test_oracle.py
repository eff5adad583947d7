"""CMS's own server is the oracle for values: what it carries of a cell, the facade carries in its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.plugins.rif.oracle import FILES, compare, same


@pytest.mark.parametrize("kind", FILES)
def test_of_the_cells_that_cms_carries_the_facade_carries_19_in_20(shared: Path, kind: str) -> None:
    cells = compare(shared)[kind]
    misses = [f"{cell.column}={cell.value}" for cell in cells if not cell.found]
    print(f"{kind}: {len(cells) - len(misses)} of {len(cells)} cells found; missing {misses}")
    assert len(cells) > 35
    assert len(misses) <= 0.05 * len(cells), misses


def test_the_comparison_is_by_meaning_and_can_fail() -> None:
    assert same("27-OCT-1999", "1999-10-27T00:00:00+00:00")
    assert same("1.0", 1)
    assert same("A020", "A02.0")
    assert not same("27-OCT-1999", "1999-10-28")
    assert not same("A02", "A020")
    assert not same("12.50", "12.51")
