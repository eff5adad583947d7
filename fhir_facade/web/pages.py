"""Renders pages: one layout, two languages, and headers that let nothing foreign in.

No page needs JavaScript (passkeys apart; with it a log-in is sent but once), none loads anything from another host,
none may be framed or cached.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, request
from jinja2 import Environment, PackageLoader, StrictUndefined
from werkzeug.wrappers import Response as BaseResponse

from fhir_facade.web.agency import Agency
from fhir_facade.web.assets import YEAR_S
from fhir_facade.web.language import COOKIE, LANGUAGES, Texts, wanted_language

POLICY = (
    "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; "
    "base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)
DRESS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""What every page is sent with, unless it says better."""


class Pages:
    """Renders the templates of this room.

    Args:
        agency: named on every page.
        sandbox: whether pages say that every member is invented.
        secure: whether the facade is reached by https, so that cookies may insist on it.
    """

    def __init__(self, agency: Agency, *, sandbox: bool, secure: bool) -> None:
        self.agency = agency
        self.sandbox = sandbox
        self.secure = secure
        self._environment = Environment(
            loader=PackageLoader("fhir_facade.web", "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def texts(self) -> Texts:
        """The texts of the language this request wants."""
        return Texts(wanted_language(request), {"agency": self.agency.name, "contact": self.agency.contact})

    def render(self, template: str, status: int = 200, *, posts_to: str = "", at: str = "", **values: Any) -> Response:
        """A page.

        Args:
            template: file name below ``templates``.
            status: HTTP status.
            posts_to: an absolute URL that forms of this page may lead to besides the facade itself.
            at: where the page is found in another language; the address that was asked for, unless that one only
                takes answers.
            values: what the template needs.
        """
        texts = self.texts()
        body = self._environment.get_template(template).render(
            t=texts,
            agency=self.agency,
            sandbox=self.sandbox,
            languages=LANGUAGES,
            here=_here(at or request.path),
            static=self.agency.assets.url,
            **values,
        )
        return self._dressed(Response(body, status, content_type="text/html; charset=utf-8"), texts.language, posts_to)

    def _dressed(self, response: Response, language: str, posts_to: str) -> Response:
        policy = f"{POLICY} {_source(posts_to)}" if posts_to else POLICY
        response.headers.update(DRESS | {"Content-Security-Policy": policy, "Content-Language": language})
        if request.args.get("lang") in LANGUAGES:
            response.set_cookie(COOKIE, language, max_age=YEAR_S, secure=self.secure, httponly=True, samesite="Lax")
        return response


class Site(Flask):
    """An application whose redirects are sent with the headers of a page: they are HTML, and may carry a code."""

    def redirect(self, location: str, code: int = 302) -> BaseResponse:
        """A redirect."""
        answer = super().redirect(location, code)
        answer.headers.update(DRESS)
        return answer


def _source(url: str) -> str:
    """``url`` as a source of a content security policy: its origin, or the scheme of an app on a phone."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme in {"http", "https"} else f"{parts.scheme}:"


def _here(path: str) -> dict[str, str]:
    """A page's address in each language; a page that answered a form leads to the page of that address."""
    return {language: f"{path}?lang={language}" for language in LANGUAGES}
