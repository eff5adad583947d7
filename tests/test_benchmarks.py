"""The benchmarks tell the truth in words: every figure is drawn, and the page about them names every command."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from benchmarks.__main__ import BENCHMARKS, wanted_by
from benchmarks.chart import draw, margin
from benchmarks.measure import Bar

PAGE = Path(__file__).resolve().parent.parent / "docs" / "performance.md"
BARS = [Bar("pages <first>", 0.5, 0.65, at_least=True), Bar("cost", 1.2, 1.5, at_least=False)]


def test_every_figure_is_drawn_with_its_name_its_bar_and_whether_it_was_missed() -> None:
    texts = [text.text or "" for text in etree.fromstring(draw(BARS, "today").encode()).iter("{*}text")]
    assert "pages <first>" in texts
    assert "0.5 (≥ 0.65) missed" in texts
    assert "1.2 (≤ 1.5)" in texts
    assert "today" in texts


def test_a_figure_beyond_its_bar_has_a_margin_above_one_in_both_directions() -> None:
    assert margin(BARS[0]) < 1 < margin(BARS[1])
    assert [bar.met for bar in BARS] == [False, True]


def test_a_figure_of_nothing_is_drawn_as_far_from_its_bar_as_can_be() -> None:
    none, some = Bar("reads", 0, 0, at_least=False), Bar("rate", 0, 2, at_least=True)
    assert (margin(none), none.met, margin(some), some.met) == (float("inf"), True, 0.0, False)
    assert "0 (≥ 2) missed" in draw([none, some], "today")


def test_the_page_about_speed_names_every_benchmark() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert [name for name in BENCHMARKS if f"-m benchmarks {name} " not in page] == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["storge"], "no benchmark is called storge; there are mapping, storage,"),
        (["storage", "--json", "nowhere/at/all.json"], "nowhere/at/all.json cannot be written"),
        (["--chart", "nowhere/chart.svg"], "nowhere/chart.svg cannot be written"),
    ],
)
def test_what_cannot_be_is_said_before_a_benchmark_runs(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        wanted_by(arguments)
    assert ended.value.code == 2
    assert told in capsys.readouterr().err
    assert wanted_by(["storage"]).names == ["storage"]
