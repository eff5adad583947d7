"""An app and a person with a browser, over plain HTTP: the real forms are read and sent, nothing is reached around."""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx


@dataclass
class Form:
    """One form of a page: where it goes, what stands in it, and what its buttons say."""

    action: str
    method: str = "get"
    fields: dict[str, list[str]] = field(default_factory=dict)
    boxes: dict[str, list[str]] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)

    def names(self) -> set[str]:
        """Every name a person could fill or tick."""
        return {*self.fields, *self.boxes}


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attributes}
        if tag == "form":
            self.forms.append(Form(values.get("action", ""), values.get("method", "get").lower()))
        elif self.forms and tag in ("input", "button") and values.get("name"):
            self._field(tag, values)

    def _field(self, tag: str, values: dict[str, str]) -> None:
        form, name, value = self.forms[-1], values["name"], values.get("value", "")
        if tag == "button":
            form.buttons.append((name, value))
        elif values.get("type") in ("checkbox", "radio"):
            form.boxes.setdefault(name, []).append(value)
            if "checked" in values:
                form.fields.setdefault(name, []).append(value)
        else:
            form.fields[name] = [value]


def forms_of(page: httpx.Response) -> list[Form]:
    """The forms of an HTML page."""
    parser = _Forms()
    parser.feed(page.text)
    return parser.forms


def form_with(page: httpx.Response, name: str) -> Form:
    """The form in which that field, box or button stands."""
    for form in forms_of(page):
        if name in form.names() or name in {button for button, _ in form.buttons}:
            return form
    raise AssertionError(f"no form with {name!r} on {page.url} ({page.status_code}): {page.text[:2000]}")


@dataclass
class Tokens:
    """What the token endpoint answered."""

    body: dict[str, Any]

    @property
    def access(self) -> str:
        """The access token."""
        return str(self.body["access_token"])

    @property
    def patient(self) -> str:
        """The member."""
        return str(self.body["patient"])

    @property
    def headers(self) -> dict[str, str]:
        """What an app sends with a FHIR request."""
        return {"Authorization": f"Bearer {self.access}"}


class Journey:
    """One app's way to a token, through one person's browser.

    Args:
        base: the facade's root, without a final slash.
        client_id: the app.
        redirect_uri: where the app is called back; never really called.
        secret: of a confidential app.
    """

    def __init__(self, base: str, client_id: str, redirect_uri: str, secret: str | None = None) -> None:
        self.base, self.client_id, self.redirect_uri, self.secret = base, client_id, redirect_uri, secret
        self.browser = httpx.Client(timeout=30, limits=httpx.Limits(max_keepalive_connections=0))
        self.verifier = secrets.token_urlsafe(48)
        self.state = secrets.token_urlsafe(24)
        self.visited: list[str] = []

    def authorize_parameters(self, scope: str) -> dict[str, str]:
        """A right authorization request."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": scope,
            "state": self.state,
            "aud": f"{self.base}/fhir",
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }

    def start(self, scope: str, **changed: str) -> httpx.Response:
        """The first page a person sees."""
        parameters = self.authorize_parameters(scope) | changed
        return self.follow(self.browser.get(f"{self.base}/oauth/authorize", params=parameters))

    def follow(self, answer: httpx.Response) -> httpx.Response:
        """The page at the end of the redirects inside the facade."""
        while answer.is_redirect:
            target = urljoin(str(answer.url), answer.headers["location"])
            if not target.startswith(self.base + "/"):
                return answer
            self.visited.append(target)
            answer = self.browser.get(target)
        return answer

    def enter(self, username: str, password: str) -> Journey:
        """Log in to the member's own pages."""
        page = self.browser.get(f"{self.base}/members")
        page = self.log_in(self.send(page, forms_of(page)[0]), username, password)
        assert str(page.url).endswith("/members"), page.url
        return self

    def send(self, page: httpx.Response, form: Form, **values: str | list[str]) -> httpx.Response:
        """The page after a form."""
        data: dict[str, Any] = {**form.fields, **values}
        address = urljoin(str(page.url), form.action)
        if form.method == "get":
            return self.follow(self.browser.get(address, params=data))
        return self.follow(self.browser.post(address, data=data))

    def log_in(self, page: httpx.Response, username: str, password: str) -> httpx.Response:
        """The page after the log-in form."""
        return self.send(page, form_with(page, "username"), username=username, password=password)

    def decide(self, page: httpx.Response, answer: str = "allow", **values: str | list[str]) -> dict[str, str]:
        """What the app is called back with after the consent page."""
        called = self.send(page, form_with(page, "answer"), answer=answer, **values)
        assert called.is_redirect, f"{called.status_code} {called.url}: {called.text[:2000]}"
        location = called.headers["location"]
        assert location.startswith(self.redirect_uri), location
        return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}

    def token_request(self, **data: str) -> httpx.Response:
        """What the token endpoint answers."""
        form = {"client_id": self.client_id, **data}
        auth = (self.client_id, self.secret) if self.secret else None
        if auth:
            del form["client_id"]
        return httpx.post(f"{self.base}/oauth/token", data=form, auth=auth, timeout=30)

    def exchange(self, code: str, **changed: str) -> httpx.Response:
        """What the token endpoint answers to a code."""
        proof = {"redirect_uri": self.redirect_uri, "code_verifier": self.verifier}
        return self.token_request(grant_type="authorization_code", code=code, **(proof | changed))

    def redeem(self, called: dict[str, str]) -> Tokens:
        """The tokens for a code."""
        assert called["state"] == self.state
        answer = self.exchange(called["code"])
        assert answer.status_code == 200, answer.text
        return Tokens(answer.json())

    def whole(self, username: str, password: str, scope: str, **values: str | list[str]) -> Tokens:
        """From the app's request to its tokens."""
        page = self.log_in(self.start(scope), username, password)
        if "person" in {name for form in forms_of(page) for name in form.names()}:
            page = self.send(page, form_with(page, "person"), person="0")
        return self.redeem(self.decide(page, **values))
