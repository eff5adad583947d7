"""The way to a log-in system and back, which members and staff share: the browser, its answer, our own documents."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from fhir_facade.contracts.identity import Answer, Endpoint, HasEndpoints
from fhir_facade.login.flow import Browser, LoginFlow
from fhir_facade.login.ports import LoginChoice
from fhir_facade.web.pages import Pages


class CameBack(NamedTuple):
    """What a browser brought back: the state it was sent away with, the answer, and the browser itself."""

    state: str
    answer: Answer
    browser: Browser


def browser_of(pages: Pages) -> Browser:
    """The browser that asks now."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    return Browser(pages.texts().language, request.method, headers)


def came_back(pages: Pages) -> CameBack | None:
    """What the browser brings from a log-in system, or from our own form; None where a parameter stands twice."""
    source = request.form if request.method == "POST" else request.args
    parameters = {name: values[0] for name, values in source.lists() if len(values) == 1}
    if len(parameters) != len(source):
        return None
    browser = browser_of(pages)
    answer = Answer(
        parameters=parameters,
        method=request.method,
        headers=dict(browser.headers),
        client_address=request.remote_addr or "",
    )
    return CameBack(parameters.get("state") or parameters.get("RelayState", ""), answer, browser)


def parked(flow: LoginFlow, came: CameBack, cookie: str, callback: str) -> AnyResponse | None:
    """Another site posted the answer, so the browser sent no cookie along: have it ask again by itself.

    None where that is not so.
    """
    cookieless = request.method == "POST" and cookie not in request.cookies
    if cookieless and flow.park(came.state, came.answer):
        return redirect(f"{callback}?state={came.state}", 303)
    return None


def publish_documents(blueprint: Blueprint, choices: Iterable[LoginChoice], prefix: str) -> None:
    """Serve the documents of each log-in system (SAML metadata) below ``prefix`` and its name."""
    for choice in choices:
        if isinstance(choice.provider, HasEndpoints):
            for document in choice.provider.endpoints():
                _publish(blueprint, f"{prefix}/{choice.name}", choice.name, document)


def _publish(blueprint: Blueprint, below: str, provider: str, document: Endpoint) -> None:
    def serve() -> Response:
        return Response(document.body, content_type=document.content_type)

    name = document.path.replace("/", "_").replace(".", "_")
    blueprint.add_url_rule(f"{below}/{document.path}", f"{provider}_{name}", serve)
