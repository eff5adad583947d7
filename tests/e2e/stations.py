"""Every page of the portal, by the route that gives it, and who stands before it.

``test_every_page_is_surveyed`` holds this table against the routes of the application: a page that is not listed here
fails it. Add the page with somebody who may see it; people come from ``tests/e2e/cast.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from string import Formatter

from fhir_facade.web.guides import NAMES
from tests.e2e.cast import Cast


@dataclass(frozen=True)
class Station:
    """Somebody before a page.

    Args:
        name: of the pictures.
        path: the address; ``{names}`` are looked up at the cast, ``{visit}`` is the person's own log-in.
        who: of the cast.
        status: that the page has.
        scripts: whether the page needs JavaScript, and says so.
        bare: whether it stands outside the portal: in English alone, without its layout, of any size.
    """

    name: str
    path: str
    who: str = "stranger"
    status: int = 200
    scripts: bool = False
    bare: bool = False

    def address(self, cast: Cast) -> str:
        """Where the page stands now."""
        names = [name for _, name, _, _ in Formatter().parse(self.path) if name]
        lookup = {
            name: partial(cast.visit_of, self.who) if name == "visit" else partial(getattr, cast, name)
            for name in names
        }
        return self.path.format_map({name: find() for name, find in lookup.items()})


PAGES: Mapping[str, tuple[Station, ...]] = {
    "/": (Station("home", "/"),),
    "/legal": (Station("legal-none", "/legal", status=404),),
    "/apps": (Station("directory", "/apps"),),
    "/demo": (Station("demo", "/demo"),),
    "/demo/callback": (Station("demo-stopped", "/demo/callback?state=x", status=400),),
    "/api-docs": (Station("api-docs", "/api-docs", scripts=True, bare=True),),
    "/guides": (Station("guides", "/guides"),),
    "/guides/<name>": tuple(Station(f"guide-{name}", f"/guides/{name}") for name in NAMES),
    "/guides/members": (Station("guide-members", "/guides/members"),),
    "/guides/dictionary": (Station("guide-dictionary", "/guides/dictionary"),),
    "/status": (Station("status", "/status"),),
    "/fhir/metadata": (Station("fhir-metadata", "/fhir/metadata?_format=html", bare=True),),
    "/members": (
        Station("members-log-in", "/members"),
        Station("members", "/members", "member"),
    ),
    "/members/choosing": (Station("choosing", "/members/choosing"),),
    "/members/ledger": (Station("ledger", "/members/ledger", "member"),),
    "/members/enter/<visit_id>": (Station("enter-expired", "/members/enter/me-x", status=400),),
    "/login/<visit_id>": (Station("log-in-expired", "/login/nobody", status=400),),
    "/login/<visit_id>/with/<provider>": (Station("log-in", "/login/{visit}/with/sandbox", "arriving"),),
    "/login/<visit_id>/ended/<why>": (Station("log-in-ended", "/login/{visit}/ended/denied", "arriving", status=403),),
    "/login/<visit_id>/member": (Station("log-in-for-whom", "/login/{visit}/member", "acting"),),
    "/login/<visit_id>/consent": (Station("consent", "/login/{visit}/consent", "deciding"),),
    "/login/callback": (Station("log-in-stopped", "/login/callback?state=x", status=400),),
    "/oauth/authorize": (
        Station("app-incomplete", "/oauth/authorize", status=400),
        Station("app-wrong-address", "/oauth/authorize?{wrong_address}", status=400),
    ),
    "/developers/sign-up": (Station("sign-up", "/developers/sign-up"),),
    "/developers/verify/<ticket>": (Station("verify", "/developers/verify/{verify_ticket}"),),
    "/developers/log-in": (Station("developer-log-in", "/developers/log-in"),),
    "/developers/recover": (Station("recover", "/developers/recover"),),
    "/developers/recover/<ticket>": (
        Station("reset", "/developers/recover/{recover_ticket}"),
        Station("reset-over", "/developers/recover/x", status=400),
    ),
    "/developers/second-factor": (Station("second-factor", "/developers/second-factor", "newcomer"),),
    "/developers/code": (Station("code", "/developers/code", "returning"),),
    "/developers/account": (Station("account", "/developers/account", "developer"),),
    "/developers/apps": (
        Station("apps", "/developers/apps", "developer"),
        Station("apps-none", "/developers/apps", "newcomer"),
    ),
    "/developers/apps/new": (Station("app-new", "/developers/apps/new", "developer"),),
    "/developers/apps/<app_id>": (
        Station("app", "/developers/apps/{app_id}", "developer"),
        Station("app-not-found", "/developers/apps/none", "developer", status=404),
    ),
    "/developers/apps/<app_id>/edit": (Station("app-edit", "/developers/apps/{app_id}/edit", "developer"),),
    "/developers/apps/<app_id>/production": (
        Station("app-production", "/developers/apps/{app_id}/production", "developer"),
        Station("app-production-unproven", "/developers/apps/none/production", "newcomer", status=404),
    ),
    "/review": (
        Station("reviews", "/review?show=all", "reviewer"),
        Station("review-forbidden", "/review", "developer", status=403),
    ),
    "/review/<review_id>": (Station("review", "/review/{review_id}", "reviewer"),),
    "/staff": (
        Station("staff", "/staff", "operator"),
        Station("staff-forbidden", "/staff", "developer", status=403),
    ),
    "/staff/log-in": (Station("staff-log-in", "/staff/log-in"),),
    "/staff/sources": (Station("staff-sources", "/staff/sources", "operator"),),
    "/staff/sources/<name>": (
        Station("staff-source", "/staff/sources/sandbox", "auditor"),
        Station("staff-source-none", "/staff/sources/none", "operator", status=404),
    ),
    "/staff/log-ins": (Station("staff-log-ins", "/staff/log-ins", "operator"),),
    "/staff/keys": (
        Station("staff-keys", "/staff/keys", "operator"),
        Station("staff-keys-forbidden", "/staff/keys", "reviewer", status=403),
    ),
    "/staff/keys/<kid>/<step>": (
        Station("staff-key-publish", "/staff/keys/new/publish", "operator"),
        Station("staff-key-sign", "/staff/keys/{kid}/sign", "operator"),
        Station("staff-key-retire", "/staff/keys/{kid}/retire", "operator"),
        Station("staff-key-wrong", "/staff/keys/none/retire", "operator", status=409),
    ),
    "/staff/audit": (Station("staff-audit", "/staff/audit", "auditor"),),
}
"""Route → who looks at its page."""

ASTRAY = (Station("missing", "/no-such-page", status=404),)
"""Pages that no route gives."""

PROGRAMS = (
    "/.well-known/",
    "/fhir",
    "/v1",
    "/v2",
    "/v3",
    "/oauth/",
    "/assets/",
    "/api-docs/",
    "/openapi.json",
    "/status.json",
    "/members/ledger.csv",
    "/members/ledger.json",
    "/samples/",
    "/demo/start",
    "/staff/audit/",
    "/staff/sources/<name>/",
)
"""Beginnings of routes that answer programs, give files, or lead on to another page."""
