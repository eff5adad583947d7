"""An office with the staff's pages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.staff.office import Office, furnish


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = furnish(tmp_path)
    yield made
    made.log.close()
    made.stage.store.close()
