"""How often one app, token or address may ask, and how often somebody may guess an app's secret.

Counts live in memory that the workers of one machine share, or in Redis where the config names one; while Redis does
not answer, each machine counts for itself again. Every counted answer says what is left; a refused request is told when
to come back.
"""

from __future__ import annotations

import base64
import binascii
import time
from collections.abc import Callable
from urllib.parse import unquote_plus

from flask import Blueprint, Flask, Response, has_request_context, jsonify, request
from flask_limiter import Limiter
from limits import RateLimitItem, parse_many
from limits.errors import ConfigurationError
from limits.strategies import FixedWindowRateLimiter, RateLimiter

from fhir_facade.access.grant import Grant
from fhir_facade.contracts.errors import ConfigError
from fhir_facade.oauth.messages import NO_STORE
from fhir_facade.web.counts import Counts
from fhir_facade.web.errors import Problem
from fhir_facade.web.fhir_headers import LEFT
from fhir_facade.web.pages import Pages

GUESSES = "20 per minute"
"""Wrong client secrets that one address may send for one app before it has to wait."""


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
        budgets: dict[str, tuple[RateLimitItem, ...]] = {}
        faults = []
        for name, text in wanted.items():
            try:
                budgets[name] = tuple(parse_many(text))
            except ValueError:
                faults.append(f"limits.{name}: cannot read {text!r}; write for example 600 per minute")
        if faults:
            raise ConfigError(faults)
        self._budgets = budgets
        self._limiter = Limiter(key_func=_address, storage_uri=storage or "counts://", strategy="fixed-window")
        self._own = FixedWindowRateLimiter(Counts())

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
        return self._wait(name, key, counting=True)

    def _note(self, name: str, key: str) -> None:
        """Keep what the window that leaves least says, for the headers of the answer."""
        if has_request_context():
            left = [(*self._stats(window, name, key), window.amount) for window in self._budgets[name]]
            request.environ[LEFT] = _headers(*min(left)) if left else ()

    def _stats(self, window: RateLimitItem, name: str, key: str) -> tuple[int, float]:
        try:
            ends, remaining = self._limiter.limiter.get_window_stats(window, name, key)
        except Exception:  # Redis clients raise kinds of their own, as above
            ends, remaining = self._own.get_window_stats(window, name, key)
        return remaining, ends

    def left(self, name: str, key: str) -> float:
        """0 when a request may go on, otherwise the seconds to wait; counts nothing."""
        return self._wait(name, key, counting=False)

    def _wait(self, name: str, key: str, *, counting: bool) -> float:
        longest = 0.0
        for window in self._budgets[name]:
            try:
                wait = _wait(self._limiter.limiter, window, name, key, counting=counting)
            except Exception:  # Redis clients raise kinds of their own; limits must not take the service down
                wait = _wait(self._own, window, name, key, counting=counting)
            longest = max(longest, wait)
        return longest

    def authenticated(
        self, authenticate: Callable[[str | None], Grant], throttled: Callable[[str], None] = lambda app_id: None
    ) -> Callable[[str | None], Grant]:
        """``authenticate``, which also counts the token's and the app's requests; ``throttled`` learns which app waits.

        Raises (when called):
            Problem: 429 with Retry-After.
        """

        def counted(header: str | None) -> Grant:
            grant = authenticate(header)
            for name, key in (("per_token", grant.token_id), ("per_app", grant.app_id)):
                wait = self.spend(name, key)
                if wait or name == "per_token":
                    self._note(name, key)
                if wait:
                    throttled(grant.app_id)
                    raise Problem(429, "throttled", _TOO_MANY, {"Retry-After": str(int(wait))})
            return grant

        return counted

    def guard(self, blueprint: Blueprint, refuse: Callable[[float], Response] | None = None) -> None:
        """Count requests of each address to a blueprint's pages and endpoints; documents for everybody are free.

        ``refuse`` makes the answer from the seconds to wait; an OAuth error without it.
        """

        def count() -> Response | None:
            if request.method == "OPTIONS" or "/.well-known/" in request.path:
                return None
            wait = self.spend("per_address", _address())
            self._note("per_address", _address())
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


def _headers(remaining: int, ends: float, amount: int) -> tuple[tuple[str, str], ...]:
    """How much is left as clients know it: the amount, what remains, and when it begins anew."""
    return (
        ("X-RateLimit-Limit", str(amount)),
        ("X-RateLimit-Remaining", str(remaining)),
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


def _wait(limiter: RateLimiter, window: RateLimitItem, name: str, key: str, *, counting: bool) -> float:
    """0 when a request may go on, otherwise the seconds to wait; counts it where ``counting``."""
    if limiter.hit(window, name, key) if counting else limiter.test(window, name, key):
        return 0.0
    return max(1.0, limiter.get_window_stats(window, name, key).reset_time - time.time() + 1)


def _address() -> str:
    return request.remote_addr or "unknown"


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
