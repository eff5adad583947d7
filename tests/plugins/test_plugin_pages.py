"""The pages of the sandbox's plugins and of X12 say what is so."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from fhir_facade.contracts.plugin import CLAIMS_GROUP
from fhir_facade.contracts.settings import Reader
from fhir_facade_claims_synthetic.stories import named_members

PAGES = Path(__file__).resolve().parents[2] / "docs" / "plugins"
ROWS = re.compile(r"^\| ((?:`[a-z]+`(?:, )?)+) \|", re.MULTILINE)


def page(name: str) -> str:
    return (PAGES / f"{name}.md").read_text(encoding="utf-8")


def test_the_page_of_the_sandbox_names_everybody_who_can_log_in_and_nobody_else():
    told = page("synthetic").split("## Who can log in")[1].split("##")[0]
    named = [name for row in ROWS.findall(told) for name in re.findall(r"`([a-z]+)`", row)]
    assert sorted(named) == sorted(each.username for each in named_members(1))


@pytest.mark.parametrize("name", ["synthetic", "x12"])
def test_the_settings_shown_on_a_claims_page_are_accepted_as_they_stand(name):
    shown = tomllib.loads(page(name).split("```toml\n")[1].split("```")[0])
    (entry,) = shown["claims"]
    (point,) = entry_points(group=CLAIMS_GROUP, name=entry["adapter"])
    reader = Reader(PAGES, {})
    assert reader.read(point.load().settings, entry[name], name)
    assert reader.faults == []


@pytest.mark.parametrize("name", ["synthetic", "x12", "sandbox"])
def test_every_key_of_a_plugin_stands_on_its_page(name):
    points = entry_points(name=name)
    for point in points:
        for key in point.load().settings.__dataclass_fields__:
            assert f"`{key}`" in page(name), key
