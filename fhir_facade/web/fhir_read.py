"""Reading one resource: read, vread, conditional read.

Source: R4 RESTful API §3.1.0.3 (read), §3.1.0.4 (vread), §3.1.0.5.2 (conditional read).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from werkzeug.http import http_date

from fhir_facade.resources.page import Gone, Rendered, Resources
from fhir_facade.search.results import shaping
from fhir_facade.web.errors import by_status, not_found
from fhir_facade.web.fhir_answer import MEMBER_DATA, Answer
from fhir_facade.web.fhir_guard import Guard, require_id
from fhir_facade.web.fhir_request import Incoming
from fhir_facade.web.fhir_shape import shaped

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read(resources: Resources, guard: Guard, incoming: Incoming, resource_type: str, resource_id: str) -> Answer:
    """The resource; 304 where the client has it already.

    Raises:
        Problem: 400 (not an id), 403 (scope), 404 (unknown, foreign or withheld), 410 (deleted).
        BadSearch: ``_summary`` or ``_elements`` are wrong.
    """
    shape = shaping(incoming.pairs)
    return _answer(incoming, _found(resources, guard, resource_type, resource_id), *shape)


def vread(
    resources: Resources, guard: Guard, incoming: Incoming, resource_type: str, resource_id: str, version: str
) -> Answer:
    """The resource if ``version`` is its current one; older ones are not kept.

    Raises:
        Problem: as ``read``; 404 for a version that is not the current one.
    """
    shape = shaping(incoming.pairs)
    found = _found(resources, guard, resource_type, resource_id)
    if found.version != version:
        raise not_found("Only the current version of a resource is kept, and this is not it.")
    return _answer(incoming, found, *shape)


def _found(resources: Resources, guard: Guard, resource_type: str, resource_id: str) -> Rendered:
    guard.demand(resource_type, "r")
    require_id(resource_id)
    found = resources.read(guard.viewer, resource_type, resource_id)
    if found is None:
        raise not_found()
    if isinstance(found, Gone):
        raise by_status(410)
    return guard.readable(found)


def _answer(incoming: Incoming, found: Rendered, summary: str | None, names: tuple[str, ...]) -> Answer:
    headers = _validators(found)
    if _is_known(incoming, found):
        return Answer(b"", 304, headers)
    return Answer(shaped(found.body, summary, names), 200, headers, matches=1)


def _validators(found: Rendered) -> Mapping[str, str]:
    modified = _EPOCH + timedelta(seconds=found.updated // 1_000_000)
    return {**MEMBER_DATA, "ETag": f'W/"{found.version}"', "Last-Modified": http_date(modified)}


def _is_known(incoming: Incoming, found: Rendered) -> bool:
    if incoming.if_none_match:
        return is_listed(incoming.if_none_match, found.version)
    if incoming.if_modified_since:
        return _is_no_newer(found, incoming.if_modified_since)
    return False


def is_listed(header: str, version: str) -> bool:
    """Whether an ``If-None-Match`` header names ``version``, by weak comparison.

    Source: RFC 9110 §13.1.2.
    """
    tags = [tag.strip() for tag in header.split(",")]
    return "*" in tags or any(tag.removeprefix("W/") == f'"{version}"' for tag in tags)


def _is_no_newer(found: Rendered, header: str) -> bool:
    try:
        since = parsedate_to_datetime(header)
    except (ValueError, OverflowError):
        return False  # RFC 9110 §13.1.3: a date that cannot be read is no condition
    since = since if since.tzinfo else since.replace(tzinfo=UTC)
    return _EPOCH + timedelta(seconds=found.updated // 1_000_000) <= since
