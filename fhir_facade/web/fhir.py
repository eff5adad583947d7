"""The FHIR endpoints: one route for everything the registry declares, none besides.

Each request is read once into a value; what follows takes values and gives an answer, which is sent in the format that
was asked for. Whatever goes wrong on the way is answered by an OperationOutcome.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from flask import Flask, Response
from flask_smorest import Blueprint
from werkzeug.routing import BaseConverter

from fhir_facade.access.grant import Grant
from fhir_facade.contracts.errors import ClaimsError
from fhir_facade.resources.page import Resources
from fhir_facade.search.cursor import Cursors
from fhir_facade.search.registry import COMPARTMENT, REGISTRY
from fhir_facade.search.results import shaping
from fhir_facade.web.capability import Publication, capability_statement, freshness_text, strong_tag
from fhir_facade.web.errors import problem_of
from fhir_facade.web.fhir_answer import Answer, Sent, Shape, accepted_shape, refusal, sent, wanted_shape
from fhir_facade.web.fhir_audit import Audit, FhirAccess
from fhir_facade.web.fhir_direct import Direct
from fhir_facade.web.fhir_everything import everything
from fhir_facade.web.fhir_guard import Guard, guard
from fhir_facade.web.fhir_headers import Mount
from fhir_facade.web.fhir_read import is_listed, read, vread
from fhir_facade.web.fhir_request import Environ, Incoming, current_environ, last_of_each, read_request
from fhir_facade.web.fhir_search import Searches
from fhir_facade.web.fhir_shape import shaped
from fhir_facade.web.openapi_operations import describe
from fhir_facade.web.request_id import request_id

Work = Callable[[Guard, Incoming], Answer]
Count = Callable[[Grant, Environ], None]


def _uncounted(grant: Grant, environ: Environ) -> None:
    del grant, environ


FRESH_S = 60
"""Seconds for which the freshness in the CapabilityStatement is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FhirService:
    """Everything the FHIR endpoints need.

    Args:
        resources: where resources come from.
        authenticate: the ``Authorization`` header → the grant; raises ``BearerError``.
        publication: what the CapabilityStatement says; its ``base`` is the absolute URL of these endpoints.
        cursors: seals page positions.
        audit: told of every request that carried a token, before its answer leaves.
        allowed_origin: whether a browser app of that origin may call.
        count: counts a request against its limits and notes what is left (``LEFT``); raises ``Problem`` 429.
        source: names of the claims sources, part of every page link.
        last_wins: of a repeated ``_count`` and the like the last one counts, as Blue Button clients expect.
    """

    resources: Resources
    authenticate: Callable[[str | None], Grant]
    publication: Publication
    cursors: Cursors
    audit: Audit
    allowed_origin: Callable[[str], bool]
    count: Count = _uncounted
    source: str = ""
    last_wins: bool = False

    @property
    def base(self) -> str:
        """Absolute URL of the endpoints, without a final slash."""
        return self.publication.base

    @property
    def mount(self) -> Mount:
        """The endpoints as far as HTTP goes."""
        return Mount(self.base, self.allowed_origin)


def fhir_blueprint(service: FhirService, name: str = "fhir") -> Blueprint:
    """The routes of everything the registry declares, under the path of the service's base."""
    blueprint = Blueprint(name, __name__, url_prefix=service.mount.prefix, description="Members' claims in FHIR R4")
    blueprint.record_once(lambda state: state.app.url_map.converters.update(name=_NameConverter))
    endpoints = _Endpoints(service, service.mount, blueprint)
    endpoints.add_metadata()
    for resource_type in REGISTRY:
        endpoints.add_type(resource_type)
    for resource_type in COMPARTMENT:
        endpoints.add_compartment(resource_type)
    endpoints.add_everything()
    blueprint.record_once(lambda state: endpoints.stand_before(state.app))
    return blueprint


class _NameConverter(BaseConverter):
    """What stands where an id does; ``_search`` and ``$operation`` are never ids."""

    regex = "[^/_$][^/]*"
    part_isolating = True


@dataclass(slots=True)
class _Endpoints:
    service: FhirService
    mount: Mount
    blueprint: Blueprint
    searches: Searches = field(init=False)

    def __post_init__(self) -> None:
        publication = self.service.publication
        self.searches = Searches(
            resources=self.service.resources,
            cursors=self.service.cursors,
            base=publication.base,
            page_size=publication.page_size,
            strict=publication.strict,
            source=self.service.source,
        )

    def add_metadata(self) -> None:
        statement = _Statement(self.service)
        self._add("/metadata", "metadata", "", lambda: _public(self.mount, statement.answer))

    def stand_before(self, app: Flask) -> None:
        """Answer searches and reads in front of ``app``."""
        direct = Direct.before(app)
        for kind in REGISTRY:
            direct.add(f"{self.mount.prefix}/{kind}", self._search(kind), self._read(kind))

    def add_type(self, kind: str) -> None:
        resources, search, found = self.service.resources, self._search(kind), self._read(kind)
        self._add(f"/{kind}", "search", kind, lambda: search(current_environ()).response())
        self._add(f"/{kind}/_search", "search-post", kind, lambda: search(current_environ()).response())
        self._add(
            f"/{kind}/<name:resource_id>",
            "read",
            kind,
            lambda resource_id: found(current_environ(), resource_id).response(),
        )
        self._add(
            f"/{kind}/<name:resource_id>/_history/<version>",
            "vread",
            kind,
            lambda resource_id, version: self._view(
                "vread", kind, lambda g, i: vread(resources, g, i, kind, resource_id, version), resource_id
            ),
        )

    def _search(self, kind: str) -> Callable[[Environ], Sent]:
        search = self.searches.search

        def work(guard: Guard, incoming: Incoming) -> Answer:
            return search(guard, incoming, kind)

        return lambda environ: self._serve(environ, "search", kind, work)

    def _read(self, kind: str) -> Callable[[Environ, str], Sent]:
        resources = self.service.resources
        return lambda environ, resource_id: self._serve(
            environ, "read", kind, lambda g, i: read(resources, g, i, kind, resource_id), resource_id
        )

    def add_compartment(self, kind: str) -> None:
        search = self.searches.search

        def view(patient: str) -> Response:
            return self._view("search", kind, lambda g, i: search(g, i, kind, patient))

        self._add(f"/Patient/<name:patient>/{kind}", "compartment", kind, view)
        self._add(f"/Patient/<name:patient>/{kind}/_search", "compartment-post", kind, lambda patient: view(patient))

    def add_everything(self) -> None:
        self._add(
            "/Patient/<name:patient>/$everything",
            "everything",
            "Patient",
            lambda patient: self._view(
                "everything", "Patient", lambda g, i: everything(self.searches, g, i, patient), patient
            ),
        )

    def _add(self, rule: str, interaction: str, kind: str, view: Callable[..., Response]) -> None:
        methods = ["POST"] if interaction.endswith("-post") else ["GET"]
        endpoint = "_".join(filter(None, (interaction.replace("-", "_"), kind)))
        view._apidoc = {"manual_doc": describe(interaction, kind)}  # type: ignore[attr-defined]
        view.provide_automatic_options = False  # type: ignore[attr-defined]  # OPTIONS is for preflights alone
        self.blueprint.add_url_rule(rule, endpoint, view, methods=methods, strict_slashes=False, merge_slashes=False)

    def _view(self, interaction: str, kind: str, work: Work, resource_id: str = "") -> Response:
        return self._serve(current_environ(), interaction, kind, work, resource_id).response()

    def _serve(self, environ: Environ, interaction: str, kind: str, work: Work, resource_id: str = "") -> Sent:
        service = self.service
        grant: Grant | None = None
        shape: Shape | None = None
        name = request_id(environ)
        parameters: tuple[str, ...] = ()
        try:
            incoming = read_request(environ, self.mount.prefix, name)
            incoming = last_of_each(incoming) if service.last_wins else incoming
            parameters = tuple(dict.fromkeys([key for key, _ in incoming.pairs]))
            shape = _shape_of(environ, incoming)
            grant = self._counted(environ, incoming)
            answer = work(guard(grant, service.base, kind), incoming)
        except Exception as error:
            answer = refusal(problem_of(error), name)
        if grant is not None:
            access = FhirAccess(
                request_id=name,
                grant=grant,
                interaction=interaction,
                resource_type=kind,
                resource_id=resource_id,
                parameters=parameters,
                status=answer.status,
                matches=answer.matches,
            )
            answer = _audited(service.audit, access, answer)
        return sent(answer, shape or accepted_shape(environ), self.mount, environ)

    def _counted(self, environ: Environ, incoming: Incoming) -> Grant:
        """The grant, where its limits allow one more request."""
        grant = self.service.authenticate(incoming.authorization)
        self.service.count(grant, environ)
        return grant


def _shape_of(environ: Environ, incoming: Incoming) -> Shape:
    asked = dict(reversed(incoming.pairs))  # the first of each name counts
    return wanted_shape(environ, asked.get("_format", ""), pretty=asked.get("_pretty") == "true")


def _audited(audit: Audit, access: FhirAccess, answer: Answer) -> Answer:
    """``answer``, once it stands in the audit trail: nothing leaves that cannot be accounted for."""
    try:
        audit(access)
    except Exception as error:
        return refusal(problem_of(error), access.request_id)
    return answer


def _public(mount: Mount, work: Callable[[Incoming], Answer]) -> Response:
    """An answer for everybody: no token is looked at."""
    environ = current_environ()
    shape, name = None, request_id(environ)
    try:
        incoming = read_request(environ, mount.prefix, name)
        shape = _shape_of(environ, incoming)
        answer = work(incoming)
    except Exception as error:
        answer = refusal(problem_of(error), name)
    return sent(answer, shape or accepted_shape(environ), mount, environ).response()


@dataclass(slots=True)
class _Statement:
    """The CapabilityStatement, written anew when the freshness is."""

    service: FhirService
    made: tuple[bytes, str] = (b"", "")
    """Body and ETag, in one, so that no thread sees one of the new statement and one of the old."""
    until: float = 0.0

    def answer(self, incoming: Incoming) -> Answer:
        if time.monotonic() >= self.until:
            self.made = capability_statement(self.service.publication, self._freshness())
            self.until = time.monotonic() + FRESH_S
        whole, etag = self.made
        body = shaped(whole, *shaping(incoming.pairs))
        if body is not whole:
            etag = strong_tag(body)
        headers: Mapping[str, str] = {"ETag": etag, "Cache-Control": "no-cache"}
        if incoming.if_none_match and is_listed(incoming.if_none_match, etag.strip('"')):
            return Answer(b"", 304, headers)
        return Answer(body, 200, headers)

    def _freshness(self) -> str:
        try:
            return freshness_text(self.service.resources.freshness())
        except ClaimsError:
            return "How fresh the data are cannot be told now: a source does not answer."
