"""The public directory of approved apps: a page for people, a document for machines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, jsonify

from fhir_facade.registry.forms import is_web_link
from fhir_facade.store import Store
from fhir_facade.store.apps import App, Apps
from fhir_facade.web.pages import Pages

AGE_S = 300


def approved_apps(store: Store) -> Sequence[App]:
    """The apps that may be used in production now, by name."""
    with store.read() as connection:
        found = [app for app in Apps(connection).all("production") if app.state == "active"]
    return sorted(found, key=lambda app: app.name.casefold())


def entry_of(app: App) -> Mapping[str, Any]:
    """One app as the directory tells of it; links that are no web addresses are left out."""
    links = {name: app.details.get(name, "") for name in ("website", "privacy_url", "terms_url")}
    return {
        "name": app.name,
        "description": str(app.details.get("description", "")),
        **{name: url for name, url in links.items() if is_web_link(str(url))},
        "attested": bool(app.details.get("attestations")),
        "since": datetime.fromtimestamp(app.created_at, UTC).date().isoformat(),
    }


def directory_blueprint(pages: Pages, store: Store) -> Blueprint:
    """The directory at ``/apps`` and ``/.well-known/applications``."""
    blueprint = Blueprint("directory", __name__)

    @blueprint.get("/apps")
    def directory() -> Response:
        return pages.render("directory.html", apps=[entry_of(app) for app in approved_apps(store)])

    @blueprint.get("/.well-known/applications")
    def document() -> Response:
        response = jsonify({"applications": [entry_of(app) for app in approved_apps(store)]})
        response.headers["Cache-Control"] = f"public, max-age={AGE_S}"
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    return blueprint
