"""The Postman collection: every request of the API, made from the OpenAPI document.

Searches come first and remember what they found, so that the reads after them, run in order, have something to read.

Source: Postman Collection Format 2.1.0.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

Json = dict[str, Any]

SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
FILE = "claims-api.postman_collection.json"
REDIRECT_URI = "http://127.0.0.1:8765/callback"
ORDER = ("metadata", "search", "search-post", "read", "vread", "compartment", "compartment-post", "everything")
"""What an operation's name begins with, in the order of running."""

_GOOD = (
    "pm.test('answers 200, or 403 to a token without the scope',"
    " () => pm.expect(pm.response.code).to.be.oneOf([200, 403]));"
)
_NEEDS_ID = "if (!pm.collectionVariables.get('{name}')) pm.execution.skipRequest();"
_REMEMBER = (
    "const every = (pm.response.json().entry || []).map((one) => one.resource);",
    "const found = every.find((one) => one.resourceType === '{kind}');",
    "if (found) pm.collectionVariables.set('{kind}_id', found.id);",
    "if (found) pm.collectionVariables.set('{kind}_version', found.meta.versionId);",
)


def collection(document: Mapping[str, Any], smart: Mapping[str, Any]) -> Json:
    """The collection.

    Args:
        document: the OpenAPI document.
        smart: the SMART configuration, for Postman's own log-in.
    """
    operations = [
        (path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method in ("get", "post")
    ]
    operations.sort(key=lambda one: ORDER.index(_interaction(one[2])))
    folders = list(dict.fromkeys(tag for _, _, operation in operations for tag in operation["tags"][-1:]))
    return {
        "info": {"name": document["info"]["title"], "schema": SCHEMA, "version": document["info"]["version"]},
        "auth": _auth(smart),
        "variable": _variables(document["servers"][0]["url"], folders),
        "item": [
            {"name": folder, "item": [_item(*one) for one in operations if one[2]["tags"][-1] == folder]}
            for folder in sorted(folders, key=lambda name: (name != "metadata", name != "Patient"))
        ],
    }


def _interaction(operation: Mapping[str, Any]) -> str:
    return next(name for name in reversed(ORDER) if re.match(rf"{name}(-[A-Z]|$)", operation["operationId"]))


def _item(path: str, method: str, operation: Mapping[str, Any]) -> Json:
    kind = operation["tags"][-1]
    parameters = operation.get("parameters", [])
    query = [_query(one) for one in parameters if one["in"] == "query"]
    url: Json = {"host": ["{{base_url}}"], "path": _filled(path, kind).strip("/").split("/"), "query": query}
    request: Json = {"method": method.upper(), "url": url, "description": operation.get("description", "")}
    if method == "post":
        request["body"] = {"mode": "urlencoded", "urlencoded": _form(operation)}
    if operation.get("security") == []:
        request["auth"] = {"type": "noauth"}
    searches = _interaction(operation) == "search"
    after = [_GOOD, *(line.format(kind=kind) for line in _REMEMBER if searches)]
    names = re.findall(r"\{\{(\w+_id)\}\}", _filled(path, kind))
    before = [_NEEDS_ID.format(name=name) for name in names]
    events = [_script("prerequest", before)] * bool(before) + [_script("test", after)]
    return {"name": operation["summary"], "request": request, "event": events}


def _script(when: str, lines: Sequence[str]) -> Json:
    return {"listen": when, "script": {"type": "text/javascript", "exec": lines}}


def _filled(path: str, kind: str) -> str:
    """The path with Postman's variables for its own."""
    names = {"resource_id": f"{kind}_id", "version": f"{kind}_version", "patient": "Patient_id"}
    return re.sub(r"\{(\w+)\}", lambda found: "{{" + names[found[1]] + "}}", path)


def _query(parameter: Mapping[str, Any]) -> Json:
    """A parameter, switched off but for the size of pages, ready to be filled in."""
    counts = parameter["name"] == "_count"
    text = parameter.get("description", "")
    return {"key": parameter["name"], "value": "5" if counts else "", "disabled": not counts, "description": text}


def _form(operation: Mapping[str, Any]) -> Sequence[Json]:
    body = operation["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]["properties"]
    return [_query({"name": name}) for name in body]


def _variables(base: str, folders: Sequence[str]) -> Sequence[Json]:
    named = [f"{folder}_{what}" for folder in folders if folder != "metadata" for what in ("id", "version")]
    values = {"base_url": base, "client_id": "", "access_token": "", **dict.fromkeys(named, "")}
    return [{"key": key, "value": value} for key, value in values.items()]


def _auth(smart: Mapping[str, Any]) -> Json:
    values = {
        "grant_type": "authorization_code_with_pkce",
        "authUrl": smart["authorization_endpoint"],
        "accessTokenUrl": smart["token_endpoint"],
        "clientId": "{{client_id}}",
        "redirect_uri": REDIRECT_URI,
        "scope": "launch/patient patient/*.rs",
        "challengeAlgorithm": "S256",
        "client_authentication": "body",
        "addTokenTo": "header",
        "accessToken": "{{access_token}}",
    }
    return {"type": "oauth2", "oauth2": [{"key": key, "value": value} for key, value in values.items()]}
