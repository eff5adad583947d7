"""Every text stands in both languages, with the same values to fill in, and every template's key exists."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import fhir_facade.web
from fhir_facade.web.language import catalog

WEB = Path(fhir_facade.web.__file__).parent


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_every_text_stands_in_both_languages() -> None:
    assert catalog("en").keys() == catalog("es").keys()


def test_texts_of_both_languages_take_the_same_values() -> None:
    different = {key for key, text in catalog("en").items() if fields(text) != fields(catalog("es")[key])}
    assert different == set()


def test_every_key_in_a_template_exists() -> None:
    named = {
        key
        for path in (WEB / "templates").glob("*.html")
        for key in re.findall(r"""["']([a-z]+\.[a-z_]+)["']""", path.read_text(encoding="utf-8"))
        if not key.endswith(("_", ".html", ".css", ".js", ".svg"))
    }
    assert named - catalog("en").keys() == set()
