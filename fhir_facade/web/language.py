"""Texts of the pages in every language that is offered, and which one this browser wants."""

from __future__ import annotations

import tomllib
from datetime import date
from functools import cache
from importlib.resources import files

from flask import Request

from fhir_facade.oauth.authorize import LANGUAGES as LANGUAGES

COOKIE = "lang"
PARTS = ("portal", "staff")
"""Files of texts beside those of the log-in and the members' pages."""

_MONTHS_ES = "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre"


@cache
def catalog(language: str) -> dict[str, str]:
    """Every text of one language by ``section.key``.

    Args:
        language: one of ``LANGUAGES``.
    """
    folder = files("fhir_facade.web") / "translations"
    names = (f"{language}.toml", *(f"{part}.{language}.toml" for part in PARTS))
    texts = [(folder / name).read_text(encoding="utf-8") for name in names]
    return {
        f"{section}.{key}": value
        for text in texts
        for section, entries in tomllib.loads(text).items()
        for key, value in entries.items()
    }


@cache
def _english_keys() -> dict[str, str]:
    """Keys by their English text, so that a plugin's English label is shown in the member's language."""
    return {text: key for key, text in reversed(catalog(LANGUAGES[0]).items())}


class Texts:
    """Looks up texts of one language: ``texts("consent.title", app="Budget Buddy")``.

    Args:
        language: one of ``LANGUAGES``.
        always: values every text may use (``agency``, ``contact``).
    """

    def __init__(self, language: str, always: dict[str, str] | None = None) -> None:
        self.language = language if language in LANGUAGES else LANGUAGES[0]
        self._always = always or {}

    def __call__(self, key: str, /, **values: str) -> str:
        """The text of ``key`` with its values filled in."""
        return catalog(self.language)[key].format_map(self._always | values)

    def or_plain(self, key_or_text: str, /, **values: str) -> str:
        """The text of a key, or of an English text that the facade knows; any other text stays as it is."""
        key = key_or_text if key_or_text in catalog(LANGUAGES[0]) else _english_keys().get(key_or_text)
        if key:
            return self(key, **values)
        return key_or_text.format_map(values) if values else key_or_text

    def or_else(self, key: str, otherwise: str) -> str:
        """The text of a key that may not exist."""
        return self(key) if key in catalog(LANGUAGES[0]) else otherwise

    def date(self, day: date) -> str:
        """A day as people write it."""
        if self.language == "es":
            return f"{day.day} de {_MONTHS_ES.split()[day.month - 1]} de {day.year}"
        return f"{day:%B} {day.day}, {day.year}"


def wanted_language(request: Request) -> str:
    """What the browser wants: ``?lang=``, else the cookie of an earlier choice, else ``Accept-Language``."""
    for choice in (request.args.get("lang", ""), request.cookies.get(COOKIE, "")):
        if choice in LANGUAGES:
            return choice
    liked = (tag.partition("-")[0].lower() for tag in request.accept_languages.values())
    return next((language for language in liked if language in LANGUAGES), LANGUAGES[0])
