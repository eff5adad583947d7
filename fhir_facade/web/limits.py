"""How often one app, token or address may ask, and how often somebody may guess an app's secret.

Counts live in memory that the workers of one machine share, or in Redis where the config names one; while Redis does
not answer, each machine counts for itself again. Every counted answer says what is left; a refused request is told when
to come back.
"""

from __future__ import annotations

import base64
import binascii
import logging
import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, ip_address, ip_network
from typing import NamedTuple
from urllib.parse import unquote_plus

from flask import Blueprint, Flask, Response, jsonify, request
from flask_limiter import Limiter
from limits import RateLimitItem, parse_many
from limits.errors import ConfigurationError
from limits.storage import Storage

from fhir_facade.access.grant import Grant
from fhir_facade.contracts.errors import ConfigError
from fhir_facade.oauth.messages import NO_STORE
from fhir_facade.web.counts import Counts
from fhir_facade.web.errors import Problem
from fhir_facade.web.fhir_headers import LEFT
from fhir_facade.web.fhir_request import Environ
from fhir_facade.web.pages import Pages

log = logging.getLogger(__name__)

SAY_AGAIN_S = 60.0

GUESSES = "20 per minute"
"""Wrong client secrets that one address may send for one app before it has to wait."""


class _Window(NamedTuple):
    """So many requests in so many seconds; the name tells it from others in the storage."""

    amount: int
    seconds: int
    name: str


class _Left(NamedTuple):
    """What a window has left, below 0 where it was spent before; when it ends; how much it gives."""

    remaining: int
    ends: float
    amount: int


def _window(name: str, item: RateLimitItem) -> _Window:
    return _Window(item.amount, item.get_expiry(), f"{name}/{item.amount}/{item.get_expiry()}")


class Limits:
    """The limits of one application.

    Args:
        per_token: FHIR requests of one access token, such as ``600 per minute``.
        per_app: FHIR requests of one app.
        per_address: requests of one address to token, log-in and registration endpoints.
        storage: Redis URL; memory without it.

    Raises:
        ConfigError: a limit cannot be read.
    """

    def __init__(self, *, per_token: str, per_app: str, per_address: str, storage: str | None = None) -> None:
        wanted = {"per_token": per_token, "per_app": per_app, "per_address": per_address, "guesses": GUESSES}
        budgets: dict[str, tuple[_Window, ...]] = {}
        faults = []
        for name, text in wanted.items():
            try:
                budgets[name] = tuple(_window(name, item) for item in parse_many(text))
            except ValueError:
                faults.append(f"limits.{name}: cannot read {text!r}; write for example 600 per minute")
        if faults:
            raise ConfigError(faults)
        self._budgets = budgets
        self._limiter = Limiter(key_func=_address, storage_uri=storage or "counts://", strategy="fixed-window")
        self._own = Counts()
        self._say_again = 0.0

    def start(self, app: Flask) -> None:
        """Connect to the storage; once, before the first request.

        Raises:
            ConfigError: the storage is of a kind that is not installed.
        """
        # registered already, it adds no hooks: no view is decorated, and looking at each request for nothing costs
        app.extensions.setdefault("limiter", set()).add(self._limiter)
        try:
            self._limiter.init_app(app)
        except ConfigurationError as error:
            raise ConfigError(["limits.storage: cannot be used; for Redis install fhir-facade[redis]"]) from error

    def spend(self, name: str, key: str) -> float:
        """Count one request; 0 when it may go on, otherwise the seconds to wait."""
        return _wait(self._left(name, key, counting=True), 0)

    def left(self, name: str, key: str) -> float:
        """0 when a request may go on, otherwise the seconds to wait; counts nothing."""
        return _wait(self._left(name, key, counting=False), 1)

    def _left(self, name: str, key: str, *, counting: bool) -> list[_Left]:
        """What each window has left, after this request where it counts."""
        found = []
        for window in self._budgets[name]:
            place = f"{window.name}/{key}"
            try:
                used, ends = _used(self._limiter.storage, place, window, counting=counting)
            except Exception as error:  # Redis clients raise kinds of their own; limits must not take the service down
                self._say(error)
                used, ends = _used(self._own, place, window, counting=counting)
            found.append(_Left(window.amount - used, ends, window.amount))
        return found

    def _say(self, error: Exception) -> None:
        """Tell the operator, once a minute, that the machines do not count together now."""
        now = time.monotonic()
        if now >= self._say_again:
            self._say_again = now + SAY_AGAIN_S
            log.warning("limits.storage does not answer (%s): each machine counts for itself", type(error).__name__)

    def counted(self, throttled: Callable[[str], None] = lambda app_id: None) -> Callable[[Grant, Environ], None]:
        """What counts a request of a grant's token and app; ``throttled`` learns which app waits.

        What is left of the token's is kept in the environment of the request, for the headers of the answer.

        Raises (when called):
            Problem: 429 with Retry-After.
        """

        def count(grant: Grant, environ: Environ) -> None:
            for name, key in (("per_token", grant.token_id), ("per_app", grant.app_id)):
                left = self._left(name, key, counting=True)
                wait = _wait(left, 0)
                if wait or name == "per_token":
                    environ[LEFT] = _headers(left)
                if wait:
                    throttled(grant.app_id)
                    raise Problem(429, "throttled", _TOO_MANY, {"Retry-After": str(int(wait))})

        return count

    def guard(self, blueprint: Blueprint, refuse: Callable[[float], Response] | None = None) -> None:
        """Count requests of each address to a blueprint's pages and endpoints; documents for everybody are free.

        ``refuse`` makes the answer from the seconds to wait; an OAuth error without it.
        """

        def count() -> Response | None:
            if request.method == "OPTIONS" or "/.well-known/" in request.path:
                return None
            left = self._left("per_address", _address(), counting=True)
            request.environ[LEFT] = _headers(left)
            wait = _wait(left, 0)
            return (refuse or too_many)(wait) if wait else None

        def tell(response: Response) -> Response:
            response.headers.extend(request.environ.get(LEFT, ()))
            return response

        blueprint.before_request(count)
        blueprint.after_request(tell)

    def guessing(self) -> float:
        """Seconds to wait before this address may name this app's secret again; 0 for none."""
        app = claimed_app()
        return self.left("guesses", f"{_address()} {app}") if app is not None else 0.0

    def guessed_wrong(self) -> None:
        """Count a wrong secret."""
        app = claimed_app()
        if app is not None:
            self.spend("guesses", f"{_address()} {app}")


def _headers(left: Sequence[_Left]) -> tuple[tuple[str, str], ...]:
    """What the window that leaves least says, as clients know it: amount, what remains, when it begins anew."""
    remaining, ends, amount = min(left)
    return (
        ("X-RateLimit-Limit", str(amount)),
        ("X-RateLimit-Remaining", str(max(0, remaining))),
        ("X-RateLimit-Reset", str(int(ends) + 1)),
    )


_TOO_MANY = "Too many requests; wait as long as Retry-After says."


def too_many(wait: float) -> Response:
    """429 as an OAuth error."""
    response = jsonify(error="temporarily_unavailable", error_description="too many requests")
    response.status_code = 429
    response.headers.update(NO_STORE | {"Retry-After": str(int(wait))})
    return response


def too_many_page(pages: Pages, wait: float) -> Response:
    """429 as a page."""
    texts = pages.texts()
    page = pages.render("stopped.html", 429, title=texts("limits.title"), text=texts("limits.text"), again="", base="")
    page.headers["Retry-After"] = str(int(wait))
    return page


def _wait(left: Sequence[_Left], least: int) -> float:
    """0 where every window has ``least`` left, otherwise the seconds to wait."""
    over = [max(1.0, one.ends - time.time() + 1) for one in left if one.remaining < least]
    return max(over) if over else 0.0


def _used(storage: Storage, place: str, window: _Window, *, counting: bool) -> tuple[int, float]:
    """How much of a window is used, and when it ends."""
    if not counting:
        return storage.get(place), storage.get_expiry(place)
    if isinstance(storage, Counts):
        return storage.use(place, window.seconds)
    return storage.incr(place, window.seconds), storage.get_expiry(place)


def _address() -> str:
    return _counted_as(request.remote_addr or "unknown")


@lru_cache(maxsize=4096)
def _counted_as(address: str) -> str:
    """What an address counts as: one of IPv6 as its /64, all of which one customer of a network has."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if isinstance(found, IPv4Address):
        return address
    return str(found.ipv4_mapped or ip_network((int(found), 64), strict=False))


def claimed_app() -> str | None:
    """The client id beside a secret; None where no secret came, so that nothing can be guessed."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        # the last one: it is the one that counts where repeated parameters are put up with
        named = request.form.getlist("client_id")
        return "".join(named[-1:])[:100] if "client_secret" in request.form else None
    try:
        return unquote_plus(base64.b64decode(value).decode("utf-8").partition(":")[0])[:100]
    except (binascii.Error, ValueError):
        return ""
