"""Any name may be typed into a sandbox's log-in: it is that of a member, or the log-in is refused."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.peers.log_ins import by_form
from tests.whole import Whole, connections_closed, whole_facade


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.peer("postgresql"))], scope="module")
def whole(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    url = "sqlite://" if request.param == "sqlite" else request.getfixturevalue("postgresql").database()
    with connections_closed():
        yield whole_facade(tmp_path_factory.mktemp("whole"), url)


@pytest.mark.parametrize("name", ["nobody", "a\0b", "é", "x" * 5_000, "", "medical-", "../x"])
def test_a_name_of_nobody_is_refused(whole: Whole, name: str) -> None:
    browser, app = whole.browser(), whole.register("App")
    answer = by_form(browser, whole.ask(browser, app), name, "a password")
    assert answer.status_code == 403, answer.text
