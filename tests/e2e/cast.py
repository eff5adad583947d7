"""Everybody who visits the portal of a running sandbox, logged in and in the middle of something."""

from __future__ import annotations

import re
import time
from functools import cached_property
from urllib.parse import urlencode

import httpx

from tests.e2e.conftest import Sandbox
from tests.e2e.journey import Journey
from tests.e2e.test_registry import PASSWORD, REQUEST, Person, registered, reviewer, staff
from tests.e2e.test_sandbox import config_of
from tests.peers.browser import Cookies

REDIRECT = "http://127.0.0.1:9/callback"
LONG_WORD = "Landeskrankenversicherungsanstaltsgesellschaft"
"""One long word: it must not push a page over the edge of a phone."""
SCOPE = "openid launch/patient offline_access patient/*.rs"


class Cast:
    """People who come when they are first needed, and the names of what they have before them.

    Args:
        sandbox: where they are.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox

    def cookies(self, who: str) -> Cookies:
        """The cookies of one of them."""
        person: Journey = getattr(self, who)
        return [{"name": one.name, "value": one.value or ""} for one in person.browser.cookies.jar]

    @cached_property
    def stranger(self) -> Journey:
        """Somebody without any cookie."""
        return Journey(self.sandbox.base, "unused", "unused")

    @cached_property
    def newcomer(self) -> Person:
        """A developer with an account, without a second factor."""
        return self._developer()[0]

    @cached_property
    def returning(self) -> Person:
        """A developer who gave the password, not yet the one-time code."""
        person, address = self._developer()
        person.protect()
        again = Person(self.sandbox, "en")
        again.fill(again.open("/developers/log-in"), "/developers/log-in", email=address, password=PASSWORD)
        return again

    @cached_property
    def developer(self) -> Person:
        """A developer with an app whose request for production waits."""
        person, _ = self._developer()
        person.protect()
        path = registered(person).url.path
        person.fill(person.open(f"{path}/production"), f"{path}/production", **REQUEST)
        return person

    @cached_property
    def app_id(self) -> str:
        """The developer's app."""
        return re.findall(r'href="/developers/apps/([\w-]{20,})"', self.developer.open("/developers/apps").text)[0]

    @cached_property
    def reviewer(self) -> Person:
        """A reviewer."""
        return reviewer(self.sandbox)

    @cached_property
    def operator(self) -> Person:
        """An operator."""
        return staff(self.sandbox, "operator")

    @cached_property
    def auditor(self) -> Person:
        """An auditor."""
        return staff(self.sandbox, "auditor")

    @cached_property
    def kid(self) -> str:
        """A signing key that is published and does not sign yet."""
        self.sandbox.run("keys", "rotate", "--config", str(config_of(self.sandbox)), "--json")
        return re.findall(r"/staff/keys/(\w+)/sign", self.operator.open("/staff/keys").text)[0]

    @cached_property
    def review_id(self) -> str:
        """The developer's request."""
        assert self.developer
        return re.findall(r'href="/review/([A-Za-z0-9]+)"', self.reviewer.open("/review").text)[-1]

    @cached_property
    def member(self) -> Journey:
        """A member who shares with an app, which has read."""
        tokens = self._app().whole("alma", "sandbox-alma", SCOPE)
        for path in ("/Patient", "/Coverage", "/ExplanationOfBenefit?_count=3"):
            httpx.get(self.sandbox.fhir + path, headers=tokens.headers)
        person = self.at_home("alma")
        page = person.browser.get(f"{self.sandbox.base}/members")
        assert "Budget Buddy" in page.text, page.text
        return person

    def at_home(self, username: str) -> Journey:
        """A member who just logged in to their own pages."""
        person = Journey(self.sandbox.base, "unused", "unused")
        return person.enter(username, f"sandbox-{username}")

    @cached_property
    def deciding(self) -> Journey:
        """A member at the consent page of an app."""
        person = self._app()
        person.log_in(person.start(SCOPE), "alma", "sandbox-alma")
        return person

    @cached_property
    def acting(self) -> Journey:
        """Somebody who acts for two members, at the choice between them."""
        person = self._app()
        person.log_in(person.start(SCOPE), "paula", "sandbox-paula")
        return person

    @cached_property
    def arriving(self) -> Journey:
        """A member at the log-in page of an app."""
        person = self._app()
        person.start(SCOPE)
        return person

    @property
    def wrong_address(self) -> str:
        """The parameters of an app that wants people sent to an address that is not its own."""
        wrong = self.arriving.authorize_parameters(SCOPE) | {"redirect_uri": "https://elsewhere.example/"}
        return urlencode(wrong)

    @cached_property
    def verify_ticket(self) -> str:
        """A ticket that confirms an address."""
        person, address = Person(self.sandbox, "en"), f"tia-{time.monotonic_ns()}@buddy.example"
        return _asked(person, "/developers/sign-up", "verify", address)

    @cached_property
    def recover_ticket(self) -> str:
        """A ticket that sets a new password."""
        person, address = self._developer()
        return _asked(person, "/developers/recover", "recover", address)

    def visit_of(self, who: str) -> str:
        """The visit that this person's browser is in the middle of."""
        person: Journey = getattr(self, who)
        return next(
            part
            for one in reversed(person.visited)
            for part in re.findall(r"/login/([\w-]+)/(?:with|consent|member)", one)
        )

    def _developer(self) -> tuple[Person, str]:
        person, address = Person(self.sandbox, "en"), f"dora-{time.monotonic_ns()}@buddy.example"
        link = f"/developers/verify/{_asked(person, '/developers/sign-up', 'verify', address)}"
        person.fill(person.open(link), link)
        person.fill(person.open("/developers/log-in"), "/developers/log-in", email=address, password=PASSWORD)
        return person, address

    def _app(self) -> Journey:
        arguments = [
            "--config",
            str(config_of(self.sandbox)),
            "--name",
            f"Budget Buddy {LONG_WORD}",
            "--redirect-uri",
            REDIRECT,
        ]
        app = self.sandbox.run("apps", "add", *arguments, "--json")
        return Journey(self.sandbox.base, app["client_id"], REDIRECT)


def _asked(person: Person, path: str, kind: str, address: str) -> str:
    """The ticket in the letter that a form sends."""
    typed = {"email": address, "name": "Dora", "organization": LONG_WORD, "password": PASSWORD}
    person.fill(person.open(path), path, **typed)
    return str(re.findall(rf"/developers/{kind}/(\S+)", person.letter())[-1])
