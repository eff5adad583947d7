"""A test has the same name in every process that runs a part of the tests."""

from __future__ import annotations

import re
import time

import pytest

DAY = 86_400


def test_no_name_of_a_test_holds_the_time_of_its_run(request: pytest.FixtureRequest) -> None:
    """Two processes that collect in different seconds would name such a test differently, and none would run."""
    now = time.time()
    names = [item.nodeid for item in request.session.items]
    assert not [name for name in names if any(abs(int(number) - now) < DAY for number in re.findall(r"\d{10}", name))]
