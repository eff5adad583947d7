"""The front page: what this is, where the API stands, whom to log in as in the sandbox."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from flask import Blueprint, Response, abort

from fhir_facade.web.agency import languages_of
from fhir_facade.web.markdown import markdown
from fhir_facade.web.pages import Pages

SHOWN = "alma"
"""Whom the first steps log in as: she has claims of every kind."""


class TestMember(Protocol):
    """A member of the sandbox as the front page lists them."""

    @property
    def username(self) -> str:
        """User name."""
        ...

    @property
    def password(self) -> str:
        """Password; it is public."""
        ...

    @property
    def story(self) -> str:
        """One sentence about the member."""
        ...


def home_blueprint(pages: Pages, fhir_base: str, members: Sequence[TestMember], *, demo: bool) -> Blueprint:
    """The front page.

    Args:
        pages: renders it.
        fhir_base: absolute URL of the FHIR base.
        members: test members to show; empty in production.
        demo: whether the demo app is served.
    """
    blueprint = Blueprint("home", __name__)
    shown = next((one for one in members if one.username == SHOWN), members[0] if members else None)

    @blueprint.get("/")
    def home() -> Response:
        return pages.render("home.html", fhir_base=fhir_base, members=members, shown_member=shown, demo=demo)

    @blueprint.get("/legal")
    def legal() -> Response:
        """The agency's own legal texts, where the config names a file of them."""
        texts, agency = pages.texts(), pages.agency
        languages = languages_of(agency, texts.language)
        if not languages:
            abort(404)
        title = texts("page.legal")
        text = markdown(agency.legal[languages[0]], title)
        return pages.render("legal.html", text=text, heading=title, written_in=languages[0])

    return blueprint
