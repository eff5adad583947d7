"""``create_app``: the parts of a config, joined to one Flask application."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.metadata import version

from flask import Flask

from fhir_facade.app.counting import counting_refusals, counting_token_refusals
from fhir_facade.app.databases import audit_log, readiness_checks
from fhir_facade.app.disclosures import disclosures_of
from fhir_facade.app.lateness import lateness
from fhir_facade.app.linking import linker_of
from fhir_facade.app.parts import Parts, open_parts
from fhir_facade.app.registry import open_registry, outbox_of, takes_sign_ups
from fhir_facade.app.staff import staff_blueprints
from fhir_facade.app.trail import Trail
from fhir_facade.contracts.identity import Assurance
from fhir_facade.contracts.sections import Settings
from fhir_facade.login.flow import LoginFlow
from fhir_facade.login.keys import LoginKeys
from fhir_facade.login.ports import login_choice
from fhir_facade.oauth import discovery
from fhir_facade.oauth.bearer import Bearer
from fhir_facade.oauth.codes import end_grants
from fhir_facade.oauth.mounts import COMPATIBLE, STRICT, Mount, Tolerance
from fhir_facade.oauth.status import Describe
from fhir_facade.search.cursor import Cursors
from fhir_facade.store.logins import Logins
from fhir_facade.store.standing import Standing
from fhir_facade.store.tallies import APP
from fhir_facade.web.agency import agency_of
from fhir_facade.web.assets import static_blueprint
from fhir_facade.web.capability import Publication
from fhir_facade.web.consent import consent_blueprint
from fhir_facade.web.demo import demo_blueprint
from fhir_facade.web.developer_accounts import accounts_blueprint
from fhir_facade.web.developer_apps import apps_blueprint
from fhir_facade.web.developers import DeveloperDesk
from fhir_facade.web.directory import directory_blueprint
from fhir_facade.web.error_pages import error_page
from fhir_facade.web.fhir import FhirService, fhir_blueprint
from fhir_facade.web.fhir_errors import answer_errors
from fhir_facade.web.guides import guides_blueprint
from fhir_facade.web.home import home_blueprint
from fhir_facade.web.ledger import ledger_blueprint
from fhir_facade.web.limits import Limits, too_many_page
from fhir_facade.web.login import LoginDesk, login_blueprint
from fhir_facade.web.login_metrics import counting
from fhir_facade.web.login_requests import ServerRequests
from fhir_facade.web.members import members_blueprint
from fhir_facade.web.oauth import OAuthDesk, oauth_blueprint
from fhir_facade.web.oauth_origins import Origins
from fhir_facade.web.openapi import publish
from fhir_facade.web.pages import Pages, Site
from fhir_facade.web.portal import PortalRequests
from fhir_facade.web.postman import collection
from fhir_facade.web.representation import while_represented
from fhir_facade.web.samples import samples_blueprint
from fhir_facade.web.sharings import ServerSharings
from fhir_facade.web.status import Status, status_blueprint
from fhir_facade.web.status_history import History


def create_app(settings: Settings) -> Flask:
    """The WSGI application of a config.

    Raises:
        ConfigError: something the config names cannot be used.
    """
    parts = open_parts(settings)
    app = Site("fhir_facade.web", static_folder=None)
    app.config.update(SECRET_KEY=None, MAX_CONTENT_LENGTH=1_048_576, MAX_FORM_PARTS=200)
    trail = app.extensions["audit_trail"] = parts.trail
    pages = pages_of(settings)
    desk = login_desk(parts, pages, trail)
    origins = Origins(parts.store, settings.server.environment, settings.server.allowed_origins)
    bearer = Bearer(parts.store, settings.server.environment)
    limits = limits_of(settings)
    limits.start(app)
    _add_pages(app, parts, pages, desk, limits)
    _add_registry(app, parts, pages, limits)
    oauth = oauth_blueprint(_oauth_desk(parts, pages, bearer, origins, limits), compatibility=compatible(settings))
    services = [_fhir_service(parts, prefix, bearer, origins, trail, limits) for prefix in mounts(settings)]
    for service in services:
        oauth.after_request(service.mount.finish)
    app.register_blueprint(oauth)
    main, *compatibility = services
    describe = publish(
        app,
        fhir_blueprint(main),
        title=f"Claims API of {settings.agency.name}",
        version=main.publication.version,
        public_base=settings.server.public_base,
    )
    smart = discovery.smart_configuration(parts.server)
    app.register_blueprint(samples_blueprint(settings.server.public_base, lambda: collection(describe(), smart)))
    for service in compatibility:
        app.register_blueprint(fhir_blueprint(service, name=f"fhir{service.mount.prefix.replace('/', '_')}"))
    answer_errors(app, [service.mount for service in services], error_page(pages))
    return app


def compatible(settings: Settings) -> bool:
    """Whether the paths of CMS's Blue Button client libraries are served too."""
    return settings.oauth.compatibility_mounts


def mounts(settings: Settings) -> tuple[str, ...]:
    """Path prefixes of the FHIR endpoints."""
    return ("", "/v1", "/v2", "/v3") if compatible(settings) else ("",)


def limits_of(settings: Settings) -> Limits:
    """How often one app, token or address may ask."""
    wanted = settings.limits
    return Limits(
        per_token=wanted.per_token,
        per_app=wanted.per_app,
        per_address=wanted.per_address,
        storage=wanted.storage.reveal() if wanted.storage else None,
    )


def pages_of(settings: Settings) -> Pages:
    """What renders pages."""
    agency = agency_of(settings.agency)
    sandbox = settings.server.environment == "sandbox"
    return Pages(agency, sandbox=sandbox, secure=settings.server.public_base.startswith("https://"))


def login_desk(parts: Parts, pages: Pages, trail: Trail) -> LoginDesk:
    """What the log-in pages work with."""
    settings, logins = parts.settings, Logins(parts.store)
    keys = LoginKeys(parts.secret)
    flow = LoginFlow(
        choices=[login_choice(name, label_of(settings, name), one) for name, one in parts.providers.items()],
        logins=logins,
        keys=keys,
        linker=linker_of(parts),
        callback_url=f"{settings.server.public_base}/login/callback",
        minimum=Assurance(ial=settings.oauth.minimum_ial, aal=settings.oauth.minimum_aal),
        record=counting(trail.login),
    )
    requests = PortalRequests(
        ServerRequests(parts.server), keys, f"{settings.server.public_base}/", settings.agency.name, parts.server.clock
    )
    return LoginDesk(
        pages=pages,
        flow=flow,
        logins=logins,
        requests=requests,
        people=parts.people,
        keys=keys,
        record=counting(trail.login),
        cookie=parts.server.browser_cookie,
        sensitive_minimum_ial=settings.oauth.sensitive_minimum_ial,
        minors_decide_from=settings.oauth.minors_decide_from,
        minimum_ial_for=settings.login.minimum_ial_for,
    )


def label_of(settings: Settings, provider: str) -> str:
    """What the member reads on the button of a log-in."""
    return str(settings.identity.options[provider].get("label") or provider)


def _add_pages(app: Flask, parts: Parts, pages: Pages, desk: LoginDesk, limits: Limits) -> None:
    base = parts.settings.server.public_base
    app.register_blueprint(static_blueprint(pages.agency.assets))
    app.register_blueprint(home_blueprint(pages, f"{base}/fhir", parts.named, demo=parts.sandbox))
    log_in = login_blueprint(desk)
    limits.guard(log_in, lambda wait: too_many_page(pages, wait))
    app.register_blueprint(log_in)
    app.register_blueprint(consent_blueprint(desk))
    if isinstance(desk.requests, PortalRequests):
        app.register_blueprint(members_blueprint(desk, desk.requests, ServerSharings(parts.server)))
        app.register_blueprint(ledger_blueprint(desk, disclosures_of(audit_log(parts.settings), parts.store)))
    if parts.sandbox:
        app.register_blueprint(demo_blueprint(pages, desk.keys, base))


LOG_INS = frozenset({"accounts", "staff", "staff_entry"})
"""Blueprints where developers and staff log in: one address may ask there only so often."""


def _add_registry(app: Flask, parts: Parts, pages: Pages, limits: Limits) -> None:
    settings = parts.settings
    registry = open_registry(settings, parts.store, parts.trail.event)
    sign_up, environment = takes_sign_ups(settings), settings.server.environment
    desk = DeveloperDesk(
        pages=pages,
        registry=registry,
        keys=registry.keys,
        sign_up=sign_up,
        environment=environment,
        outbox=str(outbox_of(settings)) if sign_up and not settings.mail.host else "",
    )
    blueprints = (accounts_blueprint(desk), apps_blueprint(desk), *staff_blueprints(parts, desk))
    for blueprint in blueprints:
        if blueprint.name in LOG_INS:
            limits.guard(blueprint, lambda wait: too_many_page(pages, wait))
        app.register_blueprint(blueprint)
    app.register_blueprint(directory_blueprint(pages, parts.store))
    app.register_blueprint(guides_blueprint(pages, settings.server.public_base, parts.named, settings.fhir.carin))
    status = Status(readiness_checks(settings), parts.resources, History(Standing(parts.store)), lateness(settings))
    app.extensions["status"] = status
    app.register_blueprint(status_blueprint(pages, status))


def _oauth_desk(parts: Parts, pages: Pages, bearer: Bearer, origins: Origins, limits: Limits) -> OAuthDesk:
    return OAuthDesk(
        server=parts.server,
        bearer=bearer,
        pages=pages,
        origins=origins,
        describe=_describe(parts),
        limits=limits,
        refused=counting_token_refusals(parts.store, parts.tally),
    )


def _describe(parts: Parts) -> Describe:
    def describe(patient: str) -> Mapping[str, str]:
        name = parts.people.name(patient)
        return {"name": name} if name else {}

    return describe


def _ender(parts: Parts) -> Callable[[str], object]:
    """Ends a grant whose representative may no longer act."""
    return lambda grant_id: end_grants(parts.server, [grant_id], "representation")


def _fhir_service(
    parts: Parts, prefix: str, bearer: Bearer, origins: Origins, trail: Trail, limits: Limits
) -> FhirService:
    settings = parts.settings
    mount = next(one for one in (STRICT, *COMPATIBLE) if one.prefix == prefix)
    publication = Publication(
        base=f"{settings.server.public_base}{prefix}/fhir",
        carin=settings.fhir.carin,
        publisher=settings.agency.name,
        version=version("fhir-facade"),
        oauth_uris=oauth_uris(parts, mount),
        strict=settings.fhir.unknown_parameters == "strict",
        page_size=settings.fhir.page_size,
    )
    return FhirService(
        resources=parts.resources,
        authenticate=counting_refusals(
            while_represented(bearer.authenticate, parts.people, _ender(parts)), parts.tally
        ),
        count=limits.counted(throttled=lambda app_id: parts.tally.add(APP, app_id, "access 429")),
        publication=publication,
        cursors=Cursors(parts.secret),
        audit=trail.access,
        allowed_origin=origins.registered,
        source=",".join(source.name for source in settings.claims),
        last_wins=mount.tolerates(Tolerance.LAST_WINS),
    )


def oauth_uris(parts: Parts, mount: Mount) -> Mapping[str, str]:
    """The addresses that a mount's CapabilityStatement names: those of the discovery document beside it."""
    document = discovery.smart_configuration(parts.server, mount)
    names = {
        "authorize": "authorization_endpoint",
        "token": "token_endpoint",
        "introspect": "introspection_endpoint",
        "revoke": "revocation_endpoint",
        "register": "registration_endpoint",
        "manage": "management_endpoint",
    }
    return {name: str(document[key]) for name, key in names.items() if key in document}
