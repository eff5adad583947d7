"""What the OpenAPI document says of each FHIR operation, taken from the registry that routes them.

Source: OpenAPI 3.1.
"""

from __future__ import annotations

from typing import Any

from fhir_facade.search.registry import REGISTRY, RESULT_PARAMETERS, Kind, Parameter, ResourceType
from fhir_facade.search.results import CHOICES
from fhir_facade.search.values import FHIR_ID
from fhir_facade.web.negotiation import SHORT, TYPES

Json = dict[str, Any]

_FHIR = "application/fhir+json"
_OTHER_FORMATS: Json = {"application/fhir+xml": {}, "text/html": {}}
_ID: Json = {"type": "string", "pattern": f"^{FHIR_ID.pattern}$"}
_READ_PARAMETERS = ("_summary", "_elements", "_format", "_pretty")
_RESULT_SCHEMAS: dict[str, Json] = {
    "_count": {"anyOf": [{"type": "integer", "minimum": 0}, {"const": ""}]},
    "_elements": {"type": "string", "pattern": "^([A-Za-z]{1,64}(,[A-Za-z]{1,64})*)?$"},
    "_include": {"type": "array", "items": {"type": "string"}},
    "_include:iterate": {"type": "array", "items": {"type": "string"}},
    "_revinclude": {"type": "array", "items": {"type": "string"}},
    "_format": {"type": "string", "enum": ["", *SHORT, *TYPES]},
    **{name: {"type": "string", "enum": ["", *choices]} for name, choices in CHOICES.items()},
}
"""Schemas of result parameters; an empty value is as good as none (R4 RESTful API, search)."""
_OUTCOMES = {
    "400": "A parameter is wrong.",
    "401": "The access token is missing, unknown, expired or revoked.",
    "403": "The scopes of the access token do not allow it.",
    "406": "No accepted format is offered.",
    "429": "Too many requests; wait as long as Retry-After says.",
    "503": "A claims source cannot answer now; wait as long as Retry-After says.",
}


def describe(interaction: str, kind: str) -> Json:
    """The operation object of one route.

    Args:
        interaction: ``metadata``, ``read``, ``vread``, ``search``, ``compartment``, ``everything``; searches
            also with ``-post``.
        kind: the resource type, ``""`` for metadata.
    """
    if interaction == "metadata":
        return _metadata()
    tags = [kind]
    common: Json = {"tags": tags, "operationId": f"{interaction}-{kind}", "security": [{"bearer": []}]}
    if interaction in ("read", "vread"):
        return common | _read(interaction, REGISTRY[kind])
    if interaction == "everything":
        return common | _everything()
    return common | _search(interaction, REGISTRY[kind])


def _metadata() -> Json:
    return {
        "tags": ["metadata"],
        "operationId": "metadata",
        "summary": "What this server can do (CapabilityStatement)",
        "parameters": [_result(name) for name in _READ_PARAMETERS],
        "security": [],
        "responses": {
            "200": _resource("CapabilityStatement"),
            "304": {"description": "The client has it already."},
            **{status: _outcome(_OUTCOMES[status]) for status in ("400", "406")},
        },
    }


def _read(interaction: str, kind: ResourceType) -> Json:
    parameters = [_path("resource_id")] + ([_path("version")] if interaction == "vread" else [])
    parameters += [_result(name) for name in _READ_PARAMETERS]
    what = "the current version of one" if interaction == "vread" else "one"
    return {
        "summary": f"Read {what} {kind.name}",
        "description": kind.doc,
        "parameters": parameters,
        "responses": {
            "200": _resource(kind.name),
            "304": {"description": "The client has it already."},
            **_outcomes(),
            "404": _outcome("Unknown, or not this member's."),
            "410": _outcome("Deleted."),
        },
    }


def _search(interaction: str, kind: ResourceType) -> Json:
    parameters = [_path("patient")] if interaction.startswith("compartment") else []
    fields = [_filter(each) for each in kind.parameters.values()] + [_result(name) for name in _results(kind)]
    description = f"{kind.doc} Only the member who gave access is ever found."
    operation: Json = {"summary": f"Search {kind.name}", "description": description}
    responses = {"200": _resource("Bundle"), **_outcomes(), "410": _outcome("The page link has expired.")}
    if parameters:
        responses["404"] = _outcome("What stands where the member's id should is no id.")
    if not interaction.endswith("-post"):
        return operation | {"parameters": parameters + fields, "responses": responses}
    properties = {each["name"]: each["schema"] for each in fields}
    body = {"content": {"application/x-www-form-urlencoded": {"schema": {"type": "object", "properties": properties}}}}
    too_much = {"413": _outcome("The body is too large."), "415": _outcome("The body is no form.")}
    return operation | {"parameters": parameters, "requestBody": body, "responses": responses | too_much}


def _results(kind: ResourceType) -> list[str]:
    left_out = set() if kind.includes else {"_include", "_include:iterate"}
    left_out |= set() if kind.revincludes else {"_revinclude"}
    return [name for name in RESULT_PARAMETERS if name not in left_out]


def _everything() -> Json:
    texts = {
        "start": "Claims with services on or after this day.",
        "end": "Claims with services on or before this day.",
        "_since": "Resources changed at or after this instant.",
        "_type": "Resource types, comma separated.",
    }
    parameters = [_path("patient"), *(_query(name, text, {"type": "string"}) for name, text in texts.items())]
    parameters += [_result(name) for name in ("_count", "_format", "_pretty")]
    responses = {"200": _resource("Bundle"), **_outcomes(), "404": _outcome("Unknown, or not this member.")}
    return {"summary": "Everything about the member", "parameters": parameters, "responses": responses}


def _filter(parameter: Parameter) -> Json:
    text = parameter.doc
    if parameter.kind is Kind.DATE:
        text += " Prefixes: " + ", ".join(parameter.prefixes) + "."
    modifiers = ", ".join(f":{name}" for name in (*parameter.modifiers, *parameter.targets))
    return _query(parameter.name, f"{text} Modifiers: {modifiers}.", {"type": "string"})


def _result(name: str) -> Json:
    return _query(name, RESULT_PARAMETERS[name], _RESULT_SCHEMAS.get(name, {"type": "string"}))


def _query(name: str, text: str, schema: Json) -> Json:
    return {"in": "query", "name": name, "description": text, "schema": schema}


def _path(name: str) -> Json:
    return {"in": "path", "name": name, "required": True, "schema": _ID}


def _resource(name: str) -> Json:
    schema = {"type": "object", "required": ["resourceType"], "properties": {"resourceType": {"const": name}}}
    return {"description": f"A {name}.", "content": {_FHIR: {"schema": schema}, **_OTHER_FORMATS}}


def _outcomes() -> Json:
    return {status: _outcome(text) for status, text in _OUTCOMES.items()}


def _outcome(text: str) -> Json:
    schema = {"$ref": "#/components/schemas/OperationOutcome"}
    return {"description": text, "content": {_FHIR: {"schema": schema}, **_OTHER_FORMATS}}
